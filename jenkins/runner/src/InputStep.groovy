package jenkinsfile

/** `input`: the answers stand in the settings, by id or message, with who gives them. */
class InputStep {

    private final Build build

    InputStep(Build build) {
        this.build = build
    }

    Object input(StepCall call) {
        String message = call.get('message')
        Map answer = build.config.inputs?.get(call.get('id') ?: message)
        Map record = [id: call.get('id'), message: message, submitter: call.get('submitter'), by: answer?.by,
                      answered: false, approved: false]
        build.inputs << record
        build.console.say(message)
        if (answer && !permitted(call.get('submitter') as String, answer)) {
            build.console.say("$answer.by is not allowed to answer this input")
            answer = null
        }
        if (!answer) {
            nobody(message)
        }
        record.answered = true
        record.approved = answer.approve != false
        if (!record.approved) {
            throw new StepFailed("Rejected by $answer.by", Result.ABORTED)
        }
        build.console.say("Approved by $answer.by")
        value(call, answer)
    }

    /** The submitter is a list of user ids and of names of groups. */
    private static boolean permitted(String submitter, Map answer) {
        List<String> allowed = submitter ? submitter.split(',')*.trim() : null
        allowed == null || ([answer.by] + (answer.groups ?: [])).any { it in allowed }
    }

    private void nobody(String message) {
        if (build.frame?.underTimeout) {
            build.console.say('Cancelling nested steps due to timeout')
            throw new StepFailed('Timeout has been exceeded', Result.ABORTED)
        }
        throw new StepFailed("input '$message': nobody answers, and no timeout surrounds it: it would wait for ever")
    }

    private static Object value(StepCall call, Map answer) {
        Map<String, Object> values = (call.get('parameters') ?: []).collectEntries { Map parameter ->
            [parameter.name, answer.values?.containsKey(parameter.name) ? answer.values[parameter.name] :
                parameter.symbol == 'choice' ? parameter.choices[0] : parameter.defaultValue]
        }
        if (call.get('submitterParameter')) {
            values[call.get('submitterParameter') as String] = answer.by
        }
        values.size() == 1 ? values.values()[0] : (values ?: null)
    }

}
