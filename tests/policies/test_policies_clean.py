"""The platform's own stacks under every rule."""

from __future__ import annotations

import pytest
from policies.catalog import RULES, STACK_RULES
from policies.detours import TYPES
from policies.rule import Level

ENVIRONMENTS = ("registry", "dev", "prod")
NOT_DECLARED = {
    "aws:iam/policy:Policy": "roles have inline policies",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "only with permissions: managed",
    **TYPES,
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_rule_has_anything_against_a_stack(environment, stacks, judge, judge_stack):
    stack = stacks[environment]
    found = [message for rule in RULES for resource in stack.resources for message in judge(rule, stack, resource)]
    found += [message for rule in STACK_RULES for message in judge_stack(rule, stack, stack.outcome)]
    assert found == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_managed_permissions_are_told_but_not_stopped(environment, managed_stacks, judge, judge_stack):
    stack = managed_stacks[environment]
    found = {
        (rule.name, rule.level) for rule in RULES for resource in stack.resources if judge(rule, stack, resource)
    } | {(rule.name, rule.level) for rule in STACK_RULES if judge_stack(rule, stack, stack.outcome)}
    told = set() if environment == "registry" else {("iam-permissions-managed", Level.ADVISORY)}
    assert found == told


@pytest.mark.parametrize("rule", [*RULES, *STACK_RULES], ids=lambda rule: rule.name)
def test_every_rule_has_judged_every_type_that_it_names(rule, stacks):
    declared = {resource.type for stack in stacks.values() for resource in stack.resources}
    assert set(rule.reads) - declared <= set(NOT_DECLARED)
    assert set(rule.reads) & declared
