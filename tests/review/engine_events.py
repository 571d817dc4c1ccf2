"""Engine events, made by hand as Pulumi's engine sends them."""

from __future__ import annotations

from typing import Any

from pulumi.automation import events

from mlops.review.collect import Collector
from mlops.review.model import StackReview

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def urn(type_: str, name: str) -> str:
    """The URN of a resource of the prod stack."""
    return f"urn:pulumi:prod::model-promotion::model-promotion:identity:Role${type_}::{name}"


def state(type_: str, name: str, inputs: dict[str, Any], *, custom: bool = True, **more: Any) -> Any:
    """One side of a step."""
    return events.StepEventStateMetadata(type_, urn(type_, name), "id", "", "", custom, inputs=inputs, **more)


def step(operation: str, type_: str, name: str, old: Any = None, new: Any = None, **more: Any) -> Any:
    """A step; ``old`` and ``new`` are inputs, or states where more than inputs matters."""
    sides = [state(type_, name, side) if isinstance(side, dict) else side for side in (old, new)]
    return events.StepEventMetadata(events.OpType(operation), urn(type_, name), type_, "aws", *sides, **more)


def before(metadata: Any) -> Any:
    """The event before a step."""
    return events.EngineEvent(0, 0, resource_pre_event=events.ResourcePreEvent(metadata))


def after(metadata: Any) -> Any:
    """The event after a step."""
    return events.EngineEvent(0, 0, res_outputs_event=events.ResOutputsEvent(metadata))


def policy(level: str, rule: str, message: str) -> Any:
    """A rule's verdict, which the engine sends with the rule's own description before it."""
    found = events.PolicyEvent(f"What the rule is for.\n{message}\n", "never", rule, "pack", "0", "0", level)
    return events.EngineEvent(0, 0, policy_event=found)


def collect(*told: Any, error: str | None = None) -> StackReview:
    """The review of the prod stack in which the engine tells this."""
    collector = Collector("prod")
    for event in told:
        collector.on_event(event)
    return collector.finish(error, "plan", "state", "commit")
