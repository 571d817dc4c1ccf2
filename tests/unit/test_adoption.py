"""A deployment role whose documents changed since the last deployment is read again."""

from __future__ import annotations

import json

import pytest

from infra.identity.deployment_role import deployment_role_args
from infra.names import Names
from ml import model as models
from mlops.adoption import outdated_documents


@pytest.fixture
def args(settings):
    return deployment_role_args(Names(settings["prod"]), "prod", [models.load("mammography-severity")])


@pytest.fixture
def state(args):
    role = {"name": args.role_name, "assumeRolePolicy": json.dumps(json.loads(args.trust), indent=1)}
    [(name, policy)] = args.inline_policies.items()
    return [
        {"urn": "stack", "type": "pulumi:pulumi:Stack"},
        {"urn": "role", "type": "aws:iam/role:Role", "outputs": role},
        {
            "urn": "policy",
            "type": "aws:iam/rolePolicy:RolePolicy",
            "outputs": {"role": args.role_name, "name": name, "policy": policy},
        },
        {
            "urn": "other",
            "type": "aws:iam/rolePolicy:RolePolicy",
            "outputs": {"role": "other", "name": name, "policy": "{}"},
        },
    ]


def test_the_same_documents_are_not_read_again_however_they_are_written(state, args):
    assert outdated_documents(state, args) == []


def test_other_documents_of_the_role_are_read_again_and_those_of_other_roles_are_not(state, args):
    state[1]["outputs"]["assumeRolePolicy"] = "{}"
    state[2]["outputs"]["policy"] = "{}"
    assert outdated_documents(state, args) == ["role", "policy"]


def test_a_policy_that_the_role_no_longer_has_is_read_again(state, args):
    state[2]["outputs"]["name"] = "gone"
    assert outdated_documents(state, args) == ["policy"]
