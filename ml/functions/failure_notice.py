"""Lambda function in prod: tell people about a failed pipeline in one message that they can act on.

It reads the failed steps' reasons and, for an inference, the batch check's report; what it cannot read it names, and
publishes what it knows. Cell values are in none of these: the report has line and column only, and reasons are cut.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

LOGGER = logging.getLogger(__name__)
SUBJECT_LENGTH = 100  # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
REASON_LENGTH = 300
LISTED = 20
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
JOB_PAGES = {
    "ProcessingJob": ("Arn", "processing-jobs"),
    "QualityCheck": ("CheckJobArn", "processing-jobs"),
    "TrainingJob": ("Arn", "jobs"),
    "TransformJob": ("Arn", "transform-jobs"),
}
VERDICT_STEPS = {"DataDrift": "drift", "BadInput": "bad-input", "NoApprovedModel": "no approved model"}
NEXT = {
    "drift": "Whether a training starts is retrain-gate's decision; it tells the outcome in a message of its own.",
    "bad-input": "Nothing is retrained, because the file cannot be used. Put a good one in its place and start the "
    "pipeline again.",
    "no approved model": "Nothing is retrained. Approve a version that this account may use: mlops models list, then "
    "mlops models approve <version> --reason '...'; then start the pipeline again.",
    "inference": "Nothing is retrained, because a failed step says nothing about the data. Mend it and start the "
    "pipeline again; else the schedule does.",
    "train": "Nothing was registered; the versions in service stay as they are.",
}


@dataclass
class Failure:
    """One failed execution, and what could be found out about it."""

    account: str
    region: str
    environment: str
    pipeline: str
    kind: str  # train or inference
    execution_arn: str
    started: str
    failed: str
    report_uri: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    @property
    def execution_id(self) -> str:
        """The last part of the execution's ARN."""
        return self.execution_arn.rsplit("/", 1)[1]

    @property
    def failed_steps(self) -> list[dict[str, Any]]:
        """The steps that failed, the first to fail first."""
        return [step for step in self.steps if step["StepStatus"] == "Failed"]

    def read(self, what: str, reader: Callable[[], Any]) -> Any:
        """What ``reader`` returns, or None after noting why it could not be read."""
        try:
            return reader()
        except ClientError as error:
            self.unread.append(f"{what}: {error.response['Error']['Code']}")
        except (BotoCoreError, ValueError) as error:
            self.unread.append(f"{what}: {type(error).__name__}")
        LOGGER.warning("%s of %s could not be read", what, self.execution_arn)
        return None


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Lambda's entry point, for EventBridge's event of a failed pipeline."""
    LOGGER.setLevel(logging.INFO)
    return notify(event, os.environ, boto3.client("sagemaker"), boto3.client("s3"), boto3.client("sns"))


def notify(event: Mapping[str, Any], settings: Mapping[str, str], sagemaker: Any, s3: Any, sns: Any) -> dict[str, str]:
    """Find out what failed and publish it; only publishing itself may fail."""
    detail = event["detail"]
    pipeline = detail["pipelineArn"].rsplit("/", 1)[1]
    known = json.loads(settings["PIPELINES"])[pipeline]
    execution = detail["pipelineExecutionArn"].rsplit("/", 1)[1]
    failure = Failure(
        account=event["account"],
        region=event["region"],
        environment=settings["ENVIRONMENT"],
        pipeline=pipeline,
        kind=known["kind"],
        execution_arn=detail["pipelineExecutionArn"],
        started=detail.get("executionStartTime", ""),
        failed=event["time"],
        report_uri=f"s3://{settings['DATA_BUCKET']}/{known['model_name']}/executions/{execution}/check/batch_check.json",
    )
    failure.steps = failure.read("the steps of the execution", lambda: list_steps(sagemaker, failure)) or []
    verdict = find_verdict(failure, known["step_prefix"])
    if verdict in ("drift", "bad-input"):
        failure.report_uri = _violation_report(failure) or failure.report_uri
        failure.report = failure.read("the report on the batch", lambda: read_report(s3, failure.report_uri)) or {}
    subject = f"[{failure.environment}] {pipeline} failed: {verdict}"
    text = "\n".join(compose(failure, verdict, settings.get("STUDIO_DOMAIN", "")))
    sns.publish(TopicArn=settings["TOPIC_ARN"], Subject=_ascii(subject)[:SUBJECT_LENGTH], Message=text)
    LOGGER.info(json.dumps({"execution": failure.execution_arn, "verdict": verdict, "unread": failure.unread}))
    return {"verdict": verdict, "subject": _ascii(subject)[:SUBJECT_LENGTH]}


def list_steps(sagemaker: Any, failure: Failure) -> list[dict[str, Any]]:
    """Every step of the execution, in the order in which they began."""
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=failure.execution_arn, SortOrder="Ascending"
    )
    return [step for page in pages for step in page["PipelineExecutionSteps"]]


def read_report(s3: Any, uri: str) -> dict[str, Any]:
    """The batch check's report, or Model Monitor's in its form; raises ValueError where it is no JSON object."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    report = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    if not isinstance(report, dict):
        raise ValueError("not an object")  # a wrong file, not a wrong call
    # https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
    found = [
        {"drifted": True, "change": f"{violation.get('feature_name')}: {violation.get('description')}"}
        for violation in report.get("violations", [])
    ]
    return {**report, "features": found} if found else report


def find_verdict(failure: Failure, prefix: str) -> str:
    """In a word or two, what ended the execution."""
    for step in failure.failed_steps:
        named = VERDICT_STEPS.get(step["StepName"].removeprefix(f"{prefix}-"))
        if named:
            return named
    if _violation_report(failure) and failure.kind == "inference":
        return "drift"
    if failure.failed_steps:
        return f"failed step {failure.failed_steps[0]['StepName']}"
    return "reason unknown"


def compose(failure: Failure, verdict: str, studio_domain: str) -> list[str]:
    """The message's lines."""
    report = failure.report
    moved = [feature for feature in report.get("features", []) if feature.get("drifted")]
    lines = [
        f"Account:   {failure.account} ({failure.environment}), {failure.region}",
        f"Pipeline:  {failure.pipeline}",
        f"Execution: {failure.execution_id}, began {_text(failure.started)}, failed {_text(failure.failed)}",
        f"Verdict:   {verdict}",
    ]
    if "input" in report:
        lines.append(f"Input:     {report['input']}, {report.get('rows', 0)} rows")
    title = f"Features that moved, {len(moved)} of {len(report['features'])}" if moved else ""
    lines += _section(title, [str(feature.get("change")) for feature in moved])
    lines += _section("Problems of the file", [str(problem) for problem in report.get("problems", [])])
    # The reason of a verdict's step is the report's summary, which the two lists above say in full.
    told = moved or report.get("problems")
    lines += _section("Failed steps", [] if told else [_reason(step) for step in failure.failed_steps])
    lines += _section("Could not be read", failure.unread)
    lines += ["", "What happens next", NEXT.get(verdict) or NEXT[failure.kind]]
    return [*lines, *_section("Links", links(failure, studio_domain))]


def links(failure: Failure, studio_domain: str) -> list[str]:
    """Pages of the execution and of the report; without Studio, of the last job that the execution ran."""
    console = f"https://{failure.region}.{CONSOLES.get(failure.execution_arn.split(':')[1], CONSOLES['aws'])}"
    found = []
    if studio_domain:
        host = f"https://{studio_domain}.studio.{failure.region}.sagemaker.aws"
        found.append(f"Execution: {host}/pipelines/view/{failure.pipeline}/executions/{failure.execution_id}/graph")
    else:
        jobs = [
            (page, step["Metadata"][kind][member].rsplit("/", 1)[1])
            for step in [*failure.steps, *failure.failed_steps]
            for kind, (member, page) in JOB_PAGES.items()
            if step.get("Metadata", {}).get(kind, {}).get(member)
        ]
        found += [f"Job: {console}/sagemaker/home?region={failure.region}#/{page}/{name}" for page, name in jobs[-1:]]
        command = "aws sagemaker list-pipeline-execution-steps --pipeline-execution-arn"
        found.append(f"Steps: {command} {failure.execution_arn}")
    if failure.report:
        bucket, _, key = failure.report_uri.removeprefix("s3://").partition("/")
        where = f"{bucket}?region={failure.region}&prefix={key}"
        found.append(f"Report: {console}/s3/object/{where}")
    return found


def _violation_report(failure: Failure) -> str:
    """Where a failed quality check of Model Monitor's left its violations; "" if none did."""
    found = [step.get("Metadata", {}).get("QualityCheck", {}).get("ViolationReport") for step in failure.failed_steps]
    return next((uri for uri in found if uri), "")


def _section(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    more = [f"  and {len(items) - LISTED} more"] if len(items) > LISTED else []
    return ["", title, *[f"  - {item}" for item in items[:LISTED]], *more]


def _reason(step: Mapping[str, Any]) -> str:
    """A step and the first line of its reason: what follows can be a program's trace, with values of cells in it."""
    reason = str(step.get("FailureReason", "no reason given")).strip().split("\n")[0]
    return f"{step['StepName']}: {reason[:REASON_LENGTH]}"


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _text(moment: str) -> str:
    """A time of the event for people; "at a time not given" where the event has none."""
    if not moment:
        return "at a time not given"
    return datetime.datetime.fromisoformat(moment).astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
