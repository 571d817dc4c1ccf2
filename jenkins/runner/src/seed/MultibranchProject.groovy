package seed

/** A multibranch project of Job DSL, and the XML that Job DSL makes of it. */
class MultibranchProject {

    private static final String PROJECT = 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject'
    /** Elements of the GitHub source in Job DSL's order, with its defaults. */
    private static final Map<String, Object> GITHUB = [
        id: null, scanCredentialsId: '', checkoutCredentialsId: 'SAME', repoOwner: '', repository: '',
        includes: '*', excludes: '', buildOriginBranch: true, buildOriginBranchWithPR: true, buildOriginPRMerge: false,
        buildOriginPRHead: false, buildForkPRMerge: true, buildForkPRHead: false,
    ].asImmutable()
    final String name
    private final Map<String, Object> texts = [:]
    private final Map<String, Object> github = [:]
    private final Map<String, Object> orphans = [daysToKeep: -1, numToKeep: -1]
    private final List<Closure> configurations = []

    MultibranchProject(String name) {
        this.name = name
    }

    void displayName(String text) {
        texts.displayName = text
    }

    void description(String text) {
        texts.description = text
    }

    void branchSources(Closure body) {
        Closure take = { Closure inner -> Delegation.run(new Values(GITHUB, github), inner) }
        Delegation.run(new Blocks([github: take]), body)
    }

    void orphanedItemStrategy(Closure body) {
        Closure discard = { Closure inner -> Delegation.run(new Values(orphans.asImmutable(), orphans), inner) }
        Delegation.run(new Blocks([discardOldItems: discard]), body)
    }

    void configure(Closure body) {
        configurations << body
    }

    Node toXml() {
        if (!github.id) {
            throw new IllegalStateException('id must be specified')
        }
        Node project = xml()
        texts.each { key, value -> project.appendNode(key, value) }
        configurations.each { Closure body -> Configuration.apply(project, body) }
        project
    }

    private Node xml() {
        Map<String, Object> values = GITHUB + github
        Map<String, Object> kept = orphans
        new NodeBuilder()."$PROJECT" {
            properties()
            triggers()
            sources(class: 'jenkins.branch.MultiBranchProject$BranchSourceList') {
                data {
                    'jenkins.branch.BranchSource' {
                        source(class: 'org.jenkinsci.plugins.github_branch_source.GitHubSCMSource') {
                            values.each { key, value -> "$key"(value) }
                        }
                        strategy(class: 'jenkins.branch.DefaultBranchPropertyStrategy') {
                            properties(class: 'empty-list')
                        }
                    }
                }
            }
            factory(class: 'org.jenkinsci.plugins.workflow.multibranch.WorkflowBranchProjectFactory')
            orphanedItemStrategy(class: 'com.cloudbees.hudson.plugins.folder.computed.DefaultOrphanedItemStrategy') {
                pruneDeadBranches(true)
                kept.each { key, value -> "$key"(value) }
            }
        }
    }

}
