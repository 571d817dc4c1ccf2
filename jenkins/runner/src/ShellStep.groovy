package jenkinsfile

import java.nio.file.Files
import java.util.concurrent.TimeUnit

/** `sh`: a real process, as the durable task plugin starts it. */
class ShellStep {

    private static final String COOKIE = 'JENKINS_SERVER_COOKIE'
    private static final int OUTPUT_SECONDS = 2
    private final Build build

    ShellStep(Build build) {
        this.build = build
    }

    Object sh(StepCall call) {
        File folder = build.frame.nearest('folder') as File
        folder.mkdirs()
        File temporary = Agents.temporary(new File(build.env.WORKSPACE))
        temporary.mkdirs()
        File script = Files.createTempFile(temporary.toPath(), 'durable-', '.sh').toFile()
        script.setText(call.get('script') as String, 'UTF-8')
        try {
            return start(call, folder, script)
        } finally {
            script.delete()
        }
    }

    private Object start(StepCall call, File folder, File script) {
        Map<String, String> cookie = [(COOKIE): UUID.randomUUID().toString()]
        ProcessBuilder builder = new ProcessBuilder(interpreter(script) + script.path).directory(folder)
        builder.environment().clear()
        builder.environment().putAll((build.frame.nearest('instanceRole') ?: [:]) + build.env + cookie)
        boolean keep = call.get('returnStdout')
        Process process = builder.redirectErrorStream(!keep).start()
        process.outputStream.close()
        StringBuilder kept = new StringBuilder()
        List<Thread> readers = [
            read(process.inputStream) { keep ? kept.append(it).append('\n') : build.console.say(it) },
            read(process.errorStream) { build.console.say(it) },
        ]
        try {
            process.waitFor()
        } catch (InterruptedException stop) {
            build.console.say('Sending interrupt signal to process')
            ProcessTree.kill(cookie, build.config.kill_seconds ?: ProcessTree.SECONDS, process.toHandle())
            Thread.interrupted()
            process.waitFor()
            call.record.rc = process.exitValue()
            throw new StepFailed("script returned exit code ${process.exitValue()}", Result.ABORTED)
        }
        // A process that the script left in the background may hold the output open: do not wait for it.
        readers*.join(TimeUnit.SECONDS.toMillis(OUTPUT_SECONDS))
        call.record.rc = process.exitValue()
        outcome(call, process.exitValue(), kept)
    }

    private static Object outcome(StepCall call, int code, StringBuilder kept) {
        if (call.get('returnStatus')) {
            return code
        }
        if (code != 0) {
            throw new StepFailed("script returned exit code $code")
        }
        call.get('returnStdout') ? kept.toString() : null
    }

    private static List<String> interpreter(File script) {
        String first = script.withReader('UTF-8') { it.readLine() } ?: ''
        first.startsWith('#!') ? first.substring(2).trim().tokenize() : ['sh', '-xe']
    }

    private static Thread read(InputStream stream, Closure take) {
        Thread.startDaemon {
            try {
                stream.eachLine('UTF-8', take)
            } catch (IOException closedByTheKill) {
                stream.close()
            }
        }
    }

}
