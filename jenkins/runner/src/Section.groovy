package jenkinsfile

/** The sections of one `pipeline` or `stage`, as its block gives them. The validator has seen them before. */
class Section {

    final String name
    final List<Section> stages = []
    final List<Section> parallel = []
    final Map<String, Closure> post = [:]
    final Map<String, Closure> blocks = [:]
    boolean failFast
    private final WorkflowScript script
    private Object agent

    Section(String name, WorkflowScript script, Closure body) {
        this.name = name
        this.script = script
        read(this, script, body)
    }

    static Object read(Object delegate, WorkflowScript script, Closure body) {
        Closure block = body.rehydrate(delegate, delegate, script)
        block.resolveStrategy = Closure.DELEGATE_ONLY
        block.call()
    }

    Object methodMissing(String section, Object arguments) {
        Object value = (arguments as List)[-1]
        switch (section) {
            case 'agent': agent = value
                break
            case 'stages': read(new StageList(script, stages), script, value as Closure)
                break
            case 'parallel': read(new StageList(script, parallel), script, value as Closure)
                break
            case 'failFast': failFast = value
                break
            case 'post':
                Recorder recorder = new Recorder({ String condition, List given -> post[condition] = given[0] })
                read(recorder, script, value as Closure)
                break
            default: blocks[section] = value
        }
        null
    }

    Object propertyMissing(String property) {
        property in ['any', 'none'] ? property : script.getProperty(property)
    }

    /** The label of the section's agent: '' is any, null none. */
    String getLabel() {
        if (agent instanceof Closure) {
            return declarations(agent as Closure).find { it.name == 'label' }.arguments[0]
        }
        agent == 'any' ? '' : null
    }

    boolean isAgentNamed() {
        agent != null
    }

    /** Name and arguments of each entry of a section such as `options`. */
    List<Map> declarations(Closure body) {
        List<Map> found = []
        if (body) {
            read(new Declarations(script, found), script, body)
        }
        found
    }

    List<Map> declarationsOf(String section) {
        declarations(blocks[section])
    }

    Map<String, String> environment(Build build) {
        Map<String, String> values = [:]
        if (blocks.environment) {
            read(new EnvironmentSection(build, values), script, blocks.environment)
        }
        values
    }

}

/** Takes the stages of a `stages` or `parallel` block. */
class StageList {

    private final WorkflowScript script
    private final List<Section> into

    StageList(WorkflowScript script, List<Section> into) {
        this.script = script
        this.into = into
    }

    void stage(String name, Closure body) {
        into << new Section(name, script, body)
    }

}

/** Hands every call in a block to a closure. */
class Recorder {

    private final Closure take

    Recorder(Closure take) {
        this.take = take
    }

    Object methodMissing(String name, Object arguments) {
        take.call(name, arguments as List)
    }

}
