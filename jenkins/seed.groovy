// Makes the multibranch project of the repository that GITHUB_OWNER and GITHUB_REPOSITORY name. It uses Job DSL's
// static API and `configure` only: the dynamic API needs a running controller, and could not be tested.
String owner = binding.variables.GITHUB_OWNER
String repositoryName = binding.variables.GITHUB_REPOSITORY
if (!owner || !repositoryName) {
    throw new IllegalStateException('GITHUB_OWNER and GITHUB_REPOSITORY must be in the environment of the controller')
}

multibranchPipelineJob('model-promotion') {
    displayName('Model promotion')
    description('Pull requests are checked, planned and reviewed; main is planned, approved and deployed.')
    branchSources {
        github {
            // For ever: with another id every branch is built again.
            id('model-promotion')
            repoOwner(owner)
            repository(repositoryName)
            // Job DSL's default is true: code of a stranger's fork would see credentials.
            buildForkPRMerge(false)
        }
    }
    orphanedItemStrategy {
        discardOldItems {
            daysToKeep(14)
            numToKeep(30)
        }
    }
    configure { project ->
        def source = project / sources / data / 'jenkins.branch.BranchSource' / source
        // The plugin reads these old elements only to make traits of them, forks included.
        ['includes', 'excludes', 'buildOriginBranch', 'buildOriginBranchWithPR', 'buildOriginPRMerge',
         'buildOriginPRHead', 'buildForkPRMerge', 'buildForkPRHead', 'scanCredentialsId',
         'checkoutCredentialsId'].each { name ->
            source.remove(source / name)
        }
        source << credentialsId('github-app')
        source << traits {
            // 1: branches that are not also pull requests.
            'org.jenkinsci.plugins.github__branch__source.BranchDiscoveryTrait' {
                strategyId(1)
            }
            // 1: a pull request merged with its target, as it would be on main.
            'org.jenkinsci.plugins.github__branch__source.OriginPullRequestDiscoveryTrait' {
                strategyId(1)
            }
            'jenkins.plugins.git.traits.CleanBeforeCheckoutTrait' {
                extension(class: 'hudson.plugins.git.extensions.impl.CleanBeforeCheckout') {
                    deleteUntrackedNestedRepositories(true)
                }
            }
        }
        // The webhook starts builds; the scan finds what a lost webhook left.
        project / triggers / 'com.cloudbees.hudson.plugins.folder.computed.PeriodicFolderTrigger' {
            spec('H H/4 * * *')
            interval(14400000)
        }
    }
}
