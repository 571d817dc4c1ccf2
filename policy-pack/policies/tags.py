"""Tags that every resource has: costs are read by them, and the deployment role's permissions depend on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.definition import PIPELINE
from policies.events import EVENT_RULE
from policies.functions import FUNCTION
from policies.iam import ROLE
from policies.kms import KEY
from policies.logs import LOG_GROUP
from policies.messaging import QUEUE, TOPIC
from policies.rule import UNKNOWN, Context, Resource, StackRule, UnknownValueError
from policies.s3 import BUCKET

TAGGABLE = (
    BUCKET,
    EVENT_RULE,
    FUNCTION,
    KEY,
    LOG_GROUP,
    PIPELINE,
    QUEUE,
    ROLE,
    TOPIC,
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
    "aws:scheduler/scheduleGroup:ScheduleGroup",
)


def _tagged(resources: Sequence[Resource], context: Context) -> Iterator[tuple[Resource | None, str]]:
    for tag in context.config["required"]:
        without = [r.name for r in resources if r.type in TAGGABLE and not _tags(r).get(tag)]
        if without:
            yield (
                None,
                f"no tag `{tag}` on {', '.join(sorted(without))}; write it in the provider's default_tags, "
                "infra/providers.py",
            )


def _tags(resource: Resource) -> Mapping[str, Any]:
    return {**_default_tags(resource.provider or {}), **(resource.get("tags") or {})}


def _default_tags(provider: Mapping[str, Any]) -> Mapping[str, Any]:
    found = provider.get("defaultTags") or {}
    if found is UNKNOWN:
        raise UnknownValueError("defaultTags of the provider")
    # A provider's nested properties reach the engine as JSON.
    return dict((json.loads(found) if isinstance(found, str) else found).get("tags") or {})


STACK_RULES = (
    StackRule(
        name="tags-required",
        description="Every resource has the tags that the platform reads.",
        reads=dict.fromkeys(TAGGABLE, ("tags",)),
        judge=_tagged,
        config={
            "required": {
                "description": "Tags that every resource must have",
                "type": "array",
                "items": {"type": "string"},
                "default": ["project", "environment"],
            }
        },
    ),
)
