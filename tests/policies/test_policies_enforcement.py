"""Rules as the engine's policies: what it sends is made plain, and what they find goes back to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pulumi
import pytest
from policies import catalog
from policies.enforcement import plain, policies
from policies.kms import KEY
from policies.messaging import TOPIC
from policies.rule import UNKNOWN, Level
from policies.waivers import Waiver
from pulumi_policy import (
    EnforcementLevel,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

OPTIONS = PolicyResourceOptions(False, [], None, [], None, [], None)
SETTINGS = {"environment": "dev", "accounts": {"dev": "111111111111"}}


@pytest.fixture(autouse=True)
def stack_settings() -> Iterator[None]:
    """The stack's settings where the engine puts them."""
    pulumi.runtime.set_all_config({"model-promotion:settings": json.dumps(SETTINGS)})
    yield
    pulumi.runtime.set_all_config({})


def put_to(name, *, token=KEY, waivers=(), config=None, **props):
    """What the policy of a rule reports on one resource."""
    policy = next(p for p in policies(catalog.RULES, catalog.STACK_RULES, waivers) if p.name == name)
    args = ResourceValidationArgs(token, unknown_checking_proxy(props), f"urn::{token}::x", "x", OPTIONS, None, config)
    reported = []
    policy.validate(args, lambda message, _: reported.append(message))
    return reported


def put_to_stack(name, *resources, waivers=(), config=None):
    """What the policy of a stack rule reports: URNs and messages."""
    policy = next(p for p in policies(catalog.RULES, catalog.STACK_RULES, waivers) if p.name == name)
    reported = []
    policy.validate(StackValidationArgs(list(resources), config), lambda message, urn: reported.append((urn, message)))
    return reported


def resource(token, name, default_tags=None, **props):
    provider = PolicyProviderResource(
        "pulumi:providers:aws",
        unknown_checking_proxy({"defaultTags": json.dumps({"tags": default_tags or {}})}),
        "",
        "",
    )
    return PolicyResource(
        token, unknown_checking_proxy(props), f"urn::{token}::{name}", name, OPTIONS, provider, None, [], {}
    )


def test_what_the_engine_sends_is_made_plain_and_unknown_values_are_marked():
    sent = {"a": "text", "b": [1.0, {"c": UNKNOWN_STRING_VALUE}], "d": UNKNOWN_STRING_VALUE, "e": [], "f": True}
    made = plain(unknown_checking_proxy(sent))
    assert made == {"a": "text", "b": [1.0, {"c": UNKNOWN}], "d": UNKNOWN, "e": [], "f": True}
    assert type(made["b"]) is list
    assert type(made["b"][1]) is dict


def test_a_violation_is_reported_and_a_good_resource_is_not():
    assert put_to("kms-rotation", enableKeyRotation=True) == []
    [message] = put_to("kms-rotation", enableKeyRotation=False)
    assert message.startswith("x: `enableKeyRotation` is not set")


def test_a_resource_of_another_type_is_not_judged():
    assert put_to("kms-rotation", token=TOPIC) == []


def test_an_unknown_value_is_reported():
    [message] = put_to("kms-rotation", enableKeyRotation=UNKNOWN_STRING_VALUE)
    assert "`enableKeyRotation` is not known before it is deployed" in message


def test_a_configuration_takes_the_place_of_the_default():
    assert put_to("kms-deletion-window", deletionWindowInDays=10) != []
    assert put_to("kms-deletion-window", deletionWindowInDays=10, config={"minimum_days": 7}) == []


def test_settings_are_those_of_the_stack():
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "kms:Decrypt"}]}
    assert put_to("kms-known-principals", policy=json.dumps(policy)) == []
    policy["Statement"][0]["Principal"] = {"AWS": "222222222222"}
    assert "222222222222" in put_to("kms-known-principals", policy=json.dumps(policy))[0]


def waiver(name, expires):
    return Waiver(rule=name, stack="dev", resource="x", reason="for the time of the test", expires=expires)


def test_a_waiver_holds_in_the_engine_until_its_day():
    assert put_to("kms-rotation", waivers=[waiver("kms-rotation", date.max)]) == []
    assert put_to("kms-rotation", waivers=[waiver("kms-rotation", date.min)]) != []
    assert put_to_stack("waivers-expired", waivers=[waiver("kms-rotation", date.max)]) == []
    [(_, message)] = put_to_stack("waivers-expired", waivers=[waiver("kms-rotation", date.min)])
    assert "the waiver of kms-rotation for x ended on" in message


def test_a_stack_rule_reports_the_resource_to_blame():
    topic = resource(TOPIC, "alerts", arn="arn:topic")
    policy = resource("aws:sns/topicPolicy:TopicPolicy", "policy", arn="arn:topic")
    other = resource("aws:iam/role:Role", "role")
    assert put_to_stack("stack-companions", topic, policy, other) == []
    [(urn, message)] = put_to_stack("stack-companions", topic, other)
    assert urn == topic.urn
    assert message.startswith("alerts: no topic policy in the stack")


def test_default_tags_of_the_provider_count():
    tagged = resource(TOPIC, "alerts", default_tags={"project": "p", "environment": "e"})
    assert put_to_stack("tags-required", tagged) == []
    [(urn, message)] = put_to_stack("tags-required", tagged, resource(TOPIC, "plain", tags={"project": "p"}))
    assert urn is None
    assert message.startswith("no tag `environment` on plain;")
    assert len(put_to_stack("tags-required", tagged, config={"required": ["owner", "project"]})) == 1


def test_every_rule_is_a_policy_that_stops_but_for_what_is_only_told():
    made = policies(catalog.RULES, catalog.STACK_RULES, ())
    told = {rule.name for rule in catalog.RULES if rule.level is Level.ADVISORY}
    assert told == {"sagemaker-definition-unknown", "iam-permissions-managed"}
    assert {p.name for p in made if p.enforcement_level is EnforcementLevel.ADVISORY} == told
    assert {p.name for p in made if p.enforcement_level is EnforcementLevel.MANDATORY} == {
        *(set(catalog.NAMES) - told),
        "waivers-expired",
    }
