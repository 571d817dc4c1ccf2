"""Each rule against single changes of resources that the stacks declare."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date

import mutations_pipelines
import mutations_roles
import mutations_storage
import mutations_work
import pytest
from mutation import mutated, unknown
from policies.catalog import RULES
from policies.definition import PIPELINE
from policies.detours import TYPES
from policies.functions import FUNCTION
from policies.iam import ATTACHMENT, POLICY, ROLE, ROLE_POLICY
from policies.rule import Level, Resource

MUTATIONS = [*mutations_storage.ALL, *mutations_roles.ALL, *mutations_pipelines.ALL, *mutations_work.ALL]
BY_NAME = {rule.name: rule for rule in RULES}
# What else is asked of these than that a value is there: AWS itself makes the value, as a key's ARN.
PRESENCE = {
    "kmsKeyArn",
    "kmsKeyId",
    "kmsMasterKeyId",
    "sourceArn",
    "environment",
    "scheduleExpression",
    "pipelineDefinitionS3Location",
}
# Told by `sagemaker-definition-unknown`, and judged by the update.
TOLD_ELSEWHERE = {"pipelineDefinition"}
# Only with settings that the committed stacks do not have; each has a test of its own.
BY_SETTINGS = {"iam-permissions-managed", "iam-permissions-boundary"}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_rule_passes_what_is_declared_and_names_what_was_changed(mutation, stacks, judge):
    rule, stack = BY_NAME[mutation.rule], stacks[mutation.stack]
    good = stack.one(mutation.type, mutation.name)
    assert judge(rule, stack, good) == []
    found = judge(rule, stack, mutated(good, mutation.edit))
    assert found, f"{rule.name} lets it pass"
    assert all(message.startswith(f"{good.name}: ") for message in found)
    assert any(mutation.says in message for message in found), found


def test_every_rule_is_shown_something_to_refuse():
    assert set(BY_NAME) - {mutation.rule for mutation in MUTATIONS} == BY_SETTINGS


def _judged_properties():
    return [
        pytest.param(rule, token, prop, id=f"{rule.name} {token.split(':')[-1]} {prop}")
        for rule in RULES
        if rule.name not in BY_SETTINGS | {"no-detours"}
        for token, properties in rule.reads.items()
        for prop in properties
        if prop not in PRESENCE | TOLD_ELSEWHERE
    ]


def _declared(stacks, token):
    """A resource of a type, or what nobody declares made from what somebody does."""
    made = {POLICY: ROLE_POLICY, ATTACHMENT: ROLE}
    for stack in stacks.values():
        for resource in stack.resources:
            if resource.type == made.get(token, token):
                return stack, replace(resource, type=token)
    raise AssertionError(f"no stack declares a {token}")


@pytest.mark.parametrize(("rule", "token", "prop"), _judged_properties())
def test_a_rule_that_meets_an_unknown_value_says_so(rule, token, prop, stacks, judge):
    stack, good = _declared(stacks, token)
    found = judge(rule, stack, mutated(good, unknown(prop)))
    assert len(found) == 1
    assert f"`{prop}" in found[0]
    assert "is not known before it is deployed" in found[0]
    assert rule.level is Level.MANDATORY


@pytest.mark.parametrize("token", [POLICY, ROLE_POLICY])
def test_policies_of_their_own_are_judged_as_inline_ones_are(token, stacks, judge):
    stack, good = _declared(stacks, token)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    bad = replace(good, props={"policy": json.dumps(everything)})
    for name in ("iam-named-actions", "iam-named-resources", "iam-pass-role-to-service"):
        assert judge(BY_NAME[name], stack, bad), name


@pytest.mark.parametrize("policy", ["AmazonS3FullAccess", "AdministratorAccess", "PowerUserAccess"])
def test_full_access_is_refused_or_with_managed_permissions_only_told(policy, stacks, managed_stacks, judge):
    attachment = Resource(type=ATTACHMENT, name="x", props={"policyArn": f"arn:aws:iam::aws:policy/{policy}"})
    refused, told = BY_NAME["iam-no-full-access"], BY_NAME["iam-permissions-managed"]
    assert policy in judge(refused, stacks["prod"], attachment)[0]
    assert judge(told, stacks["prod"], attachment) == []
    assert judge(refused, managed_stacks["prod"], attachment) == []
    assert policy in judge(told, managed_stacks["prod"], attachment)[0]


@pytest.mark.parametrize("token", TYPES)
def test_what_gives_access_past_the_rules_is_refused(token, stacks, judge):
    found = judge(BY_NAME["no-detours"], stacks["dev"], Resource(type=token, name="x", props={}))
    assert found == [f"x: no rule judges what a {token.split(':')[-1]} gives; write {TYPES[token]}"]


def test_roles_have_the_boundary_that_the_settings_name(stacks, judge):
    boundary = "arn:aws:iam::222222222222:policy/edge"
    rule, stack = BY_NAME["iam-permissions-boundary"], copy.copy(stacks["prod"])
    stack.settings = replace(stack.settings, permissions_boundary=boundary)
    role = stack.one(ROLE, "execution-role")
    assert boundary in judge(rule, stack, role)[0]
    assert judge(rule, stack, replace(role, props={**role.props, "permissionsBoundary": boundary})) == []
    other = replace(role, props={**role.props, "permissionsBoundary": f"{boundary}-other"})
    assert f"`permissionsBoundary` is {boundary}-other; write {boundary}" in judge(rule, stack, other)[0]


def test_runtimes_are_refused_from_the_day_on_which_their_support_ends(stacks, judge):
    rule, stack = BY_NAME["lambda-runtime"], stacks["prod"]
    function = stack.one(FUNCTION, "retrain-gate")
    assert (
        judge(rule, stack, function, today=date(2029, 6, 29), runtimes={"python3.13": "2029-06-30", "z": "2031-01-01"})
        == []
    )
    found = judge(
        rule, stack, function, today=date(2029, 6, 30), runtimes={"python3.13": "2029-06-30", "z": "2031-01-01"}
    )
    assert "has not supported since 2029-06-30; write z" in found[0]


@pytest.mark.parametrize(
    ("network", "missing"),
    [("any", []), ("isolation", []), ("vpc", ["VpcConfig"]), ("both", ["VpcConfig"])],
)
def test_jobs_are_in_a_vpc_where_that_is_configured(network, missing, stacks, judge):
    rule, stack = BY_NAME["sagemaker-network"], stacks["dev"]
    found = judge(rule, stack, stack.one(PIPELINE, "mammography-severity-train"), network=network)
    assert bool(found) == bool(missing)
    assert all("`VpcConfig` names no Subnets" in message for message in found)


def test_a_job_in_a_vpc_passes_where_that_is_configured(stacks, judge):
    rule, stack = BY_NAME["sagemaker-network"], stacks["dev"]
    vpc = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    step = {"Name": "One", "Type": "Training", "Arguments": {"VpcConfig": vpc}}
    pipeline = Resource(type=PIPELINE, name="x", props={"pipelineDefinition": json.dumps({"Steps": [step]})})
    assert judge(rule, stack, pipeline, network="vpc") == []
    assert judge(rule, stack, pipeline, network="both") != []
    for half, value in vpc.items():
        step["Arguments"] = {"VpcConfig": {half: value}}
        pipeline = Resource(type=PIPELINE, name="x", props={"pipelineDefinition": json.dumps({"Steps": [step]})})
        assert "`VpcConfig` names no Subnets and SecurityGroupIds" in judge(rule, stack, pipeline, network="vpc")[0]
