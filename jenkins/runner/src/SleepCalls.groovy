package jenkinsfile

import org.codehaus.groovy.ast.ClassCodeVisitorSupport
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/**
 * Gives the step `sleep` another name. Groovy has a method `sleep`, in milliseconds, on every object, closures too,
 * and finds it before any step.
 */
class SleepCalls extends CompilationCustomizer {

    SleepCalls() {
        super(CompilePhase.CONVERSION)
    }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode type) {
        type.visitContents(new Renaming(unit: source))
    }

    private static class Renaming extends ClassCodeVisitorSupport {

        SourceUnit unit

        @Override
        void visitMethodCallExpression(MethodCallExpression call) {
            if (call.implicitThis && call.methodAsString == 'sleep') {
                call.method = new ConstantExpression('stepSleep')
            }
            super.visitMethodCallExpression(call)
        }

        @Override
        protected SourceUnit getSourceUnit() {
            unit
        }

    }

}
