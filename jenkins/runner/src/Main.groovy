package jenkinsfile

import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import java.util.concurrent.CountDownLatch
import org.codehaus.groovy.control.CompilerConfiguration

/** Reads run.json, checks the Jenkinsfile and runs it. Interface: README.md beside this folder. */
class Main {

    static void main(String[] arguments) {
        Map config = new JsonSlurper().parse(new File(arguments[0]), 'UTF-8') as Map
        File out = new File(config.out as String)
        if (config.validate_only) {
            Map<String, List<String>> errors = config.validate_only.collectEntries { String path ->
                [path, new Validator().errorsOf(new File(path).getText('UTF-8'))]
            }
            out.setText(JsonOutput.toJson(errors), 'UTF-8')
            return
        }
        Build build = new Build(config)
        String source = new File(config.jenkinsfile as String).getText('UTF-8')
        build.errors.addAll(new Validator().errorsOf(source))
        long started = System.currentTimeMillis()
        if (build.errors) {
            build.worsen(Result.FAILURE)
            build.errors.each { build.console.say(it) }
        } else {
            execute(build, source)
        }
        build.console.say("Finished: $build.currentResult")
        out.setText(build.report(System.currentTimeMillis() - started), 'UTF-8')
        Runtime.runtime.halt(build.currentResult == Result.SUCCESS ? 0 : 1)
    }

    private static void execute(Build build, String source) {
        Thread worker = Thread.currentThread()
        CountDownLatch ended = new CountDownLatch(1)
        // SIGTERM is the abort button: the build ends as ABORTED with its post conditions, then main halts the JVM.
        Runtime.runtime.addShutdownHook(new Thread({
            build.console.say('Aborted by the administrator')
            build.worsen(Result.ABORTED)
            worker.interrupt()
            ended.await()
        }))
        CompilerConfiguration compiler = new CompilerConfiguration(scriptBaseClass: WorkflowScript.name)
        compiler.addCompilationCustomizers(new SleepCalls())
        build.script = new GroovyShell(Main.classLoader, new Binding(), compiler).parse(source, 'Jenkinsfile.groovy')
        build.script.attach(build, new Steps(build))
        try {
            build.script.run()
        } catch (Exception | LinkageError failure) {
            build.worsen(Result.of(failure))
            build.errors << "$failure".toString()
            build.console.say("ERROR: $failure")
        }
    }

}
