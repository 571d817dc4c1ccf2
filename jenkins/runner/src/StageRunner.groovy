package jenkinsfile

import java.util.concurrent.Callable
import java.util.concurrent.CancellationException
import java.util.concurrent.ExecutionException
import java.util.concurrent.ExecutorCompletionService
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.Future
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean

/** Runs stages: one after the other, nested or in parallel. */
class StageRunner {

    boolean checkout
    private final Build build
    private final Steps steps
    private final Engine engine

    StageRunner(Build build, Steps steps, Engine engine) {
        this.build = build
        this.steps = steps
        this.engine = engine
    }

    /** After the first error the stages that are left are skipped, not forgotten. */
    void sequence(List<Section> stages, List<String> path) {
        Exception first = null
        stages.each { Section stage ->
            if (first) {
                record(stage, path).status = 'SKIPPED_FAILURE'
                build.console.say("Stage \"$stage.name\" skipped due to earlier failure(s)")
            } else {
                try {
                    run(stage, path)
                } catch (Exception failure) {
                    first = failure
                }
            }
        }
        if (first) {
            throw first
        }
    }

    void onAgent(Section section, boolean withCheckout, Closure body) {
        if (section.label == null) {
            body.call()
            return
        }
        steps.agents.allocate(section.label) {
            if (withCheckout && checkout) {
                steps.call('checkout', [Scm.INSTANCE])
            }
            body.call()
        }
    }

    private StageRecord record(Section stage, List<String> path) {
        StageRecord found = new StageRecord(name: stage.name, path: (path + stage.name).join('/'))
        build.stages << found
        found
    }

    private void run(Section stage, List<String> path) {
        StageRecord found = record(stage, path)
        long started = System.currentTimeMillis()
        build.console.say("[Pipeline] stage ($stage.name)")
        try {
            build.within(stage: found, env: [STAGE_NAME: stage.name]) { guarded(stage, found, path + stage.name) }
        } catch (Exception failure) {
            // What another branch's failure ended does not make the build worse than that failure.
            boolean ended = build.frame?.nearest('failedFast')?.get()
            found.status = ended ? Result.ABORTED : Result.of(failure)
            found.error = failure.message ?: failure.class.simpleName
            if (!ended) {
                build.worsen(found.status)
            }
            throw failure
        } finally {
            found.ms = System.currentTimeMillis() - started
        }
    }

    /** In Jenkins' order: options, input, agent, then `when`, unless `when` asks to come earlier. */
    private void guarded(Section stage, StageRecord found, List<String> path) {
        When when = new When(build, steps, stage.blocks.when)
        Boolean passed = null
        Closure passes = { boolean due ->
            passed = passed == null && due ? when.holds() : passed
            if (passed == false) {
                found.status = 'SKIPPED_WHEN'
            }
            passed != false
        }
        List<Map> options = stage.declarationsOf('options')
        boolean withCheckout = !options.any { it.name == 'skipDefaultCheckout' }
        if (passes(when.isBefore('options'))) {
            engine.wrapped(options) {
                if (passes(when.isBefore('input'))) {
                    build.within(env: asked(stage)) {
                        if (passes(when.isBefore('agent'))) {
                            onAgent(stage, withCheckout) {
                                if (passes(true)) {
                                    build.within(env: stage.environment(build)) { body(stage, found, path) }
                                }
                            }
                        }
                    }
                }
            }
        }
        if (passed == false) {
            build.console.say("Stage \"$stage.name\" skipped due to when conditional")
        }
    }

    private Map<String, String> asked(Section stage) {
        if (!stage.blocks.input) {
            return [:]
        }
        Map<String, Object> given = stage.declarationsOf('input').collectEntries { Map entry ->
            Object value = entry.arguments[0]
            [entry.name, value instanceof Closure ? parametersOf(stage, value) : value]
        }
        Object answer = steps.call('input', [given])
        List<String> names = (given.parameters*.name ?: []) + (given.submitterParameter ?: [])
        Map values = names.size() == 1 ? [(names[0]): answer] : (answer ?: [:])
        values.collectEntries { name, value -> [name as String, "$value".toString()] }
    }

    private static List<Map> parametersOf(Section stage, Closure body) {
        stage.declarations(body).collect { Vocabulary.symbol(it.name as String, it.arguments as List) }
    }

    private void body(Section stage, StageRecord found, List<String> path) {
        Exception failure = null
        found.softResult = Result.SUCCESS
        try {
            if (stage.blocks.steps) {
                steps.block(stage.blocks.steps)
            }
            sequence(stage.stages, path)
            if (stage.parallel) {
                parallel(stage, path)
            }
        } catch (Exception error) {
            failure = error
        }
        found.status = failure ? Result.of(failure) : Result.worse(found.softResult, worstInside(found.path))
        Exception inPost = engine.post(stage.post, found.status) { String worse ->
            found.status = Result.worse(found.status, worse)
            build.worsen(worse)
        }
        if (failure ?: inPost) {
            throw failure ?: inPost
        }
    }

    private String worstInside(String path) {
        build.stages.findAll { it.path.startsWith("$path/") && it.status in Result.FROM_BEST }*.status
            .inject(Result.SUCCESS) { worst, status -> Result.worse(worst, status) }
    }

    private void parallel(Section stage, List<String> path) {
        Frame around = new Frame(outer: build.frame, failedFast: new AtomicBoolean())
        ExecutorService threads = Executors.newFixedThreadPool(stage.parallel.size())
        ExecutorCompletionService done = new ExecutorCompletionService(threads)
        List<Future> branches = stage.parallel.collect { Section branch ->
            done.submit({
                build.frame = around
                run(branch, path)
            } as Callable)
        }
        Exception first = null
        try {
            branches.size().times {
                Exception failure = outcome(done)
                first = first ?: failure
                if (failure && stage.failFast) {
                    around.failedFast.set(true)
                    branches*.cancel(true)
                }
            }
        } catch (InterruptedException stop) {
            branches*.cancel(true)
            first = stop
        }
        threads.shutdown()
        awaitEnd(threads)
        if (first) {
            throw first
        }
    }

    private static Exception outcome(ExecutorCompletionService done) {
        Exception found = null
        try {
            done.take().get()
        } catch (ExecutionException failure) {
            found = failure.cause as Exception
        } catch (CancellationException cancelledByAnother) {
            // The failure that cancelled it is the one to report.
            found = null
        }
        found
    }

    /** What was cancelled still ends its processes and runs its post conditions. */
    private static void awaitEnd(ExecutorService threads) {
        boolean ended = false
        while (!ended) {
            try {
                ended = threads.awaitTermination(1, TimeUnit.MINUTES)
            } catch (InterruptedException alreadyStopping) {
                ended = false
            }
        }
    }

}
