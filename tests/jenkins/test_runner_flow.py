"""The runner goes through stages, conditions and post conditions as Jenkins does."""

from __future__ import annotations

from conftest import Controller

FLOW = """
def greeting(String name) {
    return "hello ${name}"
}

pipeline {
    agent none
    options {
        skipDefaultCheckout()
        buildDiscarder(logRotator(numToKeepStr: '30'))
    }
    parameters {
        string(name: 'prodAccount', defaultValue: '222222222222', description: 'Account of prod')
        choice(name: 'action', choices: ['deploy', 'drift'])
    }
    triggers { cron(env.BRANCH_NAME == 'main' ? 'H 5 * * *' : '') }
    environment {
        NAME = 'world'
        LINE = "account ${params.prodAccount}, ${NAME}"
    }
    stages {
        stage('Retried') {
            agent any
            options { retry(2) }
            steps { sh 'test -e tried-$NODE_NAME || test -e "$HOME/tried" || { touch "$HOME/tried"; exit 3; }' }
            post {
                cleanup { echo 'P cleanup' }
                always { echo 'P always' }
                failure { echo 'P failure' }
            }
        }
        stage('Values') {
            agent any
            steps {
                sh 'echo "LINE is $LINE"'
                script {
                    writeJSON file: 'made.json', json: [greeting: greeting(env.NAME).toString(), count: 2]
                    def made = readJSON file: 'made.json'
                    def shown = sh(script: 'cat made.json', returnStdout: true).trim()
                    def code = sh(script: 'exit 7', returnStatus: true)
                    currentBuild.description = "${made.greeting} ${made.count} ${shown.length()} ${code}"
                }
                junit allowEmptyResults: true, testResults: 'none/*.xml'
                archiveArtifacts artifacts: '*.json', fingerprint: true
            }
        }
        stage('Side by side') {
            failFast true
            parallel {
                stage('Left') { steps { warnError('left') { error 'is soft' } } }
                stage('Right') {
                    stages { stage('Deep') { steps { echo 'deep' } } }
                }
            }
        }
        stage('Of main') {
            when {
                branch 'main'
                not { changeRequest() }
                anyOf {
                    triggeredBy 'TimerTrigger'
                    expression { params.action == 'deploy' }
                }
            }
            steps { echo 'on main' }
        }
        stage('Of a request') {
            when { changeRequest target: 'main' }
            steps { echo "request ${env.CHANGE_ID}" }
        }
        stage('Fails') { steps { error 'no further' } }
        stage('Never') { steps { echo 'never' } }
    }
    post {
        unsuccessful { echo 'P unsuccessful' }
        changed { echo 'P changed' }
        always { echo "P ${currentBuild.currentResult}" }
    }
}
"""


def test_a_build_goes_through_every_section_in_jenkins_order(controller: Controller) -> None:
    build = controller(FLOW).build(previous_result="SUCCESS")
    assert build.result == "FAILURE"
    assert build.stages == {
        "Retried": "SUCCESS",
        "Values": "SUCCESS",
        "Side by side": "UNSTABLE",
        "Left": "UNSTABLE",
        "Right": "SUCCESS",
        "Deep": "SUCCESS",
        "Of main": "SUCCESS",
        "Of a request": "SKIPPED_WHEN",
        "Fails": "FAILURE",
        "Never": "SKIPPED_FAILURE",
    }
    posts = [line[2:] for line in build.log.splitlines() if line.startswith("P ")]
    assert posts == ["always", "failure", "cleanup", "always", "cleanup", "FAILURE", "changed", "unsuccessful"]
    assert "LINE is account 222222222222, world" in build.log
    assert build.report["description"] == "hello world 2 36 7"
    assert build.archive("made.json").read_text() == '{"greeting":"hello world","count":2}'
    assert build.report["errors"] == ["no further"]


def test_a_pull_request_is_known_by_its_variables(controller: Controller) -> None:
    build = controller(FLOW).pull_request(7, "feature", params={"prodAccount": "333333333333"})
    assert build.stages["Of main"] == "SKIPPED_WHEN"
    assert "request 7" in build.log
    assert "LINE is account 333333333333, world" in build.log
    assert build.report["triggers"] == [{"name": "cron", "arguments": [""]}]


def test_a_parameter_that_the_job_does_not_declare_is_an_error(controller: Controller) -> None:
    build = controller(FLOW).build(params={"devAccount": "1"})
    assert build.report["errors"] == ["jenkinsfile.StepFailed: The job has no parameter devAccount"]


LOCKED_BEFORE_WHEN = """
pipeline {
    agent none
    stages {
        stage('Late') {
            when { branch 'other' }
            options { lock('late') }
            steps { echo 'x' }
        }
        stage('Early') {
            when { beforeOptions true; branch 'other' }
            options { lock('early') }
            steps { echo 'x' }
        }
    }
}
"""


def test_a_stage_takes_its_lock_before_when_unless_told_otherwise(controller: Controller) -> None:
    build = controller(LOCKED_BEFORE_WHEN).build()
    assert build.result == "SUCCESS"
    assert [step["args"]["resource"] for step in build.steps("lock")] == ["late"]


def test_failing_tests_make_a_build_unstable(controller: Controller) -> None:
    report = '<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>'
    build = controller(f"""pipeline {{
        agent any
        stages {{ stage('Test') {{ steps {{
            writeFile file: 'reports/junit.xml', text: '{report}'
            junit 'reports/*.xml'
        }} }} }}
    }}""").build()
    assert (build.result, build.stages) == ("UNSTABLE", {"Test": "UNSTABLE"})
    assert build.report["junit"] == {"tests": 2, "failures": 1, "skipped": 0}


def test_a_stage_outside_an_agent_has_no_shell(controller: Controller) -> None:
    build = controller("pipeline { agent none\n stages { stage('A') { steps { sh 'true' } } } }").build()
    assert build.result == "FAILURE"
    assert "Required context class hudson.FilePath is missing" in build.log


POST_ERROR = """
pipeline {
    agent any
    options { skipDefaultCheckout() }
    stages {
        stage('First') {
            steps { echo 'is fine' }
            post { always { error 'the report is not' } }
        }
        stage('Second') { steps { echo 'never' } }
    }
}
"""


def test_an_error_in_a_stages_post_condition_ends_the_build_before_the_next_stage(controller: Controller) -> None:
    # ModelInterpreter.executeSingleStage throws what runPostConditions caught (pipeline-model-definition-plugin).
    build = controller(POST_ERROR).build()
    assert build.result == "FAILURE"
    assert build.stages == {"First": "FAILURE", "Second": "SKIPPED_FAILURE"}


CONDITIONS = {
    "a pattern": ("branch 'feature/**'", {"feature/a/b"}),
    "an expression": ("branch pattern: 'main|other', comparator: 'REGEXP'", {"main"}),
    "not": ("not { branch 'main' }", {"feature/a/b", "PR-7"}),
    "any of": ("anyOf { branch 'main'; changeRequest() }", {"main", "PR-7"}),
    "all of": ("allOf { changeRequest(); changeRequest target: 'main' }", {"PR-7"}),
    "none of these targets": ("changeRequest target: 'release'", set()),
    "a cause": ("triggeredBy 'BranchEventCause'", {"main", "feature/a/b", "PR-7"}),
    "another cause": ("triggeredBy 'TimerTrigger'", set()),
    "a question": ("expression { env.CHANGE_ID == '7' }", {"PR-7"}),
}


def test_a_build_that_was_asked_for_twice_has_both_causes(controller: Controller) -> None:
    count = "currentBuild.getBuildCauses('hudson.triggers.TimerTrigger$TimerTriggerCause').size()"
    build = controller(
        f"""pipeline {{ agent none
        stages {{
            stage('Of the clock') {{ when {{ triggeredBy 'TimerTrigger' }}
                steps {{ echo "${{{count}}} of ${{currentBuild.getBuildCauses().size()}}" }} }}
            stage('Of a push') {{ when {{ triggeredBy 'BranchEventCause' }}
                steps {{ echo "${{currentBuild.getBuildCauses()*._class}}" }} }}
            stage('Of a person') {{ when {{ triggeredBy 'UserIdCause' }}
                steps {{ echo 'x' }} }}
        }} }}"""
    ).build(cause=["TimerTrigger", "BranchEventCause"])
    assert list(build.stages.values()) == ["SUCCESS", "SUCCESS", "SKIPPED_WHEN"]
    assert "1 of 2" in build.log
    assert "[hudson.triggers.TimerTrigger$TimerTriggerCause, jenkins.branch.BranchEventCause]" in build.log


def test_a_condition_holds_where_it_holds_in_jenkins(controller: Controller) -> None:
    stages = (
        f"stage('{name}') {{ when {{ {text} }}\nsteps {{ echo 'x' }} }}" for name, (text, _) in CONDITIONS.items()
    )
    jenkins = controller(f"pipeline {{ agent none\nstages {{\n{chr(10).join(stages)}\n}} }}")
    builds = {
        "main": jenkins.build("main"),
        "feature/a/b": jenkins.build("feature/a/b"),
        "PR-7": jenkins.pull_request(7, "feature"),
    }
    held = {
        name: {branch for branch, build in builds.items() if build.stages[name] == "SUCCESS"} for name in CONDITIONS
    }
    assert held == {name: branches for name, (_, branches) in CONDITIONS.items()}
