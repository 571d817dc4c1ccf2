"""The batch check: how often it alarms, with and without reason, and how its time grows with the rows.

Alarms are counted over resamples of the real rows, beside what the fixed distance of Model Monitor would say.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measurement import Measurement, MeasurementError
from bench.resampling import COLUMNS, DISTURBANCES, NAMES, SETTINGS, count_all, read_rows
from ml.datasets.mammographic_masses import DatasetError
from ml.steps import baseline, batch_check

RESAMPLES = 500
SIZES = [48, 96, 200]
REPEATS = 3
ROWS = [10_000, 100_000, 1_000_000]
GOAL_FALSE_ALARMS_PERCENT = 5.0
GOAL_MISSED_PERCENT = 5.0
GOAL_GROWTH = 1.3
CLEAN = "clean"
# The other disturbances are real too, but how many of them 48 rows can show is no promise.
PROMISED = ("Shape and Margin swapped", "one feature 30 % missing")
# A process is charged with the memory of the one that it is forked from, so a small one stands between.
LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

Say = Callable[[str], None]


def measure(say: Say) -> list[Measurement]:
    """Alarms, then time and memory."""
    try:
        return [*measure_alarms(say, RESAMPLES, SIZES), measure_growth(say)]
    except DatasetError as error:
        raise MeasurementError(str(error)) from error


def measure_alarms(say: Say, resamples: int, sizes: list[int]) -> list[Measurement]:
    """False alarms, and what is missed of each disturbance that must be caught; the worst size counts."""
    counted = count_all(list(DISTURBANCES), sizes, resamples)
    for (name, size), alarms in counted.items():
        shares = f"{alarms.check / resamples:6.1%} of {resamples}; at a fixed distance {alarms.fixed / resamples:6.1%}"
        say(f"batch check: {name}, {size} rows: alarms in {shares}")

    def measured(name: str, words: str, goal: float) -> Measurement:
        percents = {size: 100 * counted[name, size].check / resamples for size in sizes}
        if name != CLEAN:
            percents = {size: 100 - percent for size, percent in percents.items()}
        fixed = {size: 100 * counted[name, size].fixed / resamples for size in sizes}
        return Measurement(
            name=f"batch check: {words}",
            value=max(percents.values()),
            goal=goal,
            unit="%",
            details={f"{size} rows (%)": percent for size, percent in percents.items()}
            | {f"{size} rows, alarms at a fixed distance of 0.1 (%)": percent for size, percent in fixed.items()},
        )

    return [
        measured(CLEAN, "false alarms", GOAL_FALSE_ALARMS_PERCENT),
        *(measured(name, f"missed, {name}", GOAL_MISSED_PERCENT) for name in PROMISED),
    ]


def measure_growth(say: Say) -> Measurement:
    """Time of ten times as many rows, over ten times the time; 1 is linear. What every check takes is left out."""
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder))
        seconds = {size: job.time_check(size) for size in ROWS}
        megabytes = {size: job.run_script(size) for size in ROWS}
    for size in ROWS:
        say(f"batch check: {size} rows: {seconds[size]:.2f} s of a processor, {megabytes[size]:.0f} MB at most")
    few, more, most = ROWS
    slow, slower = (seconds[b] - seconds[a] for a, b in ((few, more), (more, most)))
    return Measurement(
        name="batch check: growth of its time over that of the rows",
        value=(slower / (most - more)) / (slow / (more - few)),
        goal=GOAL_GROWTH,
        unit="",
        details={f"{size} rows (s)": each for size, each in seconds.items()}
        | {f"{size} rows, peak of the process (MB)": each for size, each in megabytes.items()},
    )


class Job:
    """The folders of a job of the step, with batches drawn from the real rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = read_rows()
        self.baseline = folder / "baseline"
        self.baseline.mkdir()
        self.rows[NAMES].to_csv(self.baseline / "rows.csv", index=False)
        described = [baseline.Column(*column) for column in COLUMNS]
        training = baseline.read_rows(self.baseline, described)
        statistics = baseline.describe(described, training)
        (self.baseline / "statistics.json").write_text(json.dumps(statistics))
        (self.baseline / "constraints.json").write_text(json.dumps(baseline.constrain(described, statistics)))

    def draw(self, size: int) -> Path:
        """Folder of a batch of this size."""
        batch = self.folder / str(size)
        if not batch.exists():
            batch.mkdir()
            drawn = self.rows[NAMES].sample(n=size, replace=True, random_state=size)
            drawn.to_csv(batch / "batch.csv", header=False, index=False)
        return batch

    def time_check(self, size: int) -> float:
        """Seconds of a processor that a check takes; the least of several."""
        batch, seconds = self.draw(size), []
        statistics, constraints = self.baseline / "statistics.json", self.baseline / "constraints.json"
        baselines = batch_check.read_baselines(statistics, constraints, COLUMNS)
        for _ in range(REPEATS):
            started = time.process_time()
            batch_check.check(batch, COLUMNS, baselines, SETTINGS.batch_check.significance)
            seconds.append(time.process_time() - started)
        return min(seconds)

    def run_script(self, size: int) -> float:
        """Run the script as its job does; the most memory that it had, in megabytes."""
        folders = {
            "input": self.draw(size),
            "statistics": self.baseline,
            "constraints": self.baseline,
            "output": self.folder / "check",
            "scored": self.folder / "scored",
        }
        settings = {
            "significance": SETTINGS.batch_check.significance,
            **dict.fromkeys(("execution-id", "input-data", "model-package-arn"), "x"),
        }
        arguments = [part for name, value in (folders | settings).items() for part in (f"--{name}", str(value))]
        columns = [part for each in COLUMNS for part in ("--column", ":".join(map(str, each)))]
        command = [sys.executable, batch_check.__file__, *arguments, *columns]
        shutil.rmtree(self.folder / "scored", ignore_errors=True)
        done = subprocess.run([sys.executable, "-c", LAUNCHER, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise MeasurementError(f"the batch check failed: {done.stderr.strip()}")
        return int(done.stdout.splitlines()[-1]) / 1024
