package jenkinsfile

import groovy.json.JsonOutput
import groovy.json.JsonSlurper

/**
 * `withAWS` of Pipeline: AWS Steps: a real sts:AssumeRole. It changes only the environment, and never renews.
 * Which identity asks: the variables of an outer block, else the controller's own role, unless the controller is
 * configured to take the node's (enableCredentialsFromNode): github.com/jenkinsci/pipeline-aws-plugin, README.
 */
class AwsStep {

    private static final int MAX_SESSION_NAME = 64
    private final Build build

    AwsStep(Build build) {
        this.build = build
    }

    Object withAWS(StepCall call) {
        Map<String, String> added = [:]
        if (call.get('credentials')) {
            Map found = CredentialSteps.find(build, call.get('credentials') as String)
            added += [AWS_ACCESS_KEY_ID: found.username, AWS_SECRET_ACCESS_KEY: found.password]
        }
        if (call.get('region')) {
            added += [AWS_REGION: "${call.get('region')}", AWS_DEFAULT_REGION: "${call.get('region')}"]
        }
        if (call.get('role')) {
            added += assume(call, surrounding(build.env + added))
        }
        build.within(env: added, call.body)
    }

    private Map<String, String> surrounding(Map<String, String> env) {
        if (env.AWS_ACCESS_KEY_ID) {
            return env
        }
        if (!build.config.credentials_from_node) {
            return (build.config.controller_env ?: [:]) + env
        }
        Map<String, String> own = build.frame?.nearest('instanceRole') as Map
        if (own == null) {
            throw new StepFailed('Unable to retrieve credentials from node.')
        }
        own + env
    }

    private Map<String, String> assume(StepCall call, Map<String, String> env) {
        String name = call.get('roleSessionName') ?: "Jenkins-$env.JOB_NAME-$env.BUILD_NUMBER"
        Map<String, Object> request = [
            role: "${call.get('role')}", account: call.get('roleAccount')?.toString(),
            DurationSeconds: (call.get('duration') ?: 3600) as int,
            RoleSessionName: name.replaceAll(/[^\w+=,.@-]/, '-').take(MAX_SESSION_NAME),
        ]
        if (call.get('externalId')) {
            request.ExternalId = "${call.get('externalId')}"
        }
        Map answer = python(request, env)
        build.console.say("Assumed role $answer.arn")
        call.record.arn = answer.arn
        answer.env
    }

    private Map python(Map<String, Object> request, Map<String, String> env) {
        String program = AwsStep.getResource('/assume_role.py').text
        ProcessBuilder builder = new ProcessBuilder(build.config.python as String, '-c', program)
        builder.environment().clear()
        builder.environment().putAll(env.collectEntries { key, value -> [key as String, value as String] })
        Process process = builder.start()
        process.outputStream.withStream { it << JsonOutput.toJson(request).getBytes('UTF-8') }
        String output = process.inputStream.text
        String problem = process.errorStream.text
        if (process.waitFor() != 0) {
            throw new StepFailed("withAWS: ${problem.readLines() ? problem.readLines()[-1] : process.exitValue()}")
        }
        new JsonSlurper().parseText(output) as Map
    }

}
