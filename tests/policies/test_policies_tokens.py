"""Type tokens and property names against the installed pulumi_aws: a rule on a renamed token would judge nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pulumi
import pytest
from policies import catalog
from policies.enforcement import defaults
from policies.judgement import stack_violations, violations
from policies.tags import TAGGABLE

POLICIES = Path(catalog.__file__).parent


def installed_class(token):
    """The class of pulumi_aws for a token, such as aws:s3/bucketPolicy:BucketPolicy."""
    provider, path, name = token.split(":")
    module = path.split("/")[0]
    assert provider == "aws"
    found = getattr(import_module(f"pulumi_aws.{ {'lambda': 'lambda_'}.get(module, module) }"), name)
    assert found.pulumi_type == token
    return found


def wire_names(found):
    """Names on the wire of a class's properties."""
    assert issubclass(found, pulumi.CustomResource)
    return {
        getattr(prop.fget, "_pulumi_name", name) or name
        for name, prop in vars(found).items()
        if isinstance(prop, property)
    }


TODAY = date(2026, 11, 22)
EVERY = [*catalog.RULES, *catalog.STACK_RULES]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_every_token_and_property_of_a_rule_exists(rule):
    for token, properties in rule.reads.items():
        assert set(properties) - wire_names(installed_class(token)) == set()


def test_every_token_that_is_written_anywhere_is_judged():
    written = {token for file in POLICIES.glob("*.py") for token in re.findall(r'"(aws:[^"]+)"', file.read_text())}
    tokens = {token for token in written if token.count(":") == 2 and "/" in token}
    assert tokens == {token for rule in EVERY for token in rule.reads}
    assert len(tokens) > 20


@pytest.mark.parametrize("token", TAGGABLE)
def test_what_must_have_tags_can_have_them(token):
    assert "tags" in wire_names(installed_class(token))


class Watched(dict):
    """Properties that remember which of them were asked for."""

    def __init__(self, props, seen):
        super().__init__(props)
        self.seen = seen

    def get(self, key, default=None):
        self.seen.add(key)
        return super().get(key, default)


def watched(resource, seen):

    return replace(resource, props=Watched(resource.props, seen.setdefault(resource.type, set())))


@pytest.mark.parametrize("rule", catalog.RULES, ids=lambda rule: rule.name)
def test_a_rule_reads_what_its_table_says(rule, stacks, managed_stacks):
    seen = {}

    for stack in (*stacks.values(), *managed_stacks.values()):
        for resource in stack.resources:
            if resource.type in rule.reads:
                violations(rule, watched(resource, seen), stack.context(today=TODAY, config=defaults(rule)))
    assert all(seen[token] <= set(rule.reads[token]) for token in seen)


@pytest.mark.parametrize("rule", catalog.STACK_RULES, ids=lambda rule: rule.name)
def test_a_stack_rule_reads_what_its_table_says(rule, stacks):
    seen = {}
    for stack in stacks.values():
        found = [watched(r, seen) for r in stack.outcome if r.type in rule.reads]
        list(stack_violations(rule, found, stack.context(today=TODAY, config=defaults(rule))))
    assert set(seen) == set(rule.reads)
    assert {token: seen[token] - set(rule.reads[token]) for token in seen} == {token: set() for token in seen}


def test_names_of_rules_are_unique_and_every_configuration_has_a_default():
    assert len(set(catalog.NAMES)) == len(catalog.NAMES)
    assert [rule.name for rule in EVERY for schema in rule.config.values() if "default" not in schema] == []
