package jenkinsfile

/** A step ended its stage; `result` is what the build becomes, as Jenkins' FlowInterruptedException carries it. */
class StepFailed extends RuntimeException {

    final String result

    StepFailed(String message, String result = Result.FAILURE) {
        super(message)
        this.result = result
    }

}
