package jenkinsfile

/** Secrets of the controller's store, bound to variables for as long as a block runs. */
class CredentialSteps {

    private final Build build

    CredentialSteps(Build build) {
        this.build = build
    }

    Object withCredentials(StepCall call) {
        Map<String, String> env = [:]
        call.get('bindings').each { Map binding ->
            Map found = find(build, binding.credentialsId as String)
            if (found.kind != binding.symbol) {
                throw new StepFailed("Credentials '$binding.credentialsId' is of type '$found.kind' where " +
                                     "'$binding.symbol' was expected")
            }
            if (found.kind == 'string') {
                env[binding.variable as String] = found.value
            } else {
                env[binding.usernameVariable as String] = found.username
                env[binding.passwordVariable as String] = found.password
            }
        }
        build.within(env: env, call.body)
    }

    /** The entry of the store; its secret will not be printed. */
    static Map find(Build build, String id) {
        Map found = build.config.credentials?.get(id)
        if (!found) {
            throw new StepFailed("Could not find credentials entry with ID '$id'")
        }
        build.console.hide((found.kind == 'string' ? found.value : found.password) as String)
        found
    }

    /** What `NAME = credentials('id')` in an environment section sets. */
    static Map<String, String> variables(Build build, String name, String id) {
        Map found = find(build, id)
        found.kind == 'string' ? [(name): found.value] :
            [(name): "$found.username:$found.password".toString(), (name + '_USR'): found.username,
             (name + '_PSW'): found.password]
    }

}
