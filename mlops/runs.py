"""Pipeline executions: started, watched, listed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from infra.names import pipeline_names
from infra.settings import Environment
from ml import model as models
from mlops.failure import CommandError, UsageError
from mlops.place import Place

Say = Callable[[str], None]
KINDS = ("train", "inference")
ENDED = ("Succeeded", "Failed", "Stopped")
LISTED = 50
READERS = 8


def pipeline_name(place: Place, environment: Environment, kind: str, model: str | None) -> str:
    """The name of one model's pipeline in one account."""
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no pipeline; write {' or '.join(KINDS)}")
    name = pipeline_names(models.load(model_name(place, environment, model)))[KINDS.index(kind)]
    return place.names.pipeline_name(name, environment)


def model_name(place: Place, environment: Environment, model: str | None) -> str:
    """The one model of an account that is meant; raises :class:`UsageError` where that is not clear."""
    chosen = place.settings[environment].models
    if model is None and len(chosen) > 1:
        raise UsageError(f"which model? name one with --model: {', '.join(chosen)}")
    if model is not None and model not in chosen:
        raise UsageError(f"{environment} has no model {model!r}; it has {', '.join(chosen)}")
    return model or chosen[0]


def start(
    place: Place, environment: Environment, pipeline: str, parameters: Mapping[str, str], token: str | None = None
) -> str:
    """Start one execution and return its ARN. A token makes a repeated start the same start."""
    try:
        started = place.client(environment, "sagemaker").start_pipeline_execution(
            PipelineName=pipeline,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
            ClientRequestToken=token or str(uuid.uuid4()),
        )
    except ClientError as error:
        raise CommandError(f"{environment}: {pipeline} was not started: {error}") from error
    return str(started["PipelineExecutionArn"])


def watch(place: Place, environment: Environment, arn: str, say: Say) -> dict[str, Any]:
    """Wait until an execution ends, telling of each step as it starts and ends; returns it as :func:`describe` does."""
    sagemaker = place.client(environment, "sagemaker")
    told: dict[str, str] = {}
    pause = 0.2 if place.is_sandbox else 10.0
    while True:
        status = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
        for step in _steps(sagemaker, arn):
            name, state = step["StepName"], step["StepStatus"]
            if told.get(name) != state and state not in ("Starting",):
                told[name] = state
                say(f"{environment}: {name} {state}{_why(step)}")
        if status in ENDED:
            return describe(place, environment, arn)
        time.sleep(pause)


def describe(place: Place, environment: Environment, arn: str) -> dict[str, Any]:
    """One execution with its steps; ``reason`` says why it failed."""
    sagemaker = place.client(environment, "sagemaker")
    found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = _steps(sagemaker, arn)
    failed = [f"{step['StepName']}: {step.get('FailureReason', 'no reason given')}" for step in steps
              if step["StepStatus"] == "Failed"]  # fmt: skip
    return {
        "arn": arn,
        "name": found.get("PipelineExecutionDisplayName"),
        "environment": environment,
        "pipeline": found["PipelineArn"].rsplit("/", 1)[1],
        "status": found["PipelineExecutionStatus"],
        "started": found["CreationTime"].isoformat(timespec="seconds"),
        "seconds": round((found["LastModifiedTime"] - found["CreationTime"]).total_seconds(), 1),
        "reason": "; ".join(failed) or found.get("FailureReason"),
        "steps": {step["StepName"]: step["StepStatus"] for step in steps},
    }


def list_executions(place: Place, environment: Environment) -> list[dict[str, Any]]:
    """The newest executions of every pipeline in one account."""
    sagemaker = place.client(environment, "sagemaker")
    found = []
    for name in place.settings[environment].models:
        for pipeline in pipeline_names(models.load(name)):
            try:
                page = sagemaker.list_pipeline_executions(
                    PipelineName=place.names.pipeline_name(pipeline, environment),
                    SortBy="CreationTime",
                    SortOrder="Descending",
                    MaxResults=LISTED,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] == "ResourceNotFound":
                    continue
                raise
            found += [summary["PipelineExecutionArn"] for summary in page["PipelineExecutionSummaries"]]
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda arn: describe(place, environment, arn), found))


def _steps(sagemaker: Any, arn: str) -> list[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending"
    )
    return [step for page in pages for step in page["PipelineExecutionSteps"]]


def _why(step: Mapping[str, Any]) -> str:
    return f": {step['FailureReason']}" if step.get("FailureReason") else ""
