"""The train pipeline in the sandbox, from its start to its end: how long, and how much of that outside the jobs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.measurement import Measurement, MeasurementError
from mlops import runs
from mlops.place import Place

REPEATS = 3
GOAL_SECONDS = 20.0
GOAL_SHARE_PERCENT = 10.0
POLL_SECONDS = 0.05
# Kind of job in a step's metadata → operation, its argument, and the start and end of the job's process.
JOBS = {
    "ProcessingJob": ("describe_processing_job", "ProcessingJobName", "ProcessingStartTime", "ProcessingEndTime"),
    "TrainingJob": ("describe_training_job", "TrainingJobName", "TrainingStartTime", "TrainingEndTime"),
}

Say = Callable[[str], None]
Interval = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One execution: seconds from the request that started it until it had ended, and its jobs' processes by step."""

    seconds: float
    processes: dict[str, Interval]

    @property
    def share_outside_percent(self) -> float:
        """The part of the time in which no job's process ran."""
        return 100 * (1 - covered_seconds(self.processes.values()) / self.seconds)


def measure(place: Place, say: Say) -> list[Measurement]:
    """The median of several executions, one after the other; the details are of the one in the middle."""
    executions = [_execute(place, say) for _ in range(REPEATS)]
    middle = sorted(executions, key=lambda execution: execution.seconds)[REPEATS // 2]
    details = {f"{name} (s)": (end - start).total_seconds() for name, (start, end) in middle.processes.items()}
    share = statistics.median(execution.share_outside_percent for execution in executions)
    return [
        Measurement(
            name="train pipeline, start to end", value=middle.seconds, goal=GOAL_SECONDS, unit="s", details=details
        ),
        Measurement(
            name="train pipeline, share outside the jobs' processes", value=share, goal=GOAL_SHARE_PERCENT, unit="%"
        ),
    ]


def _execute(place: Place, say: Say) -> Execution:
    sagemaker = place.client("dev", "sagemaker")
    pipeline = runs.pipeline_name(place, "dev", "train", place.settings["dev"].models[0])
    started = time.monotonic()
    # Of made-up rows, no matter how good the model is: it is registered.
    arn = runs.start(place, "dev", pipeline, {"AucScoreThreshold": "0"})
    while sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"] not in runs.ENDED:
        time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - started
    ended = runs.describe(place, "dev", arn)
    if ended["status"] != "Succeeded":
        raise MeasurementError(f"{pipeline} {ended['status']}: {ended['reason']}")
    execution = Execution(seconds=seconds, processes=dict(_processes(sagemaker, arn)))
    say(f"{pipeline}: {seconds:.1f} s, {execution.share_outside_percent:.0f} % outside the jobs' processes")
    return execution


def _processes(sagemaker: Any, execution: str) -> Iterable[tuple[str, Interval]]:
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution, SortOrder="Ascending")
    for step in listed["PipelineExecutionSteps"]:
        for kind, reference in step.get("Metadata", {}).items():
            if kind in JOBS:
                operation, argument, start, end = JOBS[kind]
                job = getattr(sagemaker, operation)(**{argument: reference["Arn"].rsplit("/", 1)[1]})
                yield step["StepName"], (job[start], job[end])


def covered_seconds(intervals: Iterable[Interval]) -> float:
    """Seconds that at least one of the intervals covers."""
    total, until = 0.0, None
    for start, end in sorted(intervals):
        begin = start if until is None else max(start, until)
        if end > begin:
            total += (end - begin).total_seconds()
            until = end
    return total
