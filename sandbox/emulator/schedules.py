"""Fires EventBridge Scheduler's schedules: each occurrence exactly once, also over restarts.

An occurrence that passed while the server was off is fired at the next start if it is not older than the retry
policy's MaximumEventAgeInSeconds, as AWS still tries then; an older one is not fired.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.services import scheduler

from sandbox.emulator import deliveries
from sandbox.emulator.clock import Clock, iso
from sandbox.emulator.deliveries import Deliveries
from sandbox.emulator.occurrences import InvalidExpressionError, parse
from sandbox.emulator.timeline import Fired
from sandbox.sagemaker.state import Document, State

logger = logging.getLogger("sandbox.schedules")

KIND = "schedule"
_EVENT_AGE_SECONDS = 86400
_OCCURRENCES = uuid.UUID("6a1d5e1e-8f0b-4c53-9c43-0d8a2f1f7c55")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Occurrence:
    scheduled_at: float  # what the expression says
    fires_at: float  # within the flexible time window


class Schedules:
    """Every account's schedules. What was fired last is kept per schedule."""

    def __init__(self, state: State, clock: Clock, outgoing: Deliveries) -> None:
        self._state = state
        self._clock = clock
        self._deliveries = outgoing

    def skip_missed(self) -> None:
        """At the start: pass over what is too old to be tried."""
        now = self._clock.now()
        for _key, schedule in self._enabled():
            policy = schedule["Target"].get("RetryPolicy") or {}
            oldest = now - policy.get("MaximumEventAgeInSeconds", _EVENT_AGE_SECONDS)
            occurrence = self._next(schedule)
            if occurrence is not None and occurrence.fires_at < oldest:
                logger.warning("%s: not fired while the sandbox was off, since %s", schedule["Arn"], iso(oldest))
                self._passed(schedule, oldest - _window_seconds(schedule))

    def due(self) -> float | None:
        upcoming = (self._next(schedule) for _key, schedule in self._enabled())
        return min((one.fires_at for one in upcoming if one is not None), default=None)

    def fire(self, moment: float) -> list[Fired]:
        fired: list[Fired] = []
        for key, schedule in self._enabled():
            before = len(fired)
            while (occurrence := self._next(schedule)) is not None and occurrence.fires_at <= moment:
                self._deliveries.accept(_delivery(schedule, occurrence))
                self._passed(schedule, occurrence.scheduled_at)
                name = f"{schedule['GroupName']}/{schedule['Name']}"
                target = schedule["Target"]["Arn"]
                fired.append(Fired(at=occurrence.fires_at, kind="schedule", name=name, target=target))
            if occurrence is None and len(fired) > before and schedule.get("ActionAfterCompletion") == "DELETE":
                scheduler._schedules._data.pop(key, None)
        return fired

    @staticmethod
    def _enabled() -> Iterator[tuple[Any, Document]]:
        for key, schedule in list(scheduler._schedules._data.items()):
            if schedule["State"] == "ENABLED":
                yield key, schedule

    def _passed(self, schedule: Document, until: float) -> None:
        self._state.put(KIND, schedule["Arn"], {"modified": schedule["LastModificationDate"], "until": until})

    def _next(self, schedule: Document) -> _Occurrence | None:
        """The next occurrence after the last one that was fired, or since the schedule was made or changed."""
        try:
            next_after = parse(schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone") or "UTC")
        except InvalidExpressionError:
            return None
        modified = schedule["LastModificationDate"]
        begins = max(_seconds(schedule.get("StartDate")) or modified, 0.0)
        passed = self._state.get(KIND, schedule["Arn"])
        if passed is not None and passed["modified"] == modified:
            after = passed["until"]
        else:
            after = max(begins, modified) - 0.001
        found = next_after(after, begins)
        ends = _seconds(schedule.get("EndDate"))
        if found is None or (ends is not None and found > ends):
            return None
        return _Occurrence(scheduled_at=found, fires_at=found + _offset_seconds(schedule, found))


def _window_seconds(schedule: Document) -> int:
    window = schedule["FlexibleTimeWindow"]
    return int(window.get("MaximumWindowInMinutes") or 0) * 60 if window.get("Mode") == "FLEXIBLE" else 0


def _offset_seconds(schedule: Document, scheduled_at: float) -> int:
    """Where in its window an occurrence fires: anywhere, and always in the same place."""
    window = _window_seconds(schedule)
    if not window:
        return 0
    digest = hashlib.sha256(f"{schedule['Arn']} {scheduled_at:.0f}".encode()).digest()
    return int.from_bytes(digest[:8]) % window


def _seconds(date: Any) -> float | None:
    found: float | None = scheduler._to_epoch(date)
    return found


def _delivery(schedule: Document, occurrence: _Occurrence) -> Document:
    arn, target = schedule["Arn"], schedule["Target"]
    _, _, _, region, account, _ = arn.split(":", 5)
    execution_id = str(uuid.uuid5(_OCCURRENCES, f"{arn} {schedule['CreationDate']} {occurrence.scheduled_at:.0f}"))
    scheduled = iso(occurrence.scheduled_at)
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    payload = target.get("Input") or _notification(arn, account, region, execution_id, iso(occurrence.fires_at))
    for name, value in {
        "schedule-arn": arn,
        "scheduled-time": scheduled,
        "execution-id": execution_id,
    }.items():
        payload = payload.replace(f"<aws.scheduler.{name}>", value)
    return deliveries.new(
        delivery_id=execution_id,
        service=deliveries.SCHEDULER,
        source_arn=arn,
        trust_arn=f"arn:aws:scheduler:{region}:{account}:schedule-group/{schedule['GroupName']}",
        target=target,
        payload=payload,
        body=payload,
        first_at=occurrence.fires_at,
        attributes={"EXECUTION_ID": execution_id, "SCHEDULED_TIME": scheduled},
    )


def _notification(arn: str, account: str, region: str, execution_id: str, moment: str) -> str:
    """What a target gets that is given no input."""
    return json.dumps(
        {
            "version": "0",
            "id": execution_id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": account,
            "time": moment,
            "region": region,
            "resources": [arn],
            "detail": "{}",
        }
    )
