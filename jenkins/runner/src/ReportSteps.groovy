package jenkinsfile

/** Steps that keep what a build made. */
class ReportSteps {

    private final Build build

    ReportSteps(Build build) {
        this.build = build
    }

    void archiveArtifacts(StepCall call) {
        String pattern = call.get('artifacts')
        File folder = build.frame.nearest('folder') as File
        List<String> names = FileSteps.matching(folder, pattern)
        if (!names && !call.get('allowEmptyArchive')) {
            throw new StepFailed("No artifacts found that match the file pattern \"$pattern\". Configuration error?")
        }
        names.each { FileSteps.copy(new File(folder, it), new File(build.workspace, "archive/$it")) }
        build.archived.addAll(names - build.archived)
    }

    void junit(StepCall call) {
        File folder = build.frame.nearest('folder') as File
        List<String> names = FileSteps.matching(folder, call.get('testResults') as String)
        if (!names && !call.get('allowEmptyResults')) {
            throw new StepFailed('No test report files were found. Configuration error?')
        }
        boolean failed = names.collect { count(new File(folder, it)) }.any { it > 0 }
        if (failed) {
            build.worsen(Result.UNSTABLE)
            build.worsenStage(Result.UNSTABLE)
        }
    }

    private int count(File report) {
        List cases = new XmlSlurper().parse(report).depthFirst().findAll { it.name() == 'testcase' }
        int failures = cases.count { it.failure.size() + it.error.size() > 0 }
        synchronized (build.junit) {
            build.junit.tests += cases.size()
            build.junit.failures += failures
            build.junit.skipped += cases.count { it.skipped.size() > 0 }
        }
        failures
    }

}
