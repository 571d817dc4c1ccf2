package jenkinsfile

import org.apache.tools.ant.types.selectors.SelectorUtils

/** The conditions of a `when` block, each asked only if those before it hold. */
class When {

    private static final Map<String, String> CHANGE = [
        id: 'CHANGE_ID', target: 'CHANGE_TARGET', branch: 'CHANGE_BRANCH', url: 'CHANGE_URL', title: 'CHANGE_TITLE',
        author: 'CHANGE_AUTHOR',
    ].asImmutable()
    private final Build build
    private final Steps steps
    private final List<Closure> conditions = []
    private final Set<String> flags = []

    When(Build build, Steps steps, Closure body) {
        this.build = build
        this.steps = steps
        if (body) {
            Section.read(this, build.script, body)
        }
    }

    boolean holds() {
        conditions.every { it.call() }
    }

    boolean isBefore(String section) {
        !conditions || section in flags
    }

    void branch(Object argument) {
        Map given = argument instanceof Map ? argument : [pattern: argument]
        conditions << { matches(given.pattern, env('BRANCH_NAME'), given.comparator ?: 'GLOB') }
    }

    void changeRequest(Map given = [:]) {
        conditions << {
            env('CHANGE_ID') != null && given.findAll { it.key != 'comparator' }.every { key, value ->
                matches(value, env(CHANGE[key]), given.comparator ?: 'EQUALS')
            }
        }
    }

    void triggeredBy(Object argument) {
        Object cause = argument instanceof Map ? argument.cause : argument
        conditions << { cause in build.causes }
    }

    void expression(Closure body) {
        conditions << { steps.block(body) as boolean }
    }

    void not(Closure body) {
        conditions << { !inner(body).every { it.call() } }
    }

    void allOf(Closure body) {
        conditions << { inner(body).every { it.call() } }
    }

    void anyOf(Closure body) {
        conditions << { inner(body).any { it.call() } }
    }

    void beforeAgent(boolean value) {
        flag('agent', value)
    }

    void beforeInput(boolean value) {
        flag('input', value)
    }

    void beforeOptions(boolean value) {
        flag('options', value)
    }

    Object propertyMissing(String name) {
        build.script.getProperty(name)
    }

    private void flag(String section, boolean value) {
        if (value) {
            flags << section
        }
    }

    private List<Closure> inner(Closure body) {
        new When(build, steps, body).conditions
    }

    private String env(String name) {
        build.env[name]
    }

    private static boolean matches(Object pattern, String text, String comparator) {
        if (text == null) {
            return false
        }
        comparator == 'REGEXP' ? text ==~ "$pattern" : comparator == 'EQUALS' ? text == "$pattern" :
            SelectorUtils.matchPath("$pattern", text)
    }

}
