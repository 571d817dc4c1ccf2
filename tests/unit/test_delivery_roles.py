"""What Jenkins may be: deploy agents the deployment roles, preview agents roles that only read."""

from __future__ import annotations

import configparser
import json

import pytest

from infra.encryption.state_key import state_key_args
from infra.identity.deployment import deployment_statements
from infra.identity.document import Statement
from infra.identity.jenkins_agents import agent_documents
from infra.identity.preview_role import preview_role_args, preview_statements, reading
from infra.names import Names
from infra.settings import ENVIRONMENTS
from ml import model as models
from mlops.aws_profiles import profiles

READS = ("Describe", "Get", "List")
# What a preview role may do beyond reading: prod's, since the state, its key, the log and the topic are there.
BEYOND = {
    "kms:Decrypt",
    "kms:GenerateDataKey*",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sns:Publish",
}


@pytest.fixture
def chosen():
    return [models.load("mammography-severity")]


def actions(statements):
    return {action for statement in statements for action in statement.actions}


def test_reading_keeps_the_reading_actions_with_their_resources_and_conditions():
    conditions = {"StringEquals": {"aws:ResourceTag/project": "p"}}
    mixed = Statement(sid="A", actions=("s3:GetX", "s3:PutX"), resources=("r",), conditions=conditions)
    changing = Statement(sid="B", actions=("iam:PassRole", "kms:GenerateDataKey", "kms:Decrypt"), resources=("r",))
    assert reading([mixed, changing]) == [
        Statement(sid="A", actions=("s3:GetX",), resources=("r",), conditions=conditions)
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_preview_role_reads_all_that_the_deployment_role_reads_and_changes_nothing(settings, environment, chosen):
    names = Names(settings[environment])
    deployed = actions(deployment_statements(names, environment, chosen))
    previewed = actions(preview_statements(names, environment, chosen))
    read = {action for action in deployed if action.partition(":")[2].startswith(READS)}
    assert read
    assert previewed - read == (BEYOND if environment == "prod" else set())
    assert read <= previewed


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_preview_role_reads_no_object_but_scripts_and_state(settings, environment, chosen):
    names = Names(settings[environment])
    objects = {
        resource
        for statement in preview_statements(names, environment, chosen)
        if any(action.startswith("s3:GetObject") for action in statement.actions)
        for resource in statement.resources
    }
    data, state = names.bucket_arn(f"sagemaker-data-{names.account(environment)}-us-east-1"), names.state_bucket
    assert (
        objects
        == {
            "registry": set(),
            "dev": {f"{data}/mammography-severity-model/scripts/*"},
            "prod": {f"{data}/mammography-severity-model/scripts/*", f"{names.bucket_arn(state)}/*"},
        }[environment]
    )


def test_a_preview_role_decrypts_state_secrets_and_nothing_else_directly(settings, chosen):
    direct = [
        statement
        for statement in preview_statements(Names(settings["prod"]), "prod", chosen)
        if "kms:Decrypt" in statement.actions and "kms:ViaService" not in statement.conditions.get("StringEquals", {})
    ]
    assert [(statement.actions, dict(statement.conditions)) for statement in direct] == [
        (
            ("kms:Decrypt",),
            {
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/model-promotion-state"},
                "StringEquals": {"kms:EncryptionContext:project": "model-promotion"},
            },
        )
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_preview_agents_alone_may_become_a_preview_role(settings, environment, chosen):
    [statement] = json.loads(preview_role_args(Names(settings[environment]), environment, chosen).trust)["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::444444444444:root"}
    assert statement["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::444444444444:role/jenkins-preview"},
        "StringEquals": {"sts:ExternalId": "model-promotion"},
    }


def test_each_kind_of_agents_becomes_its_own_three_roles(settings):
    documents = agent_documents(Names(settings["prod"]))
    for kind, policy, roles in (
        (
            "deployment",
            "assume-production-role-policy",
            [
                "333333333333:role/model-promotion-deployment-role",
                "111111111111:role/model-promotion-deployment-role",
                "222222222222:role/cross-account-jenkins-role",
            ],
        ),
        (
            "preview",
            "assume-preview-roles-policy",
            [f"{account}:role/model-promotion-preview-role" for account in ("333333333333", "111111111111", "2" * 12)],
        ),
    ):
        [statement] = json.loads(documents[kind][policy])["Statement"]
        assert statement["Action"] == "sts:AssumeRole"
        assert statement["Resource"] == [f"arn:aws:iam::{role}" for role in roles]
    assert {documents[kind]["role_name"] for kind in documents} == {"jenkins-controller", "jenkins-preview"}


def test_profiles_of_a_kind_name_the_roles_of_that_kind(settings):
    names = Names(settings["prod"])
    found = {}
    for kind in ("deployment", "preview"):
        parsed = configparser.ConfigParser()
        parsed.read_string(profiles(names, "credential_source = Ec2InstanceMetadata", kind=kind))
        found[kind] = [parsed[f"profile model-promotion-{e}-pulumi"]["role_arn"] for e in ENVIRONMENTS]
    assert found["deployment"] == [names.deployment_role_arn(e) for e in ENVIRONMENTS]
    assert found["preview"] == [names.preview_role_arn(e) for e in ENVIRONMENTS]


def test_the_state_key_has_none_of_the_tags_by_which_the_deployment_role_manages_keys(settings, chosen):
    names = Names(settings["prod"].model_copy(update={"tags": {"team": "screening", "environment": "prod"}}))
    tags = state_key_args(names).tags
    statements = {s.sid: s for s in deployment_statements(names, "prod", chosen)}
    wanted = statements["Keys"].conditions["StringEquals"]
    assert {key for key, value in wanted.items() if tags.get(key.partition("/")[2]) == value} == {
        "aws:ResourceTag/project"
    }
    assert tags["team"] == "screening"
    # Nor may it put them there: the key has an alias.
    assert statements["MakeKeys"].conditions["Null"] == {"kms:ResourceAliases": "true"}


def test_names_of_state_say_bucket_key_region_and_context(settings):
    names = Names(settings["prod"])
    assert names.backend_url == "s3://pulumi-state-222222222222-us-east-1?region=us-east-1"
    assert names.secrets_provider == (
        "awskms://alias/model-promotion-state?region=us-east-1&awssdk=v2&context_project=model-promotion"
    )
    shared = Names(settings["prod"].model_copy(update={"same_account": True}))
    assert shared.state_key_alias == "alias/model-promotion-state-prod"
    assert shared.preview_role("dev") == "model-promotion-preview-role-dev"
