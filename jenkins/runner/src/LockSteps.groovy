package jenkinsfile

import java.nio.channels.FileLock
import java.nio.channels.OverlappingFileLockException

/** Locks that hold between builds, each a file in the folder `locks` of the settings. */
class LockSteps {

    private static final int PAUSE_MS = 50
    private final Build build

    LockSteps(Build build) {
        this.build = build
    }

    Object lock(StepCall call) {
        String resource = call.get('resource')
        holding("resource-$resource", "Resource: $resource") {
            call.record.acquired_at = System.currentTimeMillis()
            call.run()
        }
    }

    /** An older build that comes after a newer one has passed here is superseded. */
    void milestone(StepCall call) {
        withFile("milestone-$build.jobName-${call.get('ordinal')}") { RandomAccessFile file ->
            waitFor(file, 'milestone')
            int newest = file.length() ? file.readLine() as int : 0
            if (newest > build.number) {
                throw new StepFailed("Superseded by #$newest", Result.NOT_BUILT)
            }
            file.seek(0)
            file.writeBytes("$build.number\n")
        }
    }

    Object holding(String name, String shown, Closure body) {
        withFile(name) { RandomAccessFile file ->
            build.console.say("Trying to acquire lock on [$shown]")
            FileLock held = waitFor(file, shown)
            build.console.say("Lock acquired on [$shown]")
            try {
                return body.call()
            } finally {
                held.release()
                build.console.say("Lock released on resource [$shown]")
            }
        }
    }

    private Object withFile(String name, Closure body) {
        File folder = new File((build.config.locks ?: "$build.workspace/locks") as String)
        folder.mkdirs()
        new RandomAccessFile(new File(folder, name.replaceAll(/\W/, '-')), 'rw').withCloseable(body)
    }

    private FileLock waitFor(RandomAccessFile file, String shown) {
        FileLock held = attempt(file)
        if (!held) {
            build.console.say("[$shown] is locked by another build. Waiting")
        }
        while (!held) {
            Thread.sleep(PAUSE_MS)
            held = attempt(file)
        }
        held
    }

    private static FileLock attempt(RandomAccessFile file) {
        FileLock held = null
        try {
            held = file.channel.tryLock()
        } catch (OverlappingFileLockException heldByThisBuild) {
            held = null
        }
        held
    }

}
