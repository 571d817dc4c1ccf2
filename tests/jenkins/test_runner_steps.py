"""The runner's steps do what their names say in Jenkins."""

from __future__ import annotations

import time
from pathlib import Path

from conftest import Controller, git

STEPS = """
pipeline {
    agent any
    stages {
        stage('Files') {
            steps {
                dir('deep/folder') { writeFile file: 'note.txt', text: 'one' }
                script {
                    echo "note ${readFile 'deep/folder/note.txt'} ${fileExists('deep')} ${fileExists('flat')}"
                    def given = readJSON(text: '{"list": [1, {"key": null}]}')
                    echo "json ${given.list[0]} ${writeJSON(json: given, returnText: true)}"
                    withEnv(['PATH+MINE=/mine', 'PLAIN=a=b']) {
                        echo "env ${env.PLAIN} ${sh(script: 'echo ${PATH%%:*}', returnStdout: true).trim()}"
                    }
                }
                checkout scm
                sh 'test ! -e deep'
                dir('made') { sh 'touch left'; deleteDir() }
                sh 'test ! -e made'
                sleep time: 1, unit: 'MILLISECONDS'
            }
        }
        stage('Soft') {
            steps {
                catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE', message: 'let it be') { error 'soft' }
                echo 'after the error'
            }
        }
        stage('Warned') { steps { unstable 'not good' } }
        stage('Asked') {
            input {
                message 'Which?'
                submitter 'jane'
                submitterParameter 'WHO'
                parameters {
                    string(name: 'TARGET', defaultValue: 'dev')
                    choice(name: 'SPEED', choices: ['slow', 'fast'])
                }
            }
            steps { echo "asked ${WHO} ${env.TARGET} ${SPEED}" }
        }
    }
}
"""


def test_steps_do_what_they_do_in_jenkins(controller: Controller) -> None:
    build = controller(STEPS).build(inputs={"Which?": {"by": "jane", "values": {"TARGET": "prod"}}})
    lines = build.log.splitlines()
    assert [line for line in lines if line.startswith(("note", "json", "env", "asked", "after", "ERROR"))] == [
        "note one true false",
        'json 1 {"list":[1,{"key":null}]}',
        "env a=b /mine",
        "ERROR: let it be soft",
        "after the error",
        "asked jane prod slow",
    ]
    assert build.stages == {"Files": "SUCCESS", "Soft": "UNSTABLE", "Warned": "UNSTABLE", "Asked": "SUCCESS"}
    assert build.result == "UNSTABLE"
    assert build.report["inputs"][0]["by"] == "jane"


def test_a_branch_that_fails_fast_ends_the_others(controller: Controller, tmp_path: Path) -> None:
    started = time.monotonic()
    build = controller(
        """pipeline {
        agent any
        stages { stage('All') {
            failFast true
            parallel {
                stage('Failing') { steps { sh 'until test -e "$MARK"; do sleep 0.05; done'; error 'broken' } }
                stage('Long') { steps { sh 'touch "$MARK"; sleep 100' } }
            }
        } }
    }""",
        env={"MARK": str(tmp_path / "mark")},
    ).build()
    assert build.result == "FAILURE"
    assert build.stages == {"All": "FAILURE", "Failing": "FAILURE", "Long": "ABORTED"}
    assert build.report["errors"] == ["broken"]
    assert time.monotonic() - started < 60


def test_a_build_has_the_commit_that_it_is_for(controller: Controller, small_repository: Path) -> None:
    first = git(small_repository, "rev-parse", "HEAD")
    git(small_repository, "switch", "--quiet", "--create", "other")
    (small_repository / "second.txt").touch()
    git(small_repository, "add", ".")
    git(small_repository, "commit", "--quiet", "--message=Another file")
    second = git(small_repository, "rev-parse", "HEAD")
    git(small_repository, "switch", "--quiet", "main")
    jenkins = controller("""pipeline {
        agent any
        stages { stage('A') { steps { sh 'echo "is $GIT_COMMIT $(git rev-parse HEAD) $(ls)"' } } }
    }""")
    scm = {"path": str(small_repository)}
    assert f"is {first} {first} committed.txt" in jenkins.build(scm=scm).log
    assert f"is {second} {second} committed.txt\nsecond.txt" in jenkins.build(scm={**scm, "commit": second}).log


def test_nothing_to_keep_is_an_error_unless_it_is_allowed(controller: Controller) -> None:
    jenkins = controller("""pipeline {
        agent any
        stages { stage('A') { steps {
            catchError(message: '1') { stash name: 'x', includes: 'none/**' }
            catchError(message: '2') { unstash 'y' }
            catchError(message: '3') { archiveArtifacts 'none/**' }
            catchError(message: '4') { junit 'none/**' }
            stash name: 'x', includes: 'none/**', allowEmpty: true
            archiveArtifacts artifacts: 'none/**', allowEmptyArchive: true
        } } }
    }""")
    errors = [line for line in jenkins.build().log.splitlines() if line.startswith("ERROR")]
    assert errors == [
        "ERROR: 1 No files included in stash 'x'",
        "ERROR: 2 No such saved stash 'y'",
        'ERROR: 3 No artifacts found that match the file pattern "none/**". Configuration error?',
        "ERROR: 4 No test report files were found. Configuration error?",
    ]
