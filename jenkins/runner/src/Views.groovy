package jenkinsfile

/** The global variable `scm`. */
enum Scm {
    INSTANCE

    String toString() {
        'scm'
    }
}

/** The global variable `env`. */
class EnvironmentView {

    private final Build build

    EnvironmentView(Build build) {
        this.@build = build
    }

    Object getProperty(String name) {
        this.@build.env[name]
    }

    void setProperty(String name, Object value) {
        this.@build.assigned[name] = "$value".toString()
    }

}

/** The global variable `currentBuild`. */
class BuildView {

    private static final Map<String, String> CAUSES = [
        BranchEventCause: 'jenkins.branch.BranchEventCause',
        TimerTrigger: 'hudson.triggers.TimerTrigger$TimerTriggerCause',
        UserIdCause: 'hudson.model.Cause$UserIdCause',
    ].asImmutable()
    private final Build build

    BuildView(Build build) {
        this.build = build
    }

    String getResult() {
        build.result
    }

    void setResult(String result) {
        build.worsen(result)
    }

    String getCurrentResult() {
        build.currentResult
    }

    String getDescription() {
        build.description
    }

    void setDescription(Object text) {
        build.description = "$text"
    }

    String getDisplayName() {
        build.displayName
    }

    void setDisplayName(Object text) {
        build.displayName = "$text"
    }

    int getNumber() {
        build.number
    }

    String getAbsoluteUrl() {
        build.env.BUILD_URL
    }

    Map getPreviousBuild() {
        build.config.previous_result ? [result: build.config.previous_result] : null
    }

    List<Map> getBuildCauses(String type = null) {
        build.causes.collect { cause -> CAUSES[cause] }.findAll { name -> type in [null, name] }
            .collect { name -> [_class: name] }
    }

}
