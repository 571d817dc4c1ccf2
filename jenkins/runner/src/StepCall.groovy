package jenkinsfile

/** One call of a step, and its line in the trace. */
class StepCall {

    String name
    Map<String, Object> parameters
    Closure body
    Map<String, Object> record

    Object get(String parameter) {
        parameters[parameter]
    }

    Object run() {
        body.call()
    }

}
