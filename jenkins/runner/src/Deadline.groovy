package jenkinsfile

/** Interrupts the thread that runs a body which takes too long. */
class Deadline {

    private final Build build
    private final long milliseconds
    private final Thread worker = Thread.currentThread()
    private boolean over
    private boolean exceeded

    Deadline(Build build, long milliseconds) {
        this.build = build
        this.milliseconds = milliseconds
    }

    Object run(Closure body) {
        Thread watch = Thread.startDaemon { watch() }
        try {
            return body.call()
        } catch (Exception failure) {
            if (exceeded) {
                Thread.interrupted()
                throw new StepFailed('Timeout has been exceeded', Result.ABORTED)
            }
            throw failure
        } finally {
            // Under the lock, so that the interrupt cannot reach what runs after the body.
            synchronized (this) {
                over = true
            }
            watch.interrupt()
        }
    }

    private void watch() {
        try {
            Thread.sleep(milliseconds)
        } catch (InterruptedException bodyEnded) {
            return
        }
        synchronized (this) {
            if (!over) {
                exceeded = true
                build.console.say('Cancelling nested steps due to timeout')
                worker.interrupt()
            }
        }
    }

}
