"""What must be in a stack beside a resource: no single resource can tell that its companion is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from policies import messaging, s3
from policies.definition import PIPELINE
from policies.events import EVENT_RULE, EVENT_TARGET
from policies.rule import Context, Resource, StackRule, of_type, refers

# Parent, its property; companion, its property; what the companion is to people.
COMPANIONS = (
    (s3.BUCKET, "bucket", s3.BUCKET_POLICY, "bucket", "bucket policy"),
    (s3.BUCKET, "bucket", s3.PUBLIC_ACCESS_BLOCK, "bucket", "public access block"),
    (s3.BUCKET, "bucket", s3.VERSIONING, "bucket", "versioning"),
    (s3.BUCKET, "bucket", s3.ENCRYPTION, "bucket", "default encryption"),
    (s3.BUCKET, "bucket", s3.OWNERSHIP, "bucket", "ownership controls"),
    (messaging.TOPIC, "arn", messaging.TOPIC_POLICY, "arn", "topic policy"),
    (messaging.QUEUE, "url", messaging.QUEUE_POLICY, "queueUrl", "queue policy"),
)


def _companions(resources: Sequence[Resource], _: Context) -> Iterator[tuple[Resource | None, str]]:
    for parent_type, parent_property, type_, property_, what in COMPANIONS:
        companions = of_type(resources, type_)
        for parent in of_type(resources, parent_type):
            if not any(refers(companion, property_, parent, parent_property) for companion in companions):
                yield parent, f"no {what} in the stack; declare a {type_.rsplit(':', maxsplit=1)[-1]} for it"


def _failure_rules(resources: Sequence[Resource], context: Context) -> Iterator[tuple[Resource | None, str]]:
    if context.settings.environment != "prod":
        return
    heard = [rule for rule in of_type(resources, EVENT_RULE) if _has_target(rule, resources)]
    for pipeline in of_type(resources, PIPELINE):
        name = pipeline.get("pipelineName")
        if not any(_hears_failures(rule, name) for rule in heard):
            yield (
                pipeline,
                f"nobody hears when {name} fails; declare an EventRule with a target on "
                f'{{"detail": {{"currentPipelineExecutionStatus": ["Failed"], "pipelineArn": ["…:pipeline/{name}"]}}}}',
            )


def _has_target(rule: Resource, resources: Sequence[Resource]) -> bool:
    enabled = rule.get("state") in (None, "ENABLED")
    return enabled and any(refers(target, "rule", rule, "name") for target in of_type(resources, EVENT_TARGET))


def _hears_failures(rule: Resource, pipeline: str) -> bool:
    pattern: dict[str, Any] = json.loads(rule.get("eventPattern") or "{}")
    detail = pattern.get("detail", {})
    arns = detail.get("pipelineArn", [])
    return "Failed" in detail.get("currentPipelineExecutionStatus", []) and any(
        str(arn).endswith(f":pipeline/{pipeline}") for arn in arns
    )


STACK_RULES = (
    StackRule(
        name="stack-companions",
        description="Every bucket, topic and queue has what protects it.",
        reads={
            token: tuple(
                dict.fromkeys(
                    [own for parent, own, _, _, _ in COMPANIONS if parent == token]
                    + [own for _, _, child, own, _ in COMPANIONS if child == token]
                )
            )
            for pair in ((parent, child) for parent, _, child, _, _ in COMPANIONS)
            for token in pair
        },
        judge=_companions,
    ),
    StackRule(
        name="stack-failure-rules",
        description="In prod, somebody hears when a pipeline fails.",
        reads={
            PIPELINE: ("pipelineName",),
            EVENT_RULE: ("eventPattern", "name", "state"),
            EVENT_TARGET: ("rule",),
        },
        judge=_failure_rules,
    ),
)
