"""Step caching: an earlier execution's result stands for a step whose arguments are the same.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html
"""

from __future__ import annotations

import hashlib
import json

from sandbox.sagemaker.definition import Step
from sandbox.sagemaker.pipelines import EXECUTION
from sandbox.sagemaker.state import Document, State
from sandbox.sagemaker.step_rules import DURATION

_NOT_COMPARED = ("ProcessingJobName", "TrainingJobName", "TransformJobName", "Tags", "ExperimentConfig")


def cache_key(step: Step, arguments: Document) -> str:
    """What a step's arguments must have in common with an earlier execution's to stand for it."""
    compared = {name: value for name, value in arguments.items() if name not in _NOT_COMPARED}
    text = json.dumps([step.type, step.document.get("FunctionArn"), compared], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def cached(
    state: State, execution: Document, step_name: str, *, key: str, config: Document, now: float
) -> tuple[str, Document] | None:
    """The latest execution of the pipeline in which the step succeeded with this key, and that step."""
    since = now - _seconds(config["ExpireAfter"]) if "ExpireAfter" in config else 0.0
    found: tuple[str, Document] | None = None
    for other in state.documents(EXECUTION, f"{execution['PipelineArn']}/execution/"):
        step = (state.get("steps", other["PipelineExecutionArn"]) or {}).get(step_name, {})
        fits = step.get("CacheKey") == key and step["StepStatus"] == "Succeeded" and step["StartTime"] >= since
        if fits and (found is None or step["StartTime"] > found[1]["StartTime"]):
            found = other["PipelineExecutionArn"], step
    return found


def _seconds(duration: str) -> int:
    match = DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(duration)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
