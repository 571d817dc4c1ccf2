package jenkinsfile

/** Everything that a Jenkinsfile here may name. What is missing here is an error, as in Jenkins without the plugin. */
class Vocabulary {

    static final List<String> PIPELINE = ['agent', 'options', 'parameters', 'triggers', 'environment', 'stages', 'post']
    static final List<String> STAGE = ['agent', 'options', 'environment', 'when', 'input', 'steps', 'stages',
                                       'parallel', 'failFast', 'post']
    /** In the order in which Jenkins runs them. */
    static final List<String> POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success',
                                      'unstable', 'unsuccessful', 'notBuilt', 'cleanup']
    static final List<String> WHEN = ['branch', 'changeRequest', 'triggeredBy', 'expression', 'not', 'anyOf', 'allOf',
                                      'beforeAgent', 'beforeInput', 'beforeOptions']
    static final List<String> INPUT = ['message', 'id', 'ok', 'submitter', 'submitterParameter', 'parameters']
    static final List<String> AGENT = ['label']
    static final List<String> PARAMETERS = ['string', 'booleanParam', 'choice']

    /** Option → its parameters, the first of which may be given without its name. */
    static final Map<String, List<String>> OPTIONS = [
        buildDiscarder: ['strategy'], disableConcurrentBuilds: [], lock: ['resource'], preserveStashes: ['buildCount'],
        disableRestartFromStage: [], retry: ['count'], skipDefaultCheckout: [], timeout: ['time', 'unit'], timestamps: [],
    ]
    static final List<String> STAGE_OPTIONS = ['lock', 'retry', 'skipDefaultCheckout', 'timeout']
    static final Map<String, List<String>> TRIGGERS = [cron: ['spec']]
    static final Map<String, List<String>> CONDITIONS = [
        branch: ['pattern', 'comparator'], triggeredBy: ['cause'],
        changeRequest: ['id', 'target', 'branch', 'url', 'title', 'author', 'comparator'],
    ]

    /** Values that are written as calls, and their parameters. */
    static final Map<String, List<String>> SYMBOLS = [
        logRotator: ['numToKeepStr', 'daysToKeepStr', 'artifactNumToKeepStr', 'artifactDaysToKeepStr'],
        string: ['name', 'defaultValue', 'description', 'credentialsId', 'variable'],
        booleanParam: ['name', 'defaultValue', 'description'],
        choice: ['name', 'choices', 'description'],
        usernamePassword: ['credentialsId', 'usernameVariable', 'passwordVariable'],
    ]

    /** Step → its parameters; `needs` must be given, `alone` may stand without its name. */
    static final Map<String, StepSignature> STEPS = [
        archiveArtifacts: new StepSignature(alone: 'artifacts', also: ['allowEmptyArchive', 'fingerprint'], node: true),
        catchError: new StepSignature(also: ['buildResult', 'stageResult', 'message', 'catchInterruptions'],
                                      block: true),
        checkout: new StepSignature(alone: 'scm', node: true),
        deleteDir: new StepSignature(node: true),
        dir: new StepSignature(alone: 'path', node: true, block: true),
        echo: new StepSignature(alone: 'message'),
        error: new StepSignature(alone: 'message'),
        fileExists: new StepSignature(alone: 'file', node: true),
        input: new StepSignature(alone: 'message', also: ['id', 'ok', 'submitter', 'submitterParameter', 'parameters']),
        junit: new StepSignature(alone: 'testResults', also: ['allowEmptyResults'], node: true),
        lock: new StepSignature(alone: 'resource', block: true),
        milestone: new StepSignature(alone: 'ordinal'),
        node: new StepSignature(alone: 'label', needs: [], block: true),
        readFile: new StepSignature(alone: 'file', also: ['encoding'], node: true),
        readJSON: new StepSignature(also: ['file', 'text', 'returnPojo'], node: true),
        retry: new StepSignature(alone: 'count', block: true),
        script: new StepSignature(block: true),
        sh: new StepSignature(alone: 'script', also: ['label', 'returnStdout', 'returnStatus'], node: true),
        sleep: new StepSignature(alone: 'time', also: ['unit']),
        stash: new StepSignature(alone: 'name', also: ['includes', 'excludes', 'allowEmpty'], node: true),
        timeout: new StepSignature(alone: 'time', also: ['unit'], block: true),
        unstable: new StepSignature(alone: 'message'),
        unstash: new StepSignature(alone: 'name', node: true),
        warnError: new StepSignature(alone: 'message', also: ['catchInterruptions'], block: true),
        withAWS: new StepSignature(also: ['role', 'roleAccount', 'region', 'externalId', 'duration', 'roleSessionName',
                                          'credentials'], block: true),
        withCredentials: new StepSignature(alone: 'bindings', block: true),
        withEnv: new StepSignature(alone: 'overrides', block: true),
        writeFile: new StepSignature(also: ['file', 'text', 'encoding'], needs: ['file', 'text'], node: true),
        writeJSON: new StepSignature(also: ['json', 'file', 'pretty', 'returnText'], needs: ['json'], node: true),
    ]

    static Map symbol(String name, List arguments) {
        Map given = arguments && arguments[0] instanceof Map ? arguments[0] : [:]
        String unknown = (given.keySet() - SYMBOLS[name]).join(', ')
        if (unknown || arguments.size() > 1 || (arguments && !given)) {
            throw new StepFailed("Invalid parameter of $name: ${unknown ?: arguments}")
        }
        [symbol: name] + given
    }

}
