package jenkinsfile

import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.ClassCodeVisitorSupport
import org.codehaus.groovy.ast.MethodNode
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.DeclarationExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.control.SourceUnit

/** Checks steps, their parameters and blocks: in `steps` and `post`, in `script`, and in the file's own functions. */
class StepValidator {

    private final List<String> errors
    private final Set<String> functions = []

    StepValidator(List<String> errors) {
        this.errors = errors
    }

    /** Take the file's own functions, and check what they call. */
    void knows(ModuleNode module) {
        functions.addAll(module.methods*.name)
        module.methods.each { MethodNode method ->
            functions.addAll(method.parameters*.name)
            scripted(method.code)
        }
    }

    void block(MethodCallExpression call) {
        List<Statement> body = Syntax.block(call)
        if (!body) {
            fault(call, 'No steps specified for branch')
        }
        body.each { Statement statement ->
            MethodCallExpression step = Syntax.call(statement)
            if (step) {
                declarative(step)
            } else {
                boolean onObject = statement instanceof ExpressionStatement &&
                    statement.expression instanceof MethodCallExpression
                fault(statement, onObject ? 'Method calls on objects not allowed outside "script" blocks.' :
                    'Expected a step')
            }
        }
    }

    private void declarative(MethodCallExpression call) {
        check(call)
        if (call.methodAsString == 'script') {
            Syntax.block(call).each { scripted(it) }
        } else if (Syntax.block(call) != null) {
            block(call)
        }
    }

    private void check(MethodCallExpression call) {
        String name = call.methodAsString
        StepSignature signature = Vocabulary.STEPS[name]
        if (!signature) {
            if (!(name in functions)) {
                fault(call, "No such DSL method '$name' found among steps")
            }
            return
        }
        Set<String> given = Syntax.parameterNames(call, signature.alone)
        String wrong = given == null ? null : signature.faultOf(given)
        if (wrong) {
            fault(call, "$name: $wrong")
        }
        if (signature.block != (Syntax.block(call) != null)) {
            fault(call, "$name ${signature.block ? 'needs' : 'takes no'} block")
        }
    }

    private void scripted(Statement code) {
        code?.visit(new ScriptVisitor())
    }

    private void fault(ASTNode node, String message) {
        errors << Syntax.fault(node, message)
    }

    private class ScriptVisitor extends ClassCodeVisitorSupport {

        @Override
        void visitDeclarationExpression(DeclarationExpression declaration) {
            if (declaration.leftExpression instanceof VariableExpression) {
                functions << declaration.variableExpression.name
            }
            super.visitDeclarationExpression(declaration)
        }

        @Override
        void visitMethodCallExpression(MethodCallExpression call) {
            String name = call.methodAsString
            if (call.implicitThis && name && !(name in Vocabulary.SYMBOLS)) {
                check(call)
            }
            super.visitMethodCallExpression(call)
        }

        @Override
        protected SourceUnit getSourceUnit() {
            null
        }

    }

}
