"""CloudWatch's own tables of alarm states, and when a state can change."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.emulator import alarm_state

# The user guide writes the latest point on the right: 0 does not breach, X does, - is missing.
TABLES = [
    (3, "0-X-X", ("OK", "OK", "OK", "OK")),
    (3, "0----", ("OK", "OK", "OK", "OK")),
    (3, "-----", ("INSUFFICIENT_DATA", None, "ALARM", "OK")),
    (3, "0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (3, "--X--", ("ALARM", None, "ALARM", "OK")),
    (2, "0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "0-X--", ("OK", "OK", "ALARM", "OK")),
    (2, "----0", ("OK", "OK", "ALARM", "OK")),
    (2, "---X-", ("ALARM", None, "ALARM", "OK")),
    (3, "----X", (None, None, "ALARM", "OK")),
]
CASES = [
    (least, points, treatment, expected)
    for least, points, states in TABLES
    for treatment, expected in zip(("missing", "ignore", "breaching", "notBreaching"), states, strict=True)
]


def alarm(**changes: Any) -> dict[str, Any]:
    return {
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 3,
        "Period": 300,
        "Threshold": 1.0,
        **changes,
    }


@pytest.mark.parametrize(("least", "points", "treatment", "expected"), CASES)
def test_states_are_those_of_the_user_guide(least: int, points: str, treatment: str, expected: str | None) -> None:
    values = [{"0": 0.0, "X": 1.0, "-": None}[point] for point in reversed(points)]
    found = alarm_state.state(alarm(DatapointsToAlarm=least, TreatMissingData=treatment), values)
    assert found == expected


def test_an_alarm_is_evaluated_each_minute_and_over_more_than_a_day_each_hour() -> None:
    assert alarm_state.grid_seconds(alarm(Period=28800)) == 60
    assert alarm_state.grid_seconds(alarm(Period=86400, EvaluationPeriods=2)) == 3600


def test_an_evaluation_comes_when_a_point_enters_a_period_or_leaves_the_last_and_never_else() -> None:
    one = alarm(EvaluationPeriods=1)
    moments, evaluated = [], 0.0
    while (following := alarm_state.next_evaluation(one, [30.0], evaluated)) is not None:
        moments.append(following)
        evaluated = following
    assert moments == [60.0, 360.0, 660.0, 960.0]
    assert alarm_state.next_evaluation(one, [], 0.0) is None
