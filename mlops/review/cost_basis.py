"""On which resources the monthly cost depends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops.review.model import ResourceChange

PIPELINE = "aws:sagemaker/pipeline:Pipeline"
SCHEDULE = "aws:scheduler/schedule:Schedule"
KEY = "aws:kms/key:Key"
FUNCTION = "aws:lambda/function:Function"
# The retrain gate's setting (ml/functions/retrain_gate.py): how many trainings it starts in a week at most.
WEEKLY_CAP = "WEEKLY_CAP"


def matters(change: ResourceChange) -> bool:
    """Whether the cost depends on this resource."""
    return change.type in (PIPELINE, SCHEDULE, KEY) or WEEKLY_CAP in (variables(change.old) | variables(change.new))


def variables(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A function's environment; empty where it has none, or its values are not known yet."""
    environment = inputs.get("environment")
    found = environment.get("variables") if isinstance(environment, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}
