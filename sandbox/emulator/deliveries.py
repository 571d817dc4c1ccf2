"""Deliveries to the targets of rules and schedules: tried again as AWS does, then put into the dead-letter queue.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

import logging
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from sandbox.emulator.clock import Clock
from sandbox.emulator.courier import Courier
from sandbox.emulator.service_callers import Caller, RefusedError, RoleCallers, ServiceCaller
from sandbox.emulator.targets import TargetError, Targets
from sandbox.emulator.timeline import Fired
from sandbox.sagemaker.state import Document, State, StateClosedError

logger = logging.getLogger("sandbox.deliveries")

KIND = "delivery"
EVENTS, SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
METRICS = {
    EVENTS: (
        "AWS/Events",
        {
            "failed": "FailedInvocations",
            "sent": "InvocationsSentToDlq",
            "lost": "InvocationsFailedToBeSentToDlq",
        },
    ),
    SCHEDULER: (
        "AWS/Scheduler",
        {
            "failed": "TargetErrorCount",
            "sent": "InvocationsSentToDeadLetterCount",
            "lost": "InvocationsFailedToBeSentToDeadLetterCount",
        },
    ),
}
_RETRY_ATTEMPTS, _EVENT_AGE_SECONDS = 185, 86400  # both services' defaults
# Exponential and capped, so that the default's 185 attempts fill its 24 hours; AWS documents neither number.
_FIRST_DELAY_SECONDS, _GREATEST_DELAY_SECONDS = 2.0, 480.0


class Deliveries:
    """A delivery is one event for one target. Each is kept until it has ended, so that a restart loses none."""

    def __init__(self, state: State, clock: Clock, courier: Courier, targets: Targets, roles: RoleCallers) -> None:
        self._state = state
        self._clock = clock
        self._courier = courier
        self._targets = targets
        self._roles = roles

    def resume(self) -> None:
        """Try again what an earlier process left in the middle of an attempt."""
        for delivery in self._state.documents(KIND):
            if delivery["due"] is None:
                self._submit(delivery["id"])

    def accept(self, delivery: Document) -> None:
        """Keep a delivery and try it soon. Its members: see :func:`new`."""
        if self._state.get(KIND, delivery["id"]) is None:
            self._state.put(KIND, delivery["id"], delivery)
            self._submit(delivery["id"])

    def due(self) -> float | None:
        waiting = (delivery["due"] for delivery in self._state.documents(KIND))
        return min((due for due in waiting if due is not None), default=None)

    def fire(self, moment: float) -> list[Fired]:
        fired = []
        for delivery in self._state.documents(KIND):
            if delivery["due"] is not None and delivery["due"] <= moment:
                self._state.put(KIND, delivery["id"], {**delivery, "due": None})
                self._submit(delivery["id"])
                name = delivery["source_arn"].rpartition(":")[2]
                target = delivery["target"]["Arn"]
                fired.append(Fired(at=delivery["due"], kind="retry", name=name, target=target))
        return fired

    def _submit(self, delivery_id: str) -> None:
        self._courier.submit(lambda: self._attempt(delivery_id))

    def _attempt(self, delivery_id: str) -> None:
        delivery = self._state.get(KIND, delivery_id)
        if delivery is None:
            return
        _, _, _, region, account, _ = delivery["source_arn"].split(":", 5)
        attempt = delivery["attempts"] + 1
        with request_scope(account, region):
            try:
                self._targets.call(
                    self._caller(delivery),
                    delivery["target"],
                    delivery["payload"].replace("<aws.scheduler.attempt-number>", str(attempt)),
                    token=delivery_id,
                    event=delivery["event"],
                )
            except RefusedError as error:
                self._failed(delivery, TargetError("NO_PERMISSIONS", "AccessDeniedException", str(error)))
            except TargetError as error:
                self._failed(delivery, error)
            except StateClosedError:
                logger.info("The sandbox stops; what is for %s is tried again at the next start", delivery["target"])
            except Exception as error:
                logger.exception("%s could not be called", delivery["target"]["Arn"])
                text = f"The sandbox failed; its log says why: {error}"
                self._failed(delivery, TargetError("ERROR_FROM_TARGET", "InternalFailure", text, retryable=True))
            else:
                self._state.delete(KIND, delivery_id)

    def _caller(self, delivery: Document) -> Caller:
        """The target's role if it has one, else EventBridge itself. Raises ``RefusedError``."""
        role, source = delivery["target"].get("RoleArn"), delivery["trust_arn"]
        if role:
            return self._roles.get(role, delivery["service"], source, source.split(":")[3])
        return ServiceCaller(service=delivery["service"], source_arn=source)

    def _failed(self, delivery: Document, error: TargetError) -> None:
        policy = delivery["target"].get("RetryPolicy") or {}
        attempts, now = delivery["attempts"] + 1, self._clock.now()
        delay = min(_FIRST_DELAY_SECONDS ** min(attempts, 20), _GREATEST_DELAY_SECONDS)
        exhausted = ""
        if error.retryable:
            if attempts > policy.get("MaximumRetryAttempts", _RETRY_ATTEMPTS):
                exhausted = "MaximumRetryAttempts"
            elif now + delay - delivery["first_at"] > policy.get("MaximumEventAgeInSeconds", _EVENT_AGE_SECONDS):
                exhausted = "MaximumEventAgeInSeconds"
            else:
                self._state.put(KIND, delivery["id"], {**delivery, "attempts": attempts, "due": now + delay})
                return
        self._give_up(delivery, error, attempts - 1, exhausted)
        self._state.delete(KIND, delivery["id"])

    def _give_up(self, delivery: Document, error: TargetError, retries: int, exhausted: str) -> None:
        source, target = delivery["source_arn"], delivery["target"]["Arn"]
        logger.warning("%s could not be delivered to %s: %s: %s", source, target, error.code, error)
        _count(delivery, "failed")
        queue = (delivery["target"].get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        attributes = {"ERROR_MESSAGE": str(error)[:1000], "RETRY_ATTEMPTS": str(retries), "TARGET_ARN": target}
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        if delivery["service"] == SCHEDULER:
            attributes |= {"ERROR_CODE": error.code, "SCHEDULE_ARN": source, "IS_PAYLOAD_TRUNCATED": "false"}
            attributes |= delivery["attributes"]
        else:
            attributes |= {"ERROR_CODE": error.kind, "RULE_ARN": source}
        try:
            # A schedule's role must be allowed to send, for a rule the queue's policy must admit EventBridge.
            if delivery["service"] == SCHEDULER:
                caller = self._caller(delivery)
            else:
                caller = ServiceCaller(service=EVENTS, source_arn=source)
            self._targets.send_dead_letter(caller, queue, delivery["body"], attributes)
            _count(delivery, "sent")
        except (RefusedError, TargetError) as refused:
            _count(delivery, "lost")
            logger.warning("%s is lost: the dead-letter queue %s refused it: %s", source, queue, refused)


def _count(delivery: Document, what: str) -> None:
    """Count what became of a delivery for its rule, or for its schedule's group."""
    rule = {"RuleName": delivery["source_arn"].rpartition("/")[2]}
    group = {"ScheduleGroup": delivery["trust_arn"].rpartition("/")[2]}
    namespace, names = METRICS[delivery["service"]]
    dimensions = rule if delivery["service"] == EVENTS else group
    cloudwatch.record_metric(namespace, names[what], 1, "Count", dimensions)


def new(
    *,
    delivery_id: str,
    service: str,
    source_arn: str,
    trust_arn: str,
    target: dict[str, Any],
    payload: str,
    body: str,
    first_at: float,
    event: dict[str, Any] | None = None,
    attributes: dict[str, str] | None = None,
) -> Document:
    """A delivery of a rule or a schedule (``source_arn``), whose role is assumed for ``trust_arn``.

    ``payload`` is what the target gets, ``body`` what the dead-letter queue gets, ``event`` what a bus gets.
    """
    return {
        "id": delivery_id,
        "service": service,
        "source_arn": source_arn,
        "trust_arn": trust_arn,
        "target": target,
        "payload": payload,
        "body": body,
        "event": event,
        "attributes": attributes or {},
        "first_at": first_at,
        "attempts": 0,
        "due": None,
    }
