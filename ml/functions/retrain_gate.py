"""Lambda function in prod: after a failed inference, start one training if the batch drifted, or say why not.

Its memory is SageMaker's list of executions: a retraining is an execution of the train pipeline whose display name is
``retrain-<id of the failed execution>``. "Now" is the event's time. It runs one at a time (reserved concurrency 1).
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

LOGGER = logging.getLogger(__name__)
PREFIX = "retrain-"
ANNOUNCED = "; announced"
WEEK = datetime.timedelta(days=7)
IN_FLIGHT = ("Executing", "Stopping")
SUBJECT_LENGTH = 100  # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


@dataclass(frozen=True)
class Gate:
    """The failed execution of one event, and the limits for what may follow it."""

    execution_arn: str
    pipeline: str
    train_pipeline: str
    drift_step: str
    now: datetime.datetime
    cool_down: datetime.timedelta
    weekly_cap: int
    environment: str
    topic_arn: str
    studio_domain: str

    @property
    def execution_id(self) -> str:
        """The last part of the failed execution's ARN."""
        return self.execution_arn.rsplit("/", 1)[1]

    @property
    def display_name(self) -> str:
        """The name of the one retraining that this failure can lead to."""
        return f"{PREFIX}{self.execution_id}"


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Lambda's entry point, for EventBridge's event of a failed inference."""
    LOGGER.setLevel(logging.INFO)
    answer = decide(read_event(event, os.environ), boto3.client("sagemaker"), boto3.client("sns"))
    LOGGER.info(json.dumps(answer))
    return answer


def read_event(event: Mapping[str, Any], settings: Mapping[str, str]) -> Gate:
    """The event and the function's environment variables as one value."""
    detail = event["detail"]
    pipeline = detail["pipelineArn"].rsplit("/", 1)[1]
    known = json.loads(settings["PIPELINES"])[pipeline]
    return Gate(
        execution_arn=detail["pipelineExecutionArn"],
        pipeline=pipeline,
        train_pipeline=known["train_pipeline"],
        drift_step=known["drift_step"],
        now=datetime.datetime.fromisoformat(event["time"]),
        cool_down=datetime.timedelta(hours=int(settings["COOL_DOWN_HOURS"])),
        weekly_cap=int(settings["WEEKLY_CAP"]),
        environment=settings["ENVIRONMENT"],
        topic_arn=settings["TOPIC_ARN"],
        studio_domain=settings.get("STUDIO_DOMAIN", ""),
    )


def decide(gate: Gate, sagemaker: Any, sns: Any) -> dict[str, str]:
    """Start the retraining, or find that it was started, or refuse it; publish each start and each refusal."""
    if not drifted(gate, sagemaker):
        return {"decision": "not-drift", "execution": gate.execution_arn}
    known = executions(gate, sagemaker)
    own = [e for e in known if e.get("PipelineExecutionDisplayName") == gate.display_name]
    if own:
        started = str(own[0]["PipelineExecutionArn"])
        announce(gate, started, sagemaker, sns)
        return {"decision": "already-started", "execution": started}
    refusal = refuse(gate, known)
    if refusal:
        publish(gate, sns, f"[{gate.environment}] No retraining after drift: {gate.pipeline}", refusal)
        return {"decision": "refused", "execution": gate.execution_arn, "reason": refusal[0]}
    started = sagemaker.start_pipeline_execution(
        PipelineName=gate.train_pipeline,
        PipelineExecutionDisplayName=gate.display_name,
        PipelineExecutionDescription=describe(gate),
        # A delivery that overtakes the listing above still gets the same execution.
        ClientRequestToken=hashlib.sha256(gate.execution_arn.encode()).hexdigest(),
    )["PipelineExecutionArn"]
    announce(gate, started, sagemaker, sns)
    return {"decision": "started", "execution": started}


def drifted(gate: Gate, sagemaker: Any) -> bool:
    """Whether drift is what failed: our verdict's step, or a quality check that found violations."""
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(PipelineExecutionArn=gate.execution_arn)
    failed = [step for page in pages for step in page["PipelineExecutionSteps"] if step["StepStatus"] == "Failed"]
    return any(
        step["StepName"] == gate.drift_step or step.get("Metadata", {}).get("QualityCheck", {}).get("ViolationReport")
        for step in failed
    )


def executions(gate: Gate, sagemaker: Any) -> list[dict[str, Any]]:
    """Executions of the train pipeline since the longest time that a limit looks back, the newest first."""
    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(
        PipelineName=gate.train_pipeline,
        CreatedAfter=gate.now - max(WEEK, gate.cool_down),
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    return [summary for page in pages for summary in page["PipelineExecutionSummaries"]]


def refuse(gate: Gate, known: list[dict[str, Any]]) -> list[str]:
    """Why no retraining may start now, in lines for people; none where one may."""
    running = [e for e in known if e["PipelineExecutionStatus"] in IN_FLIGHT]
    starts = sorted(
        (e["StartTime"] for e in known if e.get("PipelineExecutionDisplayName", "").startswith(PREFIX)), reverse=True
    )
    reasons, free = [], []
    if running:
        arn, since = running[0]["PipelineExecutionArn"], running[0]["StartTime"]
        reasons.append(f"Execution {arn.rsplit('/', 1)[1]} of {gate.train_pipeline} is under way since {_text(since)}.")
    if starts and starts[0] + gate.cool_down > gate.now:
        free.append(starts[0] + gate.cool_down)
        hours = gate.cool_down // datetime.timedelta(hours=1)
        reasons.append(f"The last retraining began at {_text(starts[0])}, and {hours} hours must lie between two.")
    recent = [start for start in starts if start + WEEK > gate.now]
    if len(recent) >= gate.weekly_cap:
        free.append(recent[gate.weekly_cap - 1] + WEEK)
        reasons.append(f"{len(recent)} retrainings began in the last 7 days; {gate.weekly_cap} are allowed.")
    if free:
        reasons.append(f"The first drifted batch after {_text(max(free))} may start one again.")
    elif running:
        reasons.append("The first drifted batch after it has ended may start one again.")
    return reasons


def announce(gate: Gate, started: str, sagemaker: Any, sns: Any) -> None:
    """Publish a start once: the execution's description remembers it, should this fail in between."""
    found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=started)
    if found.get("PipelineExecutionDescription", "").endswith(ANNOUNCED):
        return
    lines = [
        f"The batch of execution {gate.execution_id} drifted; {gate.train_pipeline} is training on the present data.",
        f"Execution: {started}",
        *link(gate, started),
        "",
        "The new version waits for approval in the registry account. Until somebody approves it, nothing changes in",
        "service: mlops models list, mlops models show <version>, mlops models approve <version> --reason '...'",
    ]
    publish(gate, sns, f"[{gate.environment}] Retraining started after drift: {gate.train_pipeline}", lines)
    sagemaker.update_pipeline_execution(
        PipelineExecutionArn=started, PipelineExecutionDescription=describe(gate) + ANNOUNCED
    )


def publish(gate: Gate, sns: Any, subject: str, lines: list[str]) -> None:
    """Send one message to the alert topic, which says whose drift it is about."""
    head = [
        f"Account:   {gate.topic_arn.split(':')[4]} ({gate.environment})",
        f"Pipeline:  {gate.pipeline}",
        f"Execution: {gate.execution_id}, failed as drift at {_text(gate.now)}",
        "",
    ]
    sns.publish(TopicArn=gate.topic_arn, Subject=subject[:SUBJECT_LENGTH], Message="\n".join([*head, *lines]))


def describe(gate: Gate) -> str:
    """What the retraining's description says before it is announced."""
    return f"Retraining after drift in {gate.execution_arn}"


def link(gate: Gate, execution_arn: str) -> list[str]:
    """Where to watch the execution; only Studio has a page for it."""
    region, execution = execution_arn.split(":")[3], execution_arn.rsplit("/", 1)[1]
    if not gate.studio_domain:
        return [f"Steps:     aws sagemaker list-pipeline-execution-steps --pipeline-execution-arn {execution_arn}"]
    host = f"https://{gate.studio_domain}.studio.{region}.sagemaker.aws"
    return [f"Studio:    {host}/pipelines/view/{gate.train_pipeline}/executions/{execution}/graph"]


def _text(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
