package jenkinsfile

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
        error instanceof InterruptedException ? ABORTED : FAILURE
    }

}
