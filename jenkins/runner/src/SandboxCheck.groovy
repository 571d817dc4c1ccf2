package jenkinsfile

import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.ConstructorCallExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.PropertyExpression
import org.codehaus.groovy.ast.expr.VariableExpression

/** What the script-security sandbox would stop until an administrator approves it. It is stricter: no class at all. */
class SandboxCheck extends CodeVisitorSupport {

    private static final List<String> METHODS = ['execute', 'evaluate', 'getRawBuild', 'getClass', 'invokeMethod']
    private static final List<String> PROPERTIES = ['rawBuild', 'class', 'metaClass']
    private static final List<String> PACKAGES = ['java', 'javax', 'groovy', 'hudson', 'jenkins', 'org', 'com']
    private final List<String> errors

    SandboxCheck(List<String> errors) {
        this.errors = errors
    }

    void check(ModuleNode module) {
        if (module.imports || module.starImports || module.staticImports || module.staticStarImports) {
            errors << 'sandbox: imports are not allowed: logic belongs into make targets'
        }
        if (module.classes.size() > 1) {
            errors << 'sandbox: classes are not allowed: logic belongs into make targets'
        }
        module.statementBlock.visit(this)
        module.methods.each { it.code?.visit(this) }
    }

    @Override
    void visitConstructorCallExpression(ConstructorCallExpression call) {
        fault(call, "new $call.type.name")
        super.visitConstructorCallExpression(call)
    }

    @Override
    void visitMethodCallExpression(MethodCallExpression call) {
        if (isClass(call.objectExpression)) {
            fault(call, "static call ${call.objectExpression.text}.$call.methodAsString")
        }
        if (call.methodAsString in METHODS) {
            fault(call, "${call.methodAsString}()")
        }
        super.visitMethodCallExpression(call)
    }

    @Override
    void visitPropertyExpression(PropertyExpression property) {
        if (property.propertyAsString in PROPERTIES || isClass(property.objectExpression)) {
            fault(property, property.text)
        }
        super.visitPropertyExpression(property)
    }

    /** A class by its simple name, or the first word of a full one; names all in capitals are variables. */
    private static boolean isClass(Expression object) {
        object instanceof VariableExpression &&
            (object.name in PACKAGES || (object.name ==~ /[A-Z]\w*/ && !(object.name ==~ /[A-Z0-9_]+/)))
    }

    private void fault(ASTNode node, String message) {
        errors << Syntax.fault(node, "sandbox: $message")
    }

}
