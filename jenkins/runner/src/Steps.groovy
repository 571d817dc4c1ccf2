package jenkinsfile

/** Finds the step, checks its parameters as Jenkins does, and runs it. */
class Steps {

    final Agents agents
    private final Build build
    private final List<Object> owners

    Steps(Build build) {
        this.build = build
        agents = new Agents(build)
        owners = [new FlowSteps(build, this), new ShellStep(build), new FileSteps(build), new ReportSteps(build),
                  new AwsStep(build), new CredentialSteps(build), new LockSteps(build), new InputStep(build)]
    }

    /** Run a section's block, `steps` or a post condition, with the script's names. */
    Object block(Closure section) {
        Closure body = section.rehydrate(build.script, build.script, build.script)
        body.resolveStrategy = Closure.OWNER_FIRST
        body.call()
    }

    Object call(String name, List arguments) {
        StepSignature signature = Vocabulary.STEPS[name]
        if (!signature) {
            throw new StepFailed("No such DSL method '$name' found among steps ${Vocabulary.STEPS.keySet().sort()}")
        }
        if (Thread.interrupted()) {
            throw new StepFailed('The build was interrupted', Result.ABORTED)
        }
        List values = arguments.findAll { !(it instanceof Closure) }
        Closure body = arguments.find { it instanceof Closure } as Closure
        Map<String, Object> parameters = named(name, signature, values)
        String fault = signature.faultOf(parameters.keySet())
        if (fault || signature.block != (body != null)) {
            throw new StepFailed("$name: ${fault ?: signature.block ? 'needs a block' : 'takes no block'}")
        }
        if (signature.node && !build.frame?.nearest('folder')) {
            throw new StepFailed('Required context class hudson.FilePath is missing\nPerhaps you forgot to surround ' +
                                 "the $name step with a step that provides this, such as: node")
        }
        run(new StepCall(name: name, parameters: parameters, body: body))
    }

    private Object run(StepCall call) {
        call.record = [stage: build.stage?.name, step: call.name, args: shown(call.parameters)]
        build.trace << call.record
        if (call.name != 'script') {
            build.console.say("[Pipeline] $call.name")
        }
        owners.find { it.metaClass.respondsTo(it, call.name, StepCall) }."$call.name"(call)
    }

    private static Map<String, Object> named(String name, StepSignature signature, List values) {
        if (values.size() > 1) {
            throw new StepFailed("$name: expected named parameters, found $values")
        }
        if (!values) {
            return [:]
        }
        Object value = values[0]
        if (value instanceof Map && !(value.containsKey('symbol'))) {
            return value
        }
        if (!signature.alone) {
            throw new StepFailed("$name: expected named parameters, found $value")
        }
        [(signature.alone): value]
    }

    private static Map<String, Object> shown(Map<String, Object> parameters) {
        parameters.collectEntries { key, value ->
            [key, value instanceof Number || value instanceof Boolean || value instanceof List ? value : "$value"]
        }
    }

}
