"""The batch check keeps its promises on resamples of the real rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import drift, resampling
from ml.datasets import mammographic_masses as dataset

SHARED_COPY = Path(__file__).resolve().parents[3] / "shared" / "data" / dataset.FILE_NAME
RESAMPLES = 60


@pytest.fixture(autouse=True)
def _real_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in tests/ml: the data wherever it can be had."""
    if SHARED_COPY.is_file() and not os.environ.get(dataset.VARIABLE):
        monkeypatch.setenv(dataset.VARIABLE, str(SHARED_COPY))


def test_clean_batches_seldom_alarm_and_disturbed_ones_are_caught() -> None:
    heard: list[str] = []
    measurements = drift.measure_alarms(heard.append, RESAMPLES, [48])
    assert [measurement.name for measurement in measurements] == [
        "batch check: false alarms",
        "batch check: missed, Shape and Margin swapped",
        "batch check: missed, one feature 30 % missing",
    ]
    assert [measurement.is_met for measurement in measurements] == [True, True, True]
    # What the check is for: a fixed distance would alarm on most of the clean batches.
    assert measurements[0].details["48 rows, alarms at a fixed distance of 0.1 (%)"] > 50
    assert len(heard) == len(resampling.DISTURBANCES)


def test_each_feature_that_loses_values_is_caught() -> None:
    rows = resampling.read_rows()
    seeds = range(len(resampling.NAMES))
    assert resampling.count_alarms(rows, "one feature 30 % missing", 48, seeds).check == len(resampling.NAMES)


def test_time_of_the_check_grows_as_the_rows(tmp_path: Path) -> None:
    job = drift.Job(tmp_path)
    few, many = (job.time_check(size) for size in (20_000, 100_000))
    assert 0 < few < many < 5 * drift.GOAL_GROWTH * few


def test_memory_of_the_script_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    job = drift.Job(tmp_path)
    few, many = (job.run_script(size) for size in (100_000, 300_000))
    assert many < few + 40
