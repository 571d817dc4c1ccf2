package jenkinsfile

import java.util.concurrent.TimeUnit

/** Steps that say something, or decide how the build goes on. */
class FlowSteps {

    private final Build build
    private final Steps steps

    FlowSteps(Build build, Steps steps) {
        this.build = build
        this.steps = steps
    }

    void echo(StepCall call) {
        build.console.say("${call.get('message')}")
    }

    void error(StepCall call) {
        throw new StepFailed("${call.get('message')}")
    }

    void unstable(StepCall call) {
        build.console.say("WARNING: ${call.get('message')}")
        build.worsen(Result.UNSTABLE)
        build.worsenStage(Result.UNSTABLE)
    }

    Object script(StepCall call) {
        call.run()
    }

    Object node(StepCall call) {
        steps.agents.allocate((call.get('label') ?: '') as String, call.body)
    }

    Object withEnv(StepCall call) {
        Map<String, String> env = build.env
        Map<String, String> added = call.get('overrides').collectEntries { Object line ->
            List<String> parts = "$line".split('=', 2) as List
            // PATH+ANY=folder puts the folder before what PATH holds.
            parts[0].startsWith('PATH+') ? [PATH: "${parts[1]}:${env.PATH}"] : [(parts[0]): parts[1]]
        }
        build.within(env: added, call.body)
    }

    void sleep(StepCall call) {
        TimeUnit.valueOf((call.get('unit') ?: 'SECONDS') as String).sleep(call.get('time') as long)
    }

    Object timeout(StepCall call) {
        TimeUnit unit = TimeUnit.valueOf((call.get('unit') ?: 'MINUTES') as String)
        new Deadline(build, unit.toMillis(call.get('time') as long)).run {
            build.within(timed: true, call.body)
        }
    }

    Object retry(StepCall call) {
        int count = call.get('count') as int
        for (int attempt = 1; ; attempt++) {
            try {
                return call.run()
            } catch (InterruptedException stopped) {
                throw stopped
            } catch (Exception failure) {
                if (attempt >= count || Result.of(failure) == Result.ABORTED) {
                    throw failure
                }
                build.console.say("ERROR: ${failure.message}\nRetrying")
            }
        }
    }

    void catchError(StepCall call) {
        catching(call, (call.get('buildResult') ?: Result.FAILURE) as String, call.get('stageResult') as String)
    }

    void warnError(StepCall call) {
        catching(call, Result.UNSTABLE, Result.UNSTABLE)
    }

    private void catching(StepCall call, String buildResult, String stageResult) {
        try {
            call.run()
        } catch (Exception failure) {
            if (Result.of(failure) == Result.ABORTED && call.get('catchInterruptions') == false) {
                throw failure
            }
            build.console.say("ERROR: ${call.get('message') ?: ''} ${failure.message}".trim())
            build.worsen(buildResult)
            build.worsenStage(stageResult ?: buildResult)
        }
    }

}
