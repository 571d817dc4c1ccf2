"""How many messages are visible in the queues that alarms watch, as SQS reports it to CloudWatch each minute."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from sandbox.emulator import queues
from sandbox.emulator.clock import Clock

NAMESPACE, METRIC, DIMENSION = "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"
_MINUTE = 60
# Alarms look back over at most seven days and two periods.
_KEPT_SECONDS = 16 * 86400

Change = tuple[float, int]


class QueueGauge:
    """The moments at which a count changed, which say what it was in every minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changes: dict[str, list[Change]] = {}

    @staticmethod
    def measures(alarm: dict[str, Any]) -> bool:
        """Whether an alarm watches a queue's visible messages."""
        return bool(alarm["Namespace"] == NAMESPACE and alarm["MetricName"] == METRIC)

    def changes(self, alarm: dict[str, Any]) -> list[Change]:
        """The changes so far, after a look at the queue."""
        arn = _queue_arn(alarm)
        queue = queues.find(arn)
        if queue is None:
            self._changes.pop(arn, None)
            return []
        found = self._changes.setdefault(arn, [])
        now, count = self._clock.now(), queues.visible(queue)
        if not found or found[-1][1] != count:
            found.append((now, count))
            _, _, _, region, account, name = arn.split(":")
            with request_scope(account, region):
                cloudwatch.record_metric(NAMESPACE, METRIC, count, "Count", {DIMENSION: name})
        while len(found) > 1 and found[1][0] < now - _KEPT_SECONDS:
            del found[0]
        return found

    def samples(self, alarm: dict[str, Any], begin: float, end: float) -> list[dict[str, Any]]:
        """One data point for each minute after ``begin``, up to ``end``, for which the count is known."""
        changes = self._changes.get(_queue_arn(alarm), [])
        moments = [moment for moment, _count in changes]
        points = []
        minute = (math.floor(begin / _MINUTE) + 1) * _MINUTE
        while minute <= end:
            index = bisect_right(moments, minute) - 1
            if index >= 0:
                points.append({"Timestamp": float(minute), "Value": float(changes[index][1])})
            minute += _MINUTE
        return points

    def next_change(self) -> float | None:
        """When a message in a watched queue becomes visible by itself."""
        found = (queue for arn in self._changes if (queue := queues.find(arn)) is not None)
        moments = (queues.next_change(queue) for queue in found)
        return min((moment for moment in moments if moment is not None), default=None)


def _queue_arn(alarm: dict[str, Any]) -> str:
    _, _, _, region, account, _ = alarm["AlarmArn"].split(":", 5)
    names = [one["Value"] for one in alarm.get("Dimensions") or [] if one["Name"] == DIMENSION]
    return f"arn:aws:sqs:{region}:{account}:{names[0] if names else ''}"
