// Rules of CodeNarc for the Jenkinsfile, the seed job and the runner.
ruleset {
    ruleset('rulesets/basic.xml')
    ruleset('rulesets/braces.xml')
    ruleset('rulesets/exceptions.xml') {
        // A stage that fails in any way still has its post conditions.
        exclude 'CatchException'
    }
    ruleset('rulesets/imports.xml')
    ruleset('rulesets/jenkins.xml')
    ruleset('rulesets/security.xml') {
        // For Enterprise Java Beans; the runner reads and writes files.
        exclude 'JavaIoPackageAccess'
    }
    ruleset('rulesets/unnecessary.xml')
    ruleset('rulesets/unused.xml')
    LineLength {
        length = 130
    }
}
