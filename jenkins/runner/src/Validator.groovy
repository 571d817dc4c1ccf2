package jenkinsfile

import com.cloudbees.groovy.cps.CpsTransformer
import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.Phases

/** Says what Jenkins' own declarative validator would say of a Jenkinsfile, before anything runs. */
class Validator {

    private final List<String> errors = []
    private final Set<String> stageNames = []
    private final StepValidator steps = new StepValidator(errors)
    private final EntryValidator entries = new EntryValidator(errors, steps)

    List<String> errorsOf(String source) {
        try {
            check(parse(source))
            if (!errors) {
                transform(source)
            }
        } catch (CompilationFailedException failure) {
            errors << failure.message.trim()
        }
        errors
    }

    private static ModuleNode parse(String source) {
        CompilationUnit unit = new CompilationUnit(new CompilerConfiguration())
        unit.addSource('WorkflowScript', source)
        unit.compile(Phases.CONVERSION)
        unit.AST.modules[0]
    }

    /** Does Jenkins' continuation-passing transformer take every construct? */
    private static void transform(String source) {
        CompilerConfiguration compiler = new CompilerConfiguration()
        compiler.addCompilationCustomizers(new CpsTransformer())
        new GroovyClassLoader(Validator.classLoader, compiler).parseClass(source, 'WorkflowScript.groovy')
    }

    private void check(ModuleNode module) {
        List<MethodCallExpression> found = module.statementBlock.statements
            .collect { Syntax.call(it) }.findAll { it?.methodAsString == 'pipeline' }
        if (found.size() != 1 || Syntax.block(found[0]) == null) {
            errors << "expected exactly one top-level pipeline block, found ${found.size()}".toString()
            return
        }
        steps.knows(module)
        sections(Syntax.block(found[0]), Vocabulary.PIPELINE, 'pipeline') { String name, MethodCallExpression call ->
            name == 'stages' ? stages(call, false) : entries.section(name, call, Vocabulary.OPTIONS.keySet())
        }
        List<String> given = Syntax.block(found[0]).collect { Syntax.call(it)?.methodAsString }
        (['agent', 'stages'] - given).each { errors << "Missing required section \"$it\"".toString() }
        new SandboxCheck(errors).check(module)
    }

    private void sections(List<Statement> body, List<String> known, String where, Closure each) {
        Set<String> seen = []
        body.each { Statement statement ->
            MethodCallExpression call = Syntax.call(statement)
            String name = call?.methodAsString
            if (!call) {
                fault(statement, "Not a valid section definition in $where. Some extra configuration is required.")
            } else if (!(name in known)) {
                fault(call, where == 'pipeline' ? "Undefined section \"$name\"" : "Unknown stage section \"$name\"")
            } else if (!seen.add(name)) {
                fault(call, "Multiple occurrences of the $name section")
            } else {
                each(name, call)
            }
        }
    }

    private void stages(MethodCallExpression call, boolean inParallel) {
        List<Statement> body = Syntax.block(call)
        if (!body) {
            fault(call, 'No stages specified')
        }
        body.each { Statement statement ->
            MethodCallExpression stage = Syntax.call(statement)
            if (stage?.methodAsString == 'stage') {
                this.stage(stage, inParallel)
            } else {
                fault(statement, 'Expected a stage')
            }
        }
    }

    private void stage(MethodCallExpression call, boolean inParallel) {
        List<Expression> given = Syntax.arguments(call)
        List<Statement> body = Syntax.block(call)
        if (body == null || given.size() != 2 || !(given[0] instanceof ConstantExpression)) {
            fault(call, 'Expected a stage name and a block')
            return
        }
        String name = given[0].value
        if (!stageNames.add(name)) {
            fault(call, "Duplicate stage name: \"$name\"")
        }
        List<String> kinds = []
        sections(body, Vocabulary.STAGE, "stage \"$name\"") { String section, MethodCallExpression inner ->
            if (section in ['steps', 'stages', 'parallel']) {
                kinds << section
                content(section, inner, inParallel)
            } else if (section == 'failFast') {
                failFast(inner)
            } else {
                entries.section(section, inner, Vocabulary.STAGE_OPTIONS as Set)
            }
        }
        if (kinds.size() != 1) {
            fault(call, kinds ? "Only one of \"parallel\", \"stages\", or \"steps\" allowed for stage \"$name\"" :
                "Expected one of \"steps\", \"stages\", or \"parallel\" for stage \"$name\"")
        }
        boolean hasAgent = body.any { Syntax.call(it)?.methodAsString == 'agent' }
        if (hasAgent && 'parallel' in kinds) {
            fault(call, "\"agent\" is not allowed in stage \"$name\" as it contains parallel stages")
        }
    }

    private void content(String section, MethodCallExpression call, boolean inParallel) {
        if (section == 'steps') {
            steps.block(call)
        } else if (section == 'parallel' && inParallel) {
            fault(call, '"parallel" cannot be nested inside another "parallel".')
        } else {
            stages(call, inParallel || section == 'parallel')
        }
    }

    private void failFast(MethodCallExpression call) {
        List<Expression> given = Syntax.arguments(call)
        if (given.size() != 1 || given[0] instanceof VariableExpression || !(given[0].text in ['true', 'false'])) {
            fault(call, 'Expected a boolean with failFast')
        }
    }

    private void fault(ASTNode node, String message) {
        errors << Syntax.fault(node, message)
    }

}
