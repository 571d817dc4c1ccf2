"""A year of a daily schedule on the sandbox's clock."""

from __future__ import annotations

import pytest

from bench import schedule


def test_a_year_of_a_daily_schedule_fires_every_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    (measurement,) = schedule.measure(lambda _text: None)
    assert measurement.details["days fired"] == 365
