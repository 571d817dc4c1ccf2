"""EventBridge and its Scheduler: nothing is retried for ever, nothing is lost, and rules match what they are for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.rule import Context, Reads, Resource, Rule

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
# Where a target's delivery is configured, by type.
RETRY = {EVENT_TARGET: "retryPolicy", SCHEDULE: "target.retryPolicy"}
DEAD_LETTERS = {EVENT_TARGET: "deadLetterConfig.arn", SCHEDULE: "target.deadLetterConfig.arn"}
RETRY_READS: Reads = {EVENT_TARGET: ("retryPolicy",), SCHEDULE: ("target",)}
DEAD_LETTER_READS: Reads = {EVENT_TARGET: ("deadLetterConfig",), SCHEDULE: ("target",)}
# The event of a version's state holds its group's name, not the group's ARN.
# https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
NAMES_ONE = ("ModelPackageGroupName",)


def _retries(resource: Resource, context: Context) -> Iterator[str]:
    path = RETRY[resource.type]
    for limit in ("maximumRetryAttempts", "maximumEventAgeInSeconds"):
        most = int(context.config[limit])
        value = resource.get(f"{path}.{limit}")
        if value is None or value > most:
            yield f"`{path}.{limit}` is {value}; write at most {most}"


def _dead_letters(resource: Resource, _: Context) -> Iterator[str]:
    path = DEAD_LETTERS[resource.type]
    if not resource.is_set(path):
        yield f"`{path}` is missing, so what cannot be delivered is lost; write the ARN of a dead-letter queue"


def _narrow_pattern(resource: Resource, _: Context) -> Iterator[str]:
    if resource.is_set("scheduleExpression"):
        yield "`scheduleExpression` has no time zone, group or flexible window; declare an aws.scheduler.Schedule"
        return
    text = resource.get("eventPattern")
    try:
        pattern = json.loads(text) if isinstance(text, str) else {}
    except json.JSONDecodeError:
        pattern = {}
    if not any(_names_one(key, value) for key, value in _leaves(pattern)):
        yield (
            "`eventPattern` matches events of any resource in the account; write the ARN that it is for, as "
            '{"detail": {"pipelineArn": ["arn:aws:sagemaker:…"]}} or {"resources": [...]}'
        )


def _leaves(pattern: Any, key: str = "") -> Iterator[tuple[str, list[Any]]]:
    if isinstance(pattern, Mapping):
        for name, value in pattern.items():
            yield from _leaves(value, name)
    elif isinstance(pattern, list):
        yield key, pattern


def _names_one(key: str, values: list[Any]) -> bool:
    """Whether a filter names single resources: ARNs in full, or the name that stands for one."""
    texts = [value for value in values if isinstance(value, str) and value]
    named = all(text.startswith("arn:") and "*" not in text for text in texts) or key in NAMES_ONE
    return bool(texts) and len(texts) == len(values) and named


RULES = (
    Rule(
        name="events-retry-limits",
        description="Targets are retried a limited number of times, for a limited time.",
        reads=RETRY_READS,
        judge=_retries,
        config={
            "maximumRetryAttempts": {"type": "integer", "minimum": 0, "maximum": 185, "default": 24},
            "maximumEventAgeInSeconds": {"type": "integer", "minimum": 60, "maximum": 86400, "default": 3600},
        },
    ),
    Rule(
        name="events-dead-letter-queue",
        description="What cannot be delivered to a target is kept.",
        reads=DEAD_LETTER_READS,
        judge=_dead_letters,
    ),
    Rule(
        name="events-narrow-pattern",
        description="Rules match events of named resources.",
        reads={EVENT_RULE: ("eventPattern", "scheduleExpression")},
        judge=_narrow_pattern,
    ),
)
