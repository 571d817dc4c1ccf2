"""The measurement that needs no sandbox, and the table."""

from __future__ import annotations

import io

from rich.console import Console

from bench import filling
from bench.measurement import Measurement, show_table


def test_filling_is_measured_in_milliseconds() -> None:
    (measurement,) = filling.measure()
    assert measurement.unit == "ms"
    assert 0 < measurement.value < 1000 * 60


def test_table_tells_goals_that_are_met_from_those_that_are_not() -> None:
    output = io.StringIO()
    measurements = [
        Measurement(name="fast", value=1.5, goal=1.5, unit="s", details={"part of it (s)": 0.25}),
        Measurement(name="slow", value=12.34, goal=10, unit="%"),
    ]
    show_table(measurements, Console(file=output, width=80))
    fast, part, slow = output.getvalue().splitlines()[3:6]
    assert fast.split() == ["fast", "1.5", "s", "≤", "1.5", "s", "yes"]
    assert part.split() == ["part", "of", "it", "(s)", "0.25"]
    assert slow.split() == ["slow", "12.3", "%", "≤", "10", "%", "NO"]
    assert [measurement.as_document()["is_met"] for measurement in measurements] == [True, False]
