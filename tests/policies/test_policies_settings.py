"""What the rules take from the stack's settings, and what they make of a stack that has none."""

from __future__ import annotations

import copy
from dataclasses import replace

import pulumi
import pytest
from policies.catalog import RULES
from policies.s3 import BUCKET_POLICY
from policies.stack_settings import StackSettings, load, parse

BY_NAME = {rule.name: rule for rule in RULES}


def test_everything_is_taken_from_the_stack_file(stacks):
    settings = stacks["prod"].settings
    assert settings.environment == "prod"
    assert settings.account == "222222222222"
    assert settings.accounts["jenkins"] == "444444444444"
    assert settings.external_id == "model-promotion"
    assert settings.log_retention_days == 365
    assert not settings.is_managed


def test_a_stack_without_settings_knows_no_account_so_everybody_is_a_stranger(stacks, judge):
    stack = copy.copy(stacks["registry"])
    stack.settings = parse("{}")
    assert stack.settings == StackSettings(accounts={})
    policy = stack.one(BUCKET_POLICY, "artifacts-policy")
    assert "which is no account of the platform" in judge(BY_NAME["s3-known-principals"], stack, policy)[0]


def test_settings_are_read_from_where_the_engine_puts_them():
    try:
        pulumi.runtime.set_all_config({"model-promotion:settings": '{"environment": "dev"}'})
        assert load().environment == "dev"
        pulumi.runtime.set_all_config({})
        assert load() == StackSettings(accounts={})
    finally:
        pulumi.runtime.set_all_config({})


@pytest.mark.parametrize("days", [30, 3653])
def test_logs_are_kept_for_as_long_as_the_settings_say(days, stacks, judge):
    stack = copy.copy(stacks["prod"])
    stack.settings = replace(stack.settings, log_retention_days=days)
    group = next(r for r in stack.resources if "logGroup" in r.type)
    assert bool(judge(BY_NAME["log-retention"], stack, group)) == (days > 365)
