package jenkinsfile

import groovy.json.JsonOutput
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList

/** One build: its settings, its environment, and what has happened so far. */
class Build {

    final Map config
    final Console console
    final File workspace
    final Map<String, Object> params = [:]
    final Map<String, String> assigned = new ConcurrentHashMap<>()
    final List<Map> trace = new CopyOnWriteArrayList<>()
    final List<StageRecord> stages = new CopyOnWriteArrayList<>()
    final List<String> archived = new CopyOnWriteArrayList<>()
    final List<Map> inputs = new CopyOnWriteArrayList<>()
    final List<String> errors = new CopyOnWriteArrayList<>()
    final Map<String, Integer> junit = [tests: 0, failures: 0, skipped: 0]
    final Map<String, List> declared = [parameters: [], options: [], triggers: []]
    String result
    String description
    String displayName
    WorkflowScript script
    private final InheritableThreadLocal<Frame> frames = new InheritableThreadLocal<>()

    Build(Map config) {
        this.config = config
        workspace = new File(config.workspace as String).absoluteFile
        workspace.mkdirs()
        console = new Console(new File(config.log as String))
        displayName = "#$number"
        params.putAll(config.params ?: [:])
    }

    String getJobName() {
        "${config.job ?: 'model-promotion'}/${URLEncoder.encode(config.branch as String, 'UTF-8')}"
    }

    int getNumber() {
        config.build_number ?: 1
    }

    /** Why it was started, by the names that `triggeredBy` takes. */
    List<String> getCauses() {
        [config.cause ?: []].flatten()
    }

    Frame getFrame() {
        frames.get()
    }

    void setFrame(Frame frame) {
        frames.set(frame)
    }

    Object within(Map<String, Object> settings, Closure body) {
        Frame before = frame
        frame = new Frame([outer: before] + settings)
        try {
            return body.call()
        } finally {
            frame = before
        }
    }

    /** The variables of a step here, without what the machine's instance role gives. */
    Map<String, String> getEnv() {
        Map<String, Object> all = [PATH: System.getenv('PATH'), LANG: 'C.UTF-8'] + (config.env ?: [:])
        all.putAll((frame?.nearest('nodeEnv') ?: [:]) as Map)
        all.putAll(new Variables(this).all())
        all.putAll(assigned)
        frame?.collectEnv(all)
        all.findAll { it.value != null }.collectEntries { name, value -> [name as String, value as String] }
    }

    void worsen(String to) {
        synchronized (this) {
            result = result == null ? to : Result.worse(result, to)
        }
    }

    String getCurrentResult() {
        result ?: Result.SUCCESS
    }

    StageRecord getStage() {
        frame?.nearest('stage') as StageRecord
    }

    void worsenStage(String to) {
        if (stage) {
            stage.softResult = Result.worse(stage.softResult, to)
        }
    }

    String report(long milliseconds) {
        console.mask(JsonOutput.prettyPrint(JsonOutput.toJson([
            result: currentResult, description: description, ms: milliseconds, stages: stages*.toMap(), steps: trace,
            archived: archived, inputs: inputs, junit: junit, parameters: declared.parameters,
            options: declared.options, triggers: declared.triggers, errors: errors,
        ])))
    }

}
