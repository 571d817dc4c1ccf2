"""`withAWS` assumes a role for real, with the identity that Jenkins would ask with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from conftest import Controller

from sandbox import process

AGENT, CONTROLLER, PROD = "444444444444", "555555555555", "222222222222"
PIPELINE = """
pipeline {
    agent { label 'deploy' }
    stages {
        stage('A') {
            steps {
                sh 'echo "own key: $AWS_ACCESS_KEY_ID"'
                withAWS(role: 'deployer', roleAccount: '222222222222', externalId: 'EXTERNAL', region: 'eu-west-1',
                        duration: 900) {
                    sh 'echo "key of a session: ${AWS_ACCESS_KEY_ID%%IA*}, token ${AWS_SESSION_TOKEN:+is set}"'
                    sh 'echo "region: $AWS_REGION $AWS_DEFAULT_REGION"'
                }
                sh 'echo "afterwards: $AWS_ACCESS_KEY_ID ${AWS_SESSION_TOKEN:-no token}"'
            }
        }
    }
}
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox whose account of prod has a role that the agent's account may assume, by an external id."""
    folder = tmp_path_factory.mktemp("sandbox")
    url = process.start(folder, 0).endpoint_url
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{AGENT}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
        },
    }
    iam = boto3.client(
        "iam", endpoint_url=url, aws_access_key_id=PROD, aws_secret_access_key="test", region_name="us-east-1"
    )
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(trust))
    yield url
    process.stop(folder)


def keys(account: str) -> dict[str, str]:
    """An account's root, in the sandbox."""
    return {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test"}


def test_a_role_is_assumed_with_the_agents_own_identity(controller: Controller, endpoint: str) -> None:
    build = controller(
        PIPELINE.replace("EXTERNAL", "agreed"),
        endpoint=endpoint,
        nodes={"deploy": {"env": keys(AGENT)}},
        credentials_from_node=True,
    ).build()
    assert build.result == "SUCCESS", build.log
    session = f"arn:aws:sts::{PROD}:assumed-role/deployer/Jenkins-model-promotion-main-1"
    assert [step["arn"] for step in build.steps("withAWS")] == [session]
    assert f"own key: {AGENT}" in build.log
    assert "key of a session: AS, token is set" in build.log
    assert "region: eu-west-1 eu-west-1" in build.log
    assert f"afterwards: {AGENT} no token" in build.log


@pytest.mark.parametrize(
    ("external_id", "from_node", "message"),
    [("wrong", True, "AccessDenied"), ("agreed", False, "AccessDenied")],
    ids=["a wrong external id", "the controller's identity, which Jenkins takes unless told otherwise"],
)
def test_no_role_is_assumed_with(
    controller: Controller, endpoint: str, external_id: str, from_node: bool, message: str
) -> None:
    build = controller(
        PIPELINE.replace("EXTERNAL", external_id),
        endpoint=endpoint,
        nodes={"deploy": {"env": keys(AGENT)}},
        controller_env=keys(CONTROLLER),
        credentials_from_node=from_node,
    ).build()
    assert build.result == "FAILURE"
    assert message in build.log
    assert "afterwards" not in build.log


def test_no_role_is_assumed_outside_an_agent(controller: Controller, endpoint: str, tmp_path: Path) -> None:
    jenkinsfile = "pipeline { agent none\n stages { stage('A') { steps { withAWS(role: 'deployer') { echo 'x' } } } } }"
    build = controller(jenkinsfile, endpoint=endpoint, credentials_from_node=True).build()
    assert build.result == "FAILURE"
    assert "Unable to retrieve credentials from node." in build.log
