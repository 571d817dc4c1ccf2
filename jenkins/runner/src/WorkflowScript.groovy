package jenkinsfile

/** What the Jenkinsfile's own class extends: the names that a Jenkinsfile may use. */
abstract class WorkflowScript extends Script {

    private Build build
    private Steps steps

    /** Script.setProperty would make script variables of these. */
    void attach(Build build, Steps steps) {
        this.@build = build
        this.@steps = steps
    }

    void pipeline(Closure body) {
        new Engine(build, steps).run(body)
    }

    Object methodMissing(String name, Object arguments) {
        List list = arguments as List
        Vocabulary.SYMBOLS.containsKey(name) && !(name in Vocabulary.STEPS) ?
            Vocabulary.symbol(name, list) : steps.call(name, list)
    }

    Object stepSleep(Object argument) {
        steps.call('sleep', [argument])
    }

    Object getProperty(String name) {
        switch (name) {
            case 'env': return new EnvironmentView(build)
            case 'params': return Collections.unmodifiableMap(build.params)
            case 'currentBuild': return new BuildView(build)
            case 'scm': return Scm.INSTANCE
            case ['binding', 'metaClass', 'class']: return super.getProperty(name)
        }
        if (binding.hasVariable(name)) {
            return binding.getVariable(name)
        }
        Map<String, String> env = build.env
        if (!env.containsKey(name)) {
            throw new MissingPropertyException("No such property: $name for class: groovy.lang.Binding")
        }
        env[name]
    }

}
