package jenkinsfile

import java.nio.channels.ClosedByInterruptException

/** Results of builds and stages, and which one is worse. */
class Result {

    static final String SUCCESS = 'SUCCESS'
    static final String UNSTABLE = 'UNSTABLE'
    static final String FAILURE = 'FAILURE'
    static final String NOT_BUILT = 'NOT_BUILT'
    static final String ABORTED = 'ABORTED'
    static final List<String> FROM_BEST = [SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, ABORTED].asImmutable()

    static String worse(String one, String other) {
        FROM_BEST.indexOf(one) >= FROM_BEST.indexOf(other) ? one : other
    }

    static String of(Throwable error) {
        if (error instanceof StepFailed) {
            return error.result
        }
        // The second is what reading or writing a file throws where a thread is interrupted in it.
        boolean interrupted = error instanceof InterruptedException || error instanceof ClosedByInterruptException
        interrupted ? ABORTED : FAILURE
    }

}
