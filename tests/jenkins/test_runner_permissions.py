"""Secrets, approvals and AWS identities of the runner are as strict as Jenkins'."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Controller

SECRETS = """
pipeline {
    agent any
    environment { PASSPHRASE = credentials('passphrase') }
    stages {
        stage('A') {
            steps {
                sh 'echo "the passphrase is $PASSPHRASE"'
                withCredentials([
                    usernamePassword(credentialsId: 'github', usernameVariable: 'U', passwordVariable: 'P'),
                ]) { sh 'echo "$U has $P"' }
                script { currentBuild.description = env.PASSPHRASE }
                sh 'test -z "$P"'
            }
        }
    }
}
"""
STORE = {
    "passphrase": {"kind": "string", "value": "correct horse"},
    "github": {"kind": "usernamePassword", "username": "bot", "password": "ghp_secret"},
}


def test_secrets_appear_in_no_log_and_no_result(controller: Controller) -> None:
    build = controller(SECRETS, credentials=STORE).build()
    assert build.result == "SUCCESS", build.log
    assert "the passphrase is ****" in build.log
    assert "bot has ****" in build.log
    written = build.log + (build.folder / "result.json").read_text()
    assert "correct horse" not in written
    assert "ghp_secret" not in written


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ({"passphrase": STORE["passphrase"]}, "Could not find credentials entry with ID 'github'"),
        (
            {**STORE, "github": {"kind": "string", "value": "ghp_secret"}},
            "Credentials 'github' is of type 'string' where 'usernamePassword' was expected",
        ),
    ],
    ids=["absent", "of another kind"],
)
def test_a_credential_must_exist_and_be_of_its_kind(
    controller: Controller, store: dict[str, dict[str, str]], message: str
) -> None:
    build = controller(SECRETS, credentials=store).build()
    assert build.result == "FAILURE"
    assert message in build.log


APPROVAL = """
pipeline {
    agent none
    stages {
        stage('Approve') {
            options { timeout(time: 1, unit: 'HOURS') }
            steps { script {
                def who = input(message: 'Deploy?', id: 'deploy', submitter: 'approvers,jane', submitterParameter: 'BY')
                currentBuild.description = "approved by ${who}"
            } }
        }
        stage('Deploy') { steps { echo 'deployed' } }
    }
}
"""


@pytest.mark.parametrize(
    ("answer", "result", "line"),
    [
        ({"by": "jane"}, "SUCCESS", "Approved by jane"),
        ({"by": "joe", "groups": ["approvers"]}, "SUCCESS", "Approved by joe"),
        ({"by": "joe", "groups": ["readers"]}, "ABORTED", "joe is not allowed to answer this input"),
        ({"by": "jane", "approve": False}, "ABORTED", "Rejected by jane"),
        (None, "ABORTED", "Timeout has been exceeded"),
    ],
    ids=["user", "group", "stranger", "refusal", "silence"],
)
def test_only_a_submitter_approves(
    controller: Controller, answer: dict[str, Any] | None, result: str, line: str
) -> None:
    build = controller(APPROVAL).build(inputs={"deploy": answer} if answer else {})
    assert build.result == result
    assert line in build.log
    assert build.stages["Deploy"] == ("SUCCESS" if result == "SUCCESS" else "SKIPPED_FAILURE")
    assert build.report["inputs"][0]["approved"] == (result == "SUCCESS")
    if result == "SUCCESS":
        assert answer
        assert build.report["description"] == f"approved by {answer['by']}"


def test_an_input_that_waits_for_ever_is_an_error(controller: Controller) -> None:
    build = controller(APPROVAL.replace("options { timeout(time: 1, unit: 'HOURS') }", "")).build()
    assert build.result == "FAILURE"
    assert "nobody answers, and no timeout surrounds it" in build.log
