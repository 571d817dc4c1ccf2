package jenkinsfile

import java.util.concurrent.atomic.AtomicInteger

/** Machines that run steps. Each allocation has a workspace of its own, so what is not stashed is not there. */
class Agents {

    private static final String COOKIE = 'JENKINS_NODE_COOKIE'
    private static final List<String> CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
    private final Build build
    private final AtomicInteger allocations = new AtomicInteger()

    Agents(Build build) {
        this.build = build
    }

    Object allocate(String label, Closure body) {
        Map nodes = build.config.nodes ?: [:]
        // The Job Restrictions plugin matches this whole name: github.com/jenkinsci/job-restrictions-plugin/pull/13
        String asking = "$build.jobName/part of ${build.jobName.replace('/', ' » ')} #$build.number"
        String found = nodes.keySet().find { name ->
            (label in ['', name]) && asking ==~ (nodes[name].jobs ?: '.*')
        }
        if (!found) {
            String wanted = label ? "labelled '$label'" : 'of any label'
            throw new StepFailed("would wait for ever for an agent $wanted: none of ${nodes.keySet()} " +
                                 "takes '$asking'")
        }
        File folder = new File(build.workspace, "$found-${allocations.incrementAndGet()}")
        [folder, temporary(folder), new File(build.workspace, "home-$found")]*.mkdirs()
        build.console.say("Running on $found in $folder")
        Map<String, String> cookie = [(COOKIE): UUID.randomUUID().toString()]
        Map given = nodes[found].env ?: [:]
        Map settings = [
            folder: folder, instanceRole: given.findAll { it.key in CREDENTIALS },
            nodeEnv: [HOME: "$build.workspace/home-$found"] + given.findAll { !(it.key in CREDENTIALS) },
            env: [WORKSPACE: folder.path, WORKSPACE_TMP: temporary(folder).path, NODE_NAME: found,
                  NODE_LABELS: found] + cookie,
        ]
        try {
            return build.within(settings, body)
        } finally {
            // Jenkins kills what a build has left running when it gives the node back.
            ProcessTree.kill(cookie, build.config.kill_seconds ?: ProcessTree.SECONDS)
        }
    }

    static File temporary(File folder) {
        new File("$folder@tmp")
    }

}
