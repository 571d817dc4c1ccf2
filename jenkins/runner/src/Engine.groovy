package jenkinsfile

/** Runs the pipeline: parameters, options, agent, environment, stages, post conditions. */
class Engine {

    private static final List<String> WRAPPERS = ['lock', 'retry', 'timeout']
    private final Build build
    private final Steps steps
    private final StageRunner stageRunner

    Engine(Build build, Steps steps) {
        this.build = build
        this.steps = steps
        stageRunner = new StageRunner(build, steps, this)
    }

    void run(Closure body) {
        Section pipeline = new Section('pipeline', build.script, body)
        declare(pipeline)
        List<Map> options = pipeline.declarationsOf('options')
        build.declared.options.addAll(options.collect { [name: it.name, arguments: it.arguments] })
        build.declared.triggers.addAll(pipeline.declarationsOf('triggers'))
        build.console.timestamps = options.any { it.name == 'timestamps' }
        stageRunner.checkout = !options.any { it.name == 'skipDefaultCheckout' }
        if (options.any { it.name == 'disableConcurrentBuilds' }) {
            new LockSteps(build).holding("build-$build.jobName", "builds of $build.jobName") {
                execute(pipeline, options)
            }
        } else {
            execute(pipeline, options)
        }
    }

    private void declare(Section pipeline) {
        pipeline.declarationsOf('parameters').each { Map entry ->
            Map given = Vocabulary.symbol(entry.name as String, entry.arguments as List)
            Object value = entry.name == 'choice' ? choices(given)[0] :
                entry.name == 'booleanParam' ? (given.defaultValue ?: false) : (given.defaultValue ?: '')
            build.params.putIfAbsent(given.name as String, value)
            if (entry.name == 'choice' && !(build.params[given.name] in choices(given))) {
                throw new StepFailed("Illegal choice for parameter $given.name: ${build.params[given.name]}")
            }
            build.declared.parameters << given
        }
        Set<String> undeclared = build.params.keySet() - build.declared.parameters*.name
        if (undeclared) {
            throw new StepFailed("The job has no parameter ${undeclared.join(', ')}")
        }
    }

    private static List choices(Map given) {
        given.choices instanceof List ? given.choices : "$given.choices".readLines()
    }

    private void execute(Section pipeline, List<Map> options) {
        boolean posted = false
        try {
            stageRunner.onAgent(pipeline, true) {
                build.within(env: pipeline.environment(build)) {
                    wrapped(options) {
                        stages(pipeline)
                        posted = true
                        post(pipeline.post, build.currentResult) { build.worsen(it) }
                    }
                }
            }
        } catch (Exception failure) {
            record(failure)
        }
        // What fails before the stages, such as a missing agent, is reported by the post conditions all the same.
        if (!posted) {
            post(pipeline.post, build.currentResult) { build.worsen(it) }
        }
    }

    private void stages(Section pipeline) {
        try {
            stageRunner.sequence(pipeline.stages, [])
        } catch (Exception failure) {
            record(failure)
        }
    }

    private void record(Exception failure) {
        String message = failure instanceof StepFailed ? failure.message : "$failure"
        build.worsen(Result.of(failure))
        build.errors << message
        build.console.say("ERROR: $message")
    }

    /** Options that surround what they apply to, the first one outermost. */
    Object wrapped(List<Map> options, Closure body) {
        options.findAll { it.name in WRAPPERS }.reverse().inject(body) { Closure inner, Map option ->
            { -> steps.call(option.name as String, (option.arguments as List) + [inner]) }
        }.call()
    }

    /** Run what holds; return the first failure, which in a stage is the stage's own and keeps the next ones from running. */
    Exception post(Map<String, Closure> conditions, String result, Closure worsen) {
        Exception first = null
        String previous = build.config.previous_result
        Map<String, Boolean> holds = [
            always: true, cleanup: true, changed: previous != null && previous != result,
            fixed: result == Result.SUCCESS && previous in [Result.FAILURE, Result.UNSTABLE],
            regression: previous == Result.SUCCESS && result in [Result.FAILURE, Result.UNSTABLE, Result.ABORTED],
            aborted: result == Result.ABORTED, failure: result == Result.FAILURE, success: result == Result.SUCCESS,
            unstable: result == Result.UNSTABLE, unsuccessful: result != Result.SUCCESS,
            notBuilt: result == Result.NOT_BUILT,
        ]
        // An aborted build still runs its post conditions.
        Thread.interrupted()
        Vocabulary.POST.findAll { conditions[it] && holds[it] }.each { condition ->
            try {
                steps.block(conditions[condition])
            } catch (Exception failure) {
                build.console.say("Error when executing $condition post condition: ${failure.message}")
                build.errors << "post $condition: ${failure.message}".toString()
                worsen(Result.of(failure))
                first = first ?: failure
            }
        }
        first
    }

}
