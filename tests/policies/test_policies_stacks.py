"""Rules on whole stacks, against stacks that lack one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mutation import add, drop, in_json, in_statement, mutated, put, unknown, update, without_statement
from policies.catalog import STACK_RULES
from policies.completeness import COMPANIONS
from policies.events import EVENT_RULE, EVENT_TARGET
from policies.functions import FUNCTION
from policies.kms import KEY
from policies.logs import LOG_GROUP
from policies.messaging import TOPIC, TOPIC_POLICY
from policies.publishers import ALARM
from policies.rule import UNKNOWN

BY_NAME = {rule.name: rule for rule in STACK_RULES}
TRAIN_FAILED = "mammography-severity-train-failed"


def but(stack, type_, name, edit):
    """The stack's resources, one of them changed, or without it where ``edit`` is None."""
    assert any((r.type, r.name) == (type_, name) for r in stack.outcome)
    changed = []
    for resource in stack.outcome:
        if (resource.type, resource.name) != (type_, name):
            changed.append(resource)
        elif edit:
            changed.append(mutated(resource, edit))
    return changed


CASES = {
    "an alarm's service is not let into the key": (
        "sns-publishers-let-in",
        "prod",
        (KEY, "key", without_statement("policy", "CloudWatchAlarms")),
        "key: cloudwatch.amazonaws.com publishes to alerts, which is encrypted with this key, but the key policy does "
        'not let it: alerts would not arrive. Add to `policy`: Effect Allow, Principal {"Service": '
        '"cloudwatch.amazonaws.com"}, Action kms:GenerateDataKey and kms:Decrypt*',
    ),
    "EventBridge is not let into the key": (
        "sns-publishers-let-in",
        "registry",
        (KEY, "key", without_statement("policy", "EventBridgeRules")),
        'Add to `policy`: Effect Allow, Principal {"Service": "events.amazonaws.com"}',
    ),
    "half of what publishing takes": (
        "sns-publishers-let-in",
        "registry",
        (KEY, "key", in_statement("policy", "EventBridgeRules", update(Action="kms:Decrypt"))),
        "Action kms:GenerateDataKey*",
    ),
    "the topic policy lacks a publisher": (
        "sns-publishers-let-in",
        "registry",
        (TOPIC_POLICY, "alerts-policy", without_statement("policy", "Rules")),
        "events.amazonaws.com publishes to alerts, but the topic policy does not let it in",
    ),
    "a key of nobody knows where": (
        "sns-publishers-let-in",
        "prod",
        (TOPIC, "alerts", put("kmsMasterKeyId", "arn:aws:kms:us-east-1:222222222222:key/1")),
        "its key is not in this stack",
    ),
    "a function loses events": (
        "lambda-dead-letter-queue",
        "prod",
        (FUNCTION, "failure-notice", drop("deadLetterConfig")),
        "failure-notice: `deadLetterConfig.targetArn` is missing, so an event that the function fails on is lost",
    ),
    "a scheduled function loses events": (
        "lambda-dead-letter-queue",
        "prod",
        (FUNCTION, "approval-watch", drop("deadLetterConfig")),
        "approval-watch: `deadLetterConfig.targetArn` is missing",
    ),
    "a function without a log group": (
        "log-group-of-each-function",
        "dev",
        (LOG_GROUP, "latest-approved-model-logs", None),
        "no log group /aws/lambda/sagemaker-lambda-step-latest-approved-model in the stack",
    ),
    "nobody hears of failures": (
        "stack-failure-rules",
        "prod",
        (EVENT_RULE, TRAIN_FAILED, None),
        "nobody hears when mammo-severity-train-pipeline fails",
    ),
    "the rule is off": (
        "stack-failure-rules",
        "prod",
        (EVENT_RULE, TRAIN_FAILED, add("state", "DISABLED")),
        "nobody hears when mammo-severity-train-pipeline fails",
    ),
    "the rule is about another status": (
        "stack-failure-rules",
        "prod",
        (
            EVENT_RULE,
            TRAIN_FAILED,
            in_json("eventPattern", lambda p: p["detail"].update(currentPipelineExecutionStatus=["Stopped"])),
        ),
        '"currentPipelineExecutionStatus": ["Failed"]',
    ),
    "the rule has no target": (
        "stack-failure-rules",
        "prod",
        (EVENT_TARGET, f"{TRAIN_FAILED}-failure-notice", None),
        "declare an EventRule with a target",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_stack_that_lacks_one_thing_is_refused(case, stacks, judge_stack):
    name, environment, change, says = case
    rule, stack = BY_NAME[name], stacks[environment]
    assert judge_stack(rule, stack, stack.outcome) == []
    found = judge_stack(rule, stack, but(stack, *change))
    assert any(says in message for message in found), found


@pytest.mark.parametrize("companion", COMPANIONS, ids=lambda c: c[4])
def test_what_protects_a_bucket_a_topic_and_a_queue_is_missed(companion, stacks, judge_stack):
    parent, _, type_, _, what = companion
    stack = stacks["prod"]
    without = [resource for resource in stack.outcome if resource.type != type_]
    found = judge_stack(BY_NAME["stack-companions"], stack, without)
    assert len(found) == len([r for r in stack.outcome if r.type == parent]) > 0
    assert all(f"no {what} in the stack" in message for message in found)


def test_a_companion_of_another_bucket_is_none(stacks, judge_stack):
    stack = stacks["prod"]
    moved = but(stack, "aws:s3/bucketVersioning:BucketVersioning", "data-versioning", put("bucket", "another"))
    assert judge_stack(BY_NAME["stack-companions"], stack, moved) == [
        "data: no versioning in the stack; declare a BucketVersioning for it"
    ]


def test_at_a_first_preview_companions_are_known_by_what_they_are_made_from(stacks, judge_stack):
    stack, rule = stacks["prod"], BY_NAME["stack-companions"]
    topic, policy = (next(r for r in stack.outcome if r.type == token) for token in (TOPIC, TOPIC_POLICY))
    new = {
        topic.urn: replace(topic, props={**topic.props, "arn": UNKNOWN}),
        policy.urn: replace(
            policy, props={**policy.props, "arn": UNKNOWN}, dependencies={"arn": frozenset({topic.urn})}
        ),
    }
    assert judge_stack(rule, stack, [new.get(r.urn, r) for r in stack.outcome]) == []
    strange = replace(new[policy.urn], dependencies={"arn": frozenset({"urn:of:another"})})
    found = judge_stack(rule, stack, [{**new, policy.urn: strange}.get(r.urn, r) for r in stack.outcome])
    assert found == ["alerts: no topic policy in the stack; declare a TopicPolicy for it"]


@pytest.mark.parametrize("tag", ["project", "environment"])
def test_resources_without_a_tag_are_named_in_one_message(tag, stacks, judge_stack):
    stack, rule = stacks["dev"], BY_NAME["tags-required"]
    assert judge_stack(rule, stack, stack.outcome) == []
    other = {"project": "environment", "environment": "project"}[tag]
    untagged = [
        replace(r, provider={"defaultTags": f'{{"tags": {{"{other}": "x"}}}}'}) if r.name in ("key", "data") else r
        for r in stack.outcome
    ]
    [found] = judge_stack(rule, stack, untagged)
    assert found.startswith(f"no tag `{tag}` on data, key; write it in the provider's default_tags")
    own = [replace(r, props={**r.props, "tags": {tag: "x"}}) if r.name in ("key", "data") else r for r in untagged]
    assert judge_stack(rule, stack, own) == []


@pytest.mark.parametrize(
    "publisher",
    [
        ("Rules", EVENT_TARGET, "arn", "events.amazonaws.com"),
        ("Alarms", ALARM, "alarmActions", "cloudwatch.amazonaws.com"),
    ],
)
def test_publishers_are_found_among_what_publishes_elsewhere(publisher, stacks, judge_stack):
    sid, type_, prop, service = publisher
    stack = stacks["registry"]
    one = next(r for r in stack.outcome if r.type == type_)
    elsewhere = {"arn": "arn:elsewhere", "alarmActions": ["arn:elsewhere"]}[prop]
    other = replace(one, name="other", props={**one.props, prop: elsewhere})
    closed = but(stack, TOPIC_POLICY, "alerts-policy", without_statement("policy", sid))
    found = judge_stack(BY_NAME["sns-publishers-let-in"], stack, [*closed, other])
    assert [message for message in found if f"{service} publishes to alerts, but the topic policy" in message]
    alone = [r for r in [*closed, other] if r is not one]
    assert judge_stack(BY_NAME["sns-publishers-let-in"], stack, alone) == []


def test_an_alarm_with_more_than_one_action_publishes(stacks, judge_stack):
    stack = stacks["prod"]
    closed = but(stack, TOPIC_POLICY, "alerts-policy", without_statement("policy", "Alarms"))
    two = [
        replace(r, props={**r.props, "alarmActions": ["arn:elsewhere", *r.props["alarmActions"]]})
        if r.type == ALARM
        else r
        for r in closed
    ]
    [found] = judge_stack(BY_NAME["sns-publishers-let-in"], stack, two)
    assert "cloudwatch.amazonaws.com publishes to alerts, but the topic policy does not let it in" in found


def test_one_rule_may_be_for_many_pipelines(stacks, judge_stack):
    stack = stacks["prod"]
    other = "arn:aws:sagemaker:us-east-1:222222222222:pipeline/another"
    both = in_json("eventPattern", lambda p: p["detail"]["pipelineArn"].append(other))
    assert judge_stack(BY_NAME["stack-failure-rules"], stack, but(stack, EVENT_RULE, TRAIN_FAILED, both)) == []


def test_failure_rules_are_asked_for_in_prod_only(stacks, judge_stack):
    dev = stacks["dev"]
    assert any(r.type == "aws:sagemaker/pipeline:Pipeline" for r in dev.outcome)
    assert not any(r.type == EVENT_RULE for r in dev.outcome)
    assert judge_stack(BY_NAME["stack-failure-rules"], dev, dev.outcome) == []


@pytest.mark.parametrize(
    ("name", "resource", "prop"),
    [
        ("sns-publishers-let-in", (KEY, "key"), "policy"),
        ("sns-publishers-let-in", (TOPIC_POLICY, "alerts-policy"), "policy"),
        ("log-group-of-each-function", (FUNCTION, "retrain-gate"), "name"),
        ("stack-failure-rules", (EVENT_RULE, TRAIN_FAILED), "eventPattern"),
    ],
)
def test_a_stack_rule_that_meets_an_unknown_value_says_so(name, resource, prop, stacks, judge_stack):
    stack = stacks["prod"]
    found = judge_stack(BY_NAME[name], stack, but(stack, *resource, unknown(prop)))
    assert any(f"`{prop}` is not known before it is deployed" in message for message in found)
