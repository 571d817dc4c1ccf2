package jenkinsfile

import java.util.concurrent.locks.LockSupport

/**
 * Ends processes as Jenkins does: it finds them by a variable in their environment, children first, SIGTERM and wait.
 * hudson.util.ProcessTree, killRecursively: github.com/jenkinsci/jenkins, core/src/main/java/hudson/util
 */
class ProcessTree {

    static final int SECONDS = 20
    private static final int PAUSE_NS = 10_000_000

    static void kill(Map<String, String> cookie, int seconds, ProcessHandle root = null) {
        boolean interrupted = Thread.interrupted()
        long deadline = System.currentTimeMillis() + seconds * 1000L
        List<ProcessHandle> found = marked(cookie)
        (root && !found.contains(root) ? [root] + found : found).each { killRecursively(it, deadline) }
        if (interrupted) {
            Thread.currentThread().interrupt()
        }
    }

    private static List<ProcessHandle> marked(Map<String, String> cookie) {
        String line = cookie.collect { name, value -> "$name=$value" }[0]
        List<File> folders = new File('/proc').listFiles()?.findAll { it.name.integer } ?: []
        folders.sort { it.name as long }.findAll { line in environment(it) }
            .collect { ProcessHandle.of(it.name as long).orElse(null) }.findAll()
    }

    private static List<String> environment(File process) {
        try {
            return new File(process, 'environ').getText('UTF-8').split('\0') as List
        } catch (IOException goneOrNotOurs) {
            return []
        }
    }

    private static void killRecursively(ProcessHandle process, long deadline) {
        process.children().toArray().each { killRecursively(it as ProcessHandle, deadline) }
        process.destroy()
        while (runs(process) && System.currentTimeMillis() < deadline) {
            LockSupport.parkNanos(PAUSE_NS)
        }
        if (runs(process)) {
            process.destroyForcibly()
        }
    }

    /** A process whose parent has not asked for its exit code yet still has a number, but runs no more. */
    private static boolean runs(ProcessHandle process) {
        File status = new File("/proc/${process.pid()}/stat")
        process.alive && !(status.exists() && status.text.replaceFirst(/.*\) /, '').startsWith('Z'))
    }

}
