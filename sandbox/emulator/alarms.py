"""CloudWatch's metric alarms, evaluated on the sandbox's clock whenever their state can have changed."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, eventbridge

from sandbox.emulator import alarm_message, alarm_state
from sandbox.emulator.alarm_state import Alarm
from sandbox.emulator.clock import Clock, iso
from sandbox.emulator.queue_gauge import QueueGauge
from sandbox.emulator.service_callers import KeyUnusableError, RefusedError, ServiceCaller
from sandbox.emulator.targets import TargetError, publish
from sandbox.emulator.timeline import Fired

logger = logging.getLogger("sandbox.alarms")

_SERVICE = "cloudwatch.amazonaws.com"
_FIELDS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_NOT_DEFINING = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "ActionsEnabled")


@dataclass(kw_only=True, slots=True)
class _Watch:
    """What is remembered of an alarm between evaluations."""

    definition: str
    evaluated: float | None  # the time of the last evaluation
    first: float  # the first one, for an alarm that was just made or changed


class Alarms:
    """Every account's metric alarms."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gauge = QueueGauge(clock)
        self._watched: dict[Any, _Watch] = {}

    def due(self) -> float | None:
        moments = [self._next(key, alarm) for key, alarm in self._metric_alarms()]
        moments.append(self._gauge.next_change())
        return min((moment for moment in moments if moment is not None), default=None)

    def fire(self, moment: float) -> list[Fired]:
        fired = []
        for key, alarm in self._metric_alarms():
            due = self._next(key, alarm)
            if due is None or due > moment:
                continue
            grid = alarm_state.grid_seconds(alarm)
            evaluated = max(due, math.floor(moment / grid) * float(grid))
            self._watched[key].evaluated = evaluated
            if self._evaluate(alarm, evaluated):
                targets = ", ".join(alarm.get(_FIELDS[alarm["StateValue"]]) or [])
                fired.append(Fired(at=evaluated, kind="alarm", name=alarm["AlarmName"], target=targets))
        return fired

    @staticmethod
    def _metric_alarms() -> Iterator[tuple[Any, Alarm]]:
        return ((key, alarm) for key, alarm in list(cloudwatch._alarms._data.items()) if alarm.get("MetricName"))

    def _next(self, key: Any, alarm: Alarm) -> float | None:
        definition = json.dumps({n: v for n, v in alarm.items() if n not in _NOT_DEFINING}, sort_keys=True, default=str)
        watch = self._watched.get(key)
        if watch is None or watch.definition != definition:
            first = alarm_state.grid_after(self._clock.now(), alarm_state.grid_seconds(alarm))
            watch = self._watched[key] = _Watch(definition=definition, evaluated=None, first=first)
        points = [moment for moment, _value in self._changes(alarm)]
        if watch.evaluated is None:
            return watch.first
        return alarm_state.next_evaluation(alarm, points, watch.evaluated)

    def _changes(self, alarm: Alarm) -> list[tuple[float, Any]]:
        """The data that can change the state: data points, or the moments at which a queue's count changed."""
        if self._gauge.measures(alarm):
            return self._gauge.changes(alarm)
        _, _, _, region, account, _ = alarm["AlarmArn"].split(":", 5)
        dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
        key = (alarm["Namespace"], alarm["MetricName"], dimensions)
        points = cloudwatch._metrics.get_scoped(account, region, key) or []
        return [(point["Timestamp"], point) for point in points]

    def _evaluate(self, alarm: Alarm, at: float) -> bool:
        """Set the state; whether it is another."""
        values, begins = self._values(alarm, at)
        old, new = alarm["StateValue"], alarm_state.state(alarm, values)
        if new is None or new == old:
            return False
        why = alarm_message.reason(alarm, values, begins, old, new)
        _, _, _, region, account, _ = alarm["AlarmArn"].split(":", 5)
        with request_scope(account, region):
            alarm.update(StateValue=new, StateReason=why, StateUpdatedTimestamp=int(self._clock.now()))
            cloudwatch._record_history(alarm["AlarmName"], old, new, why)
            cloudwatch._dispatch_alarm_actions(alarm, old, new, why)
            cloudwatch._evaluate_parent_alarms(alarm)
        return True

    def _values(self, alarm: Alarm, at: float) -> tuple[list[float | None], list[float]]:
        """Each period's value and beginning, the latest first."""
        period, count = alarm["Period"], alarm_state.look_back(alarm)
        begins = [at - (index + 1) * period for index in range(count)]
        if self._gauge.measures(alarm):
            periods = [self._gauge.samples(alarm, begin, begin + period) for begin in begins]
        else:
            periods = [[] for _ in begins]
            for moment, point in self._changes(alarm):
                index = math.ceil((at - moment) / period) - 1
                if 0 <= index < count:
                    periods[index].append(point)
        name = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        values = []
        for points in periods:
            statistics = cloudwatch._calc_stats(points)
            values.append(cloudwatch._stat_value(statistics, name, points) if statistics else None)
        return values, begins


def act(clock: Clock) -> Callable[[Alarm, str, str, str], None]:
    """What takes the place of ministack's alarm actions: judged as CloudWatch's, and told to EventBridge."""

    def dispatch(alarm: Alarm, old: str, new: str, why: str) -> None:
        at = clock.now()
        _tell(alarm, old, new, why, at)
        if not alarm.get("ActionsEnabled", True):
            return
        region = alarm["AlarmArn"].split(":")[3]
        texts = {
            "default": alarm_message.for_programs(alarm, old, new, why, at),
            "email": alarm_message.for_people(alarm, old, new, why, at),
        }
        for arn in alarm.get(_FIELDS[new]) or []:
            caller = ServiceCaller(service=_SERVICE, source_arn=alarm["AlarmArn"])
            try:
                subject = alarm_message.subject(alarm, new, region)
                publish(caller, arn, json.dumps(texts), subject, "json")
                summary = f"Successfully executed action {arn}"
            except (RefusedError, KeyUnusableError, TargetError) as error:
                summary = f'Failed to execute action {arn}. Received error: "{error}"'
                logger.warning("Alarm %s: %s", alarm["AlarmArn"], summary)
            cloudwatch._history_entries().append(
                {
                    "AlarmName": alarm["AlarmName"],
                    "AlarmType": "MetricAlarm" if alarm.get("MetricName") else "CompositeAlarm",
                    "Timestamp": iso(at),
                    "HistoryItemType": "Action",
                    "HistorySummary": summary,
                    "HistoryData": json.dumps({"actionState": summary.split()[0], "notificationResource": arn}),
                }
            )

    return dispatch


def _tell(alarm: Alarm, old: str, new: str, why: str, at: float) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    state = {"value": new, "reason": why, "timestamp": iso(at)}
    detail = {"alarmName": alarm["AlarmName"], "state": state, "previousState": {"value": old}}
    event = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [alarm["AlarmArn"]],
    }
    eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)
