package jenkinsfile

/** The environment variables that Jenkins itself gives to a build. */
class Variables {

    private static final String SERVER = 'https://jenkins.invalid/'
    private final Build build

    Variables(Build build) {
        this.build = build
    }

    Map<String, String> all() {
        String branch = build.config.branch
        String job = build.jobName
        String number = build.number
        Map<String, Object> found = [
            CI: 'true', JENKINS_URL: SERVER, JOB_NAME: job, JOB_BASE_NAME: job.tokenize('/')[-1],
            BUILD_NUMBER: number, BUILD_ID: number, BUILD_DISPLAY_NAME: "#$number",
            BUILD_TAG: "jenkins-${job.replace('/', '-')}-$number", BRANCH_NAME: branch,
            JOB_URL: "${SERVER}job/${job.replace('/', '/job/')}/",
            BUILD_URL: "${SERVER}job/${job.replace('/', '/job/')}/$number/",
        ]
        build.config.change?.each { name, value -> found["CHANGE_${name.toUpperCase()}"] = value }
        found + build.params.findAll { it.value != null }
    }

}
