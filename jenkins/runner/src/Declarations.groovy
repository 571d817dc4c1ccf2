package jenkinsfile

/** Takes the entries of `options`, `parameters`, `triggers`, `input` and `agent`. */
class Declarations {

    private final WorkflowScript script
    private final List<Map> into

    Declarations(WorkflowScript script, List<Map> into) {
        this.script = script
        this.into = into
    }

    Object methodMissing(String name, Object arguments) {
        List list = arguments as List
        if (name == 'logRotator') {
            return Vocabulary.symbol(name, list)
        }
        into << [name: name, arguments: list]
        null
    }

    Object propertyMissing(String name) {
        script.getProperty(name)
    }

}

/** Takes the assignments of an `environment` block; a value may use those before it. */
class EnvironmentSection {

    private final Build build
    private final Map<String, String> values

    EnvironmentSection(Build build, Map<String, String> values) {
        this.@build = build
        this.@values = values
    }

    void setProperty(String name, Object value) {
        if (value instanceof Map) {
            this.@values.putAll(CredentialSteps.variables(this.@build, name, value.credentials as String))
        } else {
            this.@values[name] = "$value".toString()
        }
    }

    Object getProperty(String name) {
        this.@values.containsKey(name) ? this.@values[name] : this.@build.script.getProperty(name)
    }

    Map credentials(String id) {
        [credentials: id]
    }

    Object methodMissing(String name, Object arguments) {
        this.@build.script.invokeMethod(name, arguments)
    }

}
