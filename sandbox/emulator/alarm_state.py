"""The state of a metric alarm from the data points that it sees, as CloudWatch evaluates it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Alarm = dict[str, Any]

_DAY_SECONDS = 86400
# CloudWatch looks back over more data points than EvaluationPeriods when some are missing. It documents no number but
# its example's: five for three.
_MORE_POINTS = 2

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


def needed(alarm: Alarm) -> tuple[int, int]:
    """DatapointsToAlarm and EvaluationPeriods."""
    periods = alarm["EvaluationPeriods"]
    return alarm.get("DatapointsToAlarm") or periods, periods


def grid_seconds(alarm: Alarm) -> int:
    """How often the alarm is evaluated: each minute, each hour if it looks back over more than a day."""
    return 3600 if alarm["Period"] * alarm["EvaluationPeriods"] > _DAY_SECONDS else 60


def look_back(alarm: Alarm) -> int:
    """How many periods an evaluation looks at."""
    return int(alarm["EvaluationPeriods"]) + _MORE_POINTS


def grid_after(moment: float, grid: int) -> float:
    """The first time of evaluation after a moment."""
    return (math.floor(moment / grid) + 1) * float(grid)


def next_evaluation(alarm: Alarm, points: Iterable[float], evaluated: float) -> float | None:
    """When an evaluation can next differ from the one at ``evaluated``: a point enters a period, or leaves the last.

    None if nothing changes any more without new data. So that a year of the clock costs no evaluation per minute.
    """
    period, grid, last = alarm["Period"], grid_seconds(alarm), look_back(alarm)
    found: float | None = None
    for point in points:
        steps = max(0, math.ceil((evaluated - point) / period))
        if steps > last:
            continue
        moment = grid_after(point + steps * period, grid)
        if moment > evaluated and (found is None or moment < found):
            found = moment
    return found


def state(alarm: Alarm, values: Sequence[float | None]) -> str | None:
    """The state that the periods' values mean, the latest first; None keeps the one that it has."""
    breaches, _words = COMPARISONS[alarm["ComparisonOperator"]]
    least, periods = needed(alarm)
    found = [None if value is None else breaches(value, alarm["Threshold"]) for value in values]
    real = [one for one in found if one is not None]
    treatment = alarm.get("TreatMissingData") or "missing"
    missing = max(periods - len(real), 0)
    breaching = sum(real[:periods])
    if not missing or treatment in ("breaching", "notBreaching"):
        return "ALARM" if breaching + (missing if treatment == "breaching" else 0) >= least else "OK"
    if not real:
        return "INSUFFICIENT_DATA" if treatment == "missing" else None
    if breaching >= least:
        return "ALARM"
    if breaching < len(real):
        return "OK"
    # Only breaching points, fewer than needed: an alarm only once the oldest of them is old enough.
    oldest = max(index for index, one in enumerate(found) if one is not None)
    return "ALARM" if oldest + 1 >= least and treatment == "missing" else None
