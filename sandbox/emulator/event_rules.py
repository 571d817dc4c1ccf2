"""EventBridge's rules: each target of a rule that matches an event gets a delivery of its own.

Matching, input paths and transformers are ministack's; its immediate dispatch, without permissions, is replaced.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, get_region
from ministack.services import eventbridge

from sandbox.emulator import deliveries
from sandbox.emulator.clock import Clock
from sandbox.emulator.deliveries import Deliveries
from sandbox.emulator.targets import kind_of

_KNOWN = {
    "Arn",
    "DeadLetterConfig",
    "Id",
    "Input",
    "InputPath",
    "InputTransformer",
    "RetryPolicy",
    "RoleArn",
    "SageMakerPipelineParameters",
}
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
RETRY_LIMITS = {"MaximumRetryAttempts": (0, 185), "MaximumEventAgeInSeconds": (60, 86400)}


def deliver(outgoing: Deliveries, clock: Clock) -> Callable[..., None]:
    """What takes the place of ministack's dispatch to one target."""

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        view = view or eventbridge._pattern_event_view(event)
        document = view.event_with_detail()
        forwarded = None
        if kind_of(target["Arn"]) == "bus":
            source = eventbridge._rule_key(rule["Name"], rule.get("EventBusName", "default"))
            forwarded = {**event, "_DispatchPath": [*event.get("_DispatchPath", []), source]}
        outgoing.accept(
            deliveries.new(
                delivery_id=str(uuid.uuid4()),
                service=deliveries.EVENTS,
                source_arn=rule["Arn"],
                trust_arn=rule["Arn"],
                target=target,
                payload=_payload(target, rule, view, document),
                body=json.dumps(document),
                first_at=clock.now(),
                event=forwarded,
            )
        )

    return invoke


def _payload(target: dict[str, Any], rule: dict[str, Any], view: Any, document: Any) -> str:
    if target.get("InputTransformer"):
        return str(eventbridge._apply_input_transformer(target["InputTransformer"], rule, view))
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        for part in target["InputPath"].removeprefix("$").split("."):
            if part:
                document = document.get(part) if isinstance(document, dict) else None
    return json.dumps(document)


def check_targets(original: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Refuse at PutTargets what would never be delivered as AWS delivers it."""

    def put(data: dict[str, Any]) -> Any:
        for target in data.get("Targets", []):
            problem = _problem(target)
            if problem:
                return error_response_json("ValidationException", problem, 400)
        return original(data)

    return put


def _problem(target: dict[str, Any]) -> str:
    arn = target.get("Arn", "")
    kind = kind_of(arn)
    unknown = set(target) - _KNOWN
    if kind is None:
        return (
            f"The sandbox does not deliver to {arn}: only to standard queues and topics, functions, pipelines, buses."
        )
    if unknown:
        return f"The sandbox does not implement {', '.join(sorted(unknown))} of a target."
    if kind != "bus" and arn.split(":")[3] != get_region():
        return f"Parameter {arn} is not valid. Reason: Provided Arn is in another region than the rule."
    if kind == "bus" and {"Input", "InputPath", "InputTransformer"} & set(target):
        return f"The sandbox does not transform events for event bus {arn}."
    return _role_problem(kind, target) or dead_letter_problem(target) or retry_problem(target)


def _role_problem(kind: str, target: dict[str, Any]) -> str:
    """Whether a target lacks a role, or has one that may keep events from it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    if kind == "pipeline" and not target.get("RoleArn"):
        return f"RoleArn is required for target {target['Arn']}."
    if kind in ("lambda", "sns", "sqs") and target.get("RoleArn"):
        return f"Give {target['Arn']} no RoleArn: its own policy must admit EventBridge."
    return ""


def dead_letter_problem(target: dict[str, Any]) -> str:
    """What is wrong with a target's dead-letter queue; "" if nothing is."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue and (kind_of(queue) != "sqs" or queue.split(":")[3] != get_region()):
        return f"Dead-letter queue {queue} is not a standard queue in this region."
    return ""


def retry_problem(target: dict[str, Any]) -> str:
    """What is wrong with a target's retry policy; "" if nothing is."""
    for name, value in (target.get("RetryPolicy") or {}).items():
        least, greatest = RETRY_LIMITS.get(name, (0, 0))
        if not least <= value <= greatest:
            return f"RetryPolicy.{name} must be between {least} and {greatest}, is {value}."
    return ""


def check_rule(original: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Refuse a rule on a schedule, which this sandbox does not fire: EventBridge Scheduler took its place."""

    def put(data: dict[str, Any]) -> Any:
        if data.get("ScheduleExpression"):
            text = "The sandbox fires no rules on a schedule; make a schedule of EventBridge Scheduler instead."
            return error_response_json("ValidationException", text, 400)
        return original(data)

    return put


def put_permission(original: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """PutPermission with a whole policy, which ministack does not read."""

    def put(data: dict[str, Any]) -> Any:
        if not data.get("Policy"):
            return original(data)
        try:
            policy = json.loads(data["Policy"])
        except ValueError:
            return error_response_json("ValidationException", "Policy is not JSON.", 400)
        eventbridge._event_bus_policies[data.get("EventBusName", "default")] = policy
        return eventbridge.json_response({})

    return put
