package jenkinsfile

import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement

/** Checks the entries of the sections that pipelines and stages share. */
class EntryValidator {

    private final List<String> errors
    private final StepValidator steps

    EntryValidator(List<String> errors, StepValidator steps) {
        this.errors = errors
        this.steps = steps
    }

    void section(String name, MethodCallExpression call, Set<String> options) {
        switch (name) {
            case 'agent': agent(call)
                break
            case 'environment': environment(call)
                break
            case 'when': conditions(call, true)
                break
            case 'post': entries(call, 'post', Vocabulary.POST) { steps.block(it) }
                break
            case 'options': entries(call, 'options', options) { parameters(it, Vocabulary.OPTIONS) }
                break
            case 'triggers': entries(call, name, Vocabulary.TRIGGERS.keySet()) { parameters(it, Vocabulary.TRIGGERS) }
                break
            case 'parameters': entries(call, name, Vocabulary.PARAMETERS, false) { parameters(it, Vocabulary.SYMBOLS) }
                break
            case 'input': entries(call, 'input', Vocabulary.INPUT) { MethodCallExpression entry ->
                if (entry.methodAsString == 'parameters') {
                    section('parameters', entry, options)
                }
            }
        }
    }

    private void agent(MethodCallExpression call) {
        List<Expression> given = Syntax.arguments(call)
        if (Syntax.block(call) != null) {
            entries(call, 'agent', Vocabulary.AGENT) { MethodCallExpression label ->
                if (Syntax.arguments(label).size() != 1) {
                    fault(label, 'Expected one label')
                }
            }
        } else if (given.size() != 1 || !(given[0] instanceof VariableExpression && given[0].name in ['any', 'none'])) {
            fault(call, 'Only "agent none", "agent any" or "agent {...}" are allowed.')
        }
    }

    private void entries(MethodCallExpression call, String where, Collection<String> known, boolean unique = true,
                         Closure each) {
        List<Statement> body = Syntax.block(call)
        if (!body) {
            fault(call, "$where can not be empty")
        }
        Set<String> seen = []
        body.each { Statement statement ->
            MethodCallExpression entry = Syntax.call(statement)
            String name = entry?.methodAsString
            if (!(name in known)) {
                fault(statement, "Invalid $where \"${name ?: statement.text}\" - valid: ${known.sort()}")
            } else if (!seen.add(name) && unique) {
                fault(entry, "Duplicate $where name: \"$name\"")
            } else {
                each(entry)
            }
        }
    }

    private void parameters(MethodCallExpression call, Map<String, List<String>> table) {
        String name = call.methodAsString
        List<String> known = table[name]
        Set<String> given = Syntax.parameterNames(call, known ? known[0] : null)
        String unknown = given == null ? 'it takes none without a name' : given.find { !(it in known) }
        if (Syntax.block(call) != null) {
            fault(call, "$name: definitions cannot have blocks")
        } else if (unknown) {
            fault(call, "Invalid parameter \"$unknown\" of $name, valid are: ${known.join(', ')}")
        }
        if (name == 'buildDiscarder') {
            logRotator(call)
        }
    }

    private void logRotator(MethodCallExpression call) {
        Expression strategy = Syntax.arguments(call)[0]
        if (strategy instanceof MethodCallExpression && strategy.methodAsString == 'logRotator') {
            parameters(strategy, Vocabulary.SYMBOLS)
        } else {
            fault(call, 'buildDiscarder takes a logRotator')
        }
    }

    private void environment(MethodCallExpression call) {
        Set<String> seen = []
        List<Statement> body = Syntax.block(call)
        if (!body) {
            fault(call, 'No variables specified for environment')
        }
        body.each { Statement statement ->
            Expression pair = statement instanceof ExpressionStatement ? statement.expression : null
            if (pair instanceof BinaryExpression && pair.operation.text == '=' &&
                pair.leftExpression instanceof VariableExpression) {
                if (!seen.add(pair.leftExpression.name)) {
                    fault(pair, "Duplicate environment variable name: \"${pair.leftExpression.name}\"")
                }
                value(pair.rightExpression)
            } else {
                fault(statement, 'not a valid environment expression. Use "key = value" pairs.')
            }
        }
    }

    private void value(Expression expression) {
        if (expression instanceof BinaryExpression && expression.operation.text == '+') {
            value(expression.leftExpression)
            value(expression.rightExpression)
        } else if (![ConstantExpression, GStringExpression, MethodCallExpression].any { it.isInstance(expression) }) {
            fault(expression,
                  'Environment variable values must either be single quoted, double quoted, or function calls.')
        }
    }

    private void conditions(MethodCallExpression call, boolean outermost) {
        List<String> names = []
        entries(call, 'when', Vocabulary.WHEN, false) { MethodCallExpression condition ->
            String name = condition.methodAsString
            names << name
            if (name in ['not', 'anyOf', 'allOf']) {
                conditions(condition, false)
            } else if (name in Vocabulary.CONDITIONS) {
                parameters(condition, Vocabulary.CONDITIONS)
            }
        }
        List<String> real = names.findAll { !it.startsWith('before') }
        if (!real) {
            fault(call, 'One condition is required in "when"')
        } else if (call.methodAsString == 'not' && real.size() != 1) {
            fault(call, 'Nested when condition "not" requires exactly 1 child condition(s).')
        } else if (!outermost && real != names) {
            fault(call, 'beforeAgent, beforeInput and beforeOptions stand at the top of "when"')
        }
    }

    private void fault(ASTNode node, String message) {
        errors << Syntax.fault(node, message)
    }

}
