package jenkinsfile

import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.ReturnStatement
import org.codehaus.groovy.ast.stmt.Statement

/** Reads Groovy's syntax tree as the declarative syntax: calls by name with a block. */
class Syntax {

    static String fault(ASTNode node, String message) {
        "WorkflowScript: $node.lineNumber: $message @ line $node.lineNumber, column ${node.columnNumber}.".toString()
    }

    static MethodCallExpression call(Statement statement) {
        Expression expression = statement instanceof ExpressionStatement ? statement.expression :
            statement instanceof ReturnStatement ? statement.expression : null
        expression instanceof MethodCallExpression && expression.implicitThis ? expression : null
    }

    static List<Expression> arguments(MethodCallExpression call) {
        call.arguments instanceof TupleExpression ? call.arguments.expressions : [call.arguments]
    }

    /** The statements of the block that the call ends with, or null. */
    static List<Statement> block(MethodCallExpression call) {
        List<Expression> found = arguments(call)
        Expression last = found ? found[-1] : null
        last instanceof ClosureExpression ? (last.code as BlockStatement).statements : null
    }

    /** The names of the parameters, or null where the text does not tell them. */
    static Set<String> parameterNames(MethodCallExpression call, String alone) {
        List<Expression> found = arguments(call).findAll { !(it instanceof ClosureExpression) }
        if (!found) {
            return []
        }
        if (found.size() == 1 && !(found[0] instanceof MapExpression)) {
            return alone ? [alone] : null
        }
        List keys = found.findAll { it instanceof MapExpression }*.mapEntryExpressions.flatten()*.keyExpression
        boolean plain = keys.every { it instanceof ConstantExpression }
        plain && found.size() == 1 ? keys*.value as Set : null
    }

}
