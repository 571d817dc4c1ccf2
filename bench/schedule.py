"""A year of a daily schedule on the sandbox's clock, with the alarms that prod has, in which no step runs."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from bench.measurement import Measurement, MeasurementError
from infra.pipelines import compiled
from infra.pipelines.definition import fill, placeholders
from mlops.project import load_settings
from sandbox import process
from sandbox.process import Server

DAYS = 365
GOAL_DAYS_PER_MINUTE = 1000
REGION, ACCOUNT = "us-east-1", "333333333333"
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/daily"
DAY_SECONDS = 24 * 60 * 60

Say = Callable[[str], None]


def measure(say: Say) -> list[Measurement]:
    """Milliseconds for each day; every day must have fired once, and its execution must have ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "sandbox"
        server = process.start(folder, 0, stub_steps=True)
        try:
            _prepare(server)
            started = time.monotonic()
            fired = advance(server, DAYS * DAY_SECONDS)
            seconds = time.monotonic() - started
            _require_every_day(server, fired)
        finally:
            process.stop(folder)
    per_minute = 60 * DAYS / seconds
    say(f"a year of a daily schedule: {seconds:.1f} s, {per_minute:.0f} days a minute")
    return [
        Measurement(
            name="a scheduled day of the sandbox's clock, steps stubbed",
            value=1000 * seconds / DAYS,
            goal=60_000 / GOAL_DAYS_PER_MINUTE,
            unit="ms",
            details={"days fired": float(len(fired)), "days a minute": per_minute},
        )
    ]


def advance(server: Server, seconds: float) -> list[dict[str, str]]:
    """Move a sandbox's clock forward; what fired of the schedules."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    try:
        connection.request("POST", "/_sandbox/clock/advance", json.dumps({"seconds": seconds}))
        answer = json.loads(connection.getresponse().read())
    except OSError as error:
        raise MeasurementError(f"The sandbox's clock could not be advanced: {error}") from error
    finally:
        connection.close()
    if "fired" not in answer:
        raise MeasurementError(str(answer.get("message")))
    return [one for one in answer["fired"] if one["kind"] == "schedule"]


def _prepare(server: Server) -> None:
    role = _make_role(_client(server, "iam"))
    model = load_settings()["prod"].models[0]
    template = compiled.template(model, "inference")
    values = {name: _value(name, role) for name in placeholders(template)}
    sagemaker = _client(server, "sagemaker")
    sagemaker.create_pipeline(PipelineName="daily", PipelineDefinition=fill(template, values), RoleArn=role)
    _client(server, "scheduler").create_schedule(
        Name="daily",
        ScheduleExpression="cron(0 6 * * ? *)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        Target={"Arn": PIPELINE, "RoleArn": role},
    )
    _client(server, "cloudwatch").put_metric_alarm(
        AlarmName="no-success",
        Namespace="AWS/Sagemaker/ModelBuildingPipeline",
        MetricName="ExecutionSucceeded",
        Dimensions=[{"Name": "PipelineName", "Value": "daily"}],
        Statistic="Sum",
        Period=DAY_SECONDS,
        EvaluationPeriods=2,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )


def _make_role(iam: Any) -> str:
    services = ["sagemaker.amazonaws.com", "scheduler.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": "sagemaker:StartPipelineExecution", "Resource": PIPELINE}
    role = iam.create_role(RoleName="daily", AssumeRolePolicyDocument=json.dumps({"Statement": trust}))["Role"]
    iam.put_role_policy(RoleName="daily", PolicyName="start", PolicyDocument=json.dumps({"Statement": grant}))
    return str(role["Arn"])


def _value(name: str, role: str) -> str:
    """What has the form of a definition's value; nothing of it is used."""
    known = {
        "account_id": ACCOUNT,
        "job_role_arn": role,
        "kms_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000",
        "region": REGION,
    }
    if name.startswith("function_"):
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
    if name.startswith("script_"):
        return "s3://none/script.py"
    return known.get(name, name.replace("_", "-"))


def _require_every_day(server: Server, fired: list[dict[str, str]]) -> None:
    days = Counter(one["at"][:10] for one in fired)
    pages = _client(server, "sagemaker").get_paginator("list_pipeline_executions").paginate(PipelineName="daily")
    statuses = Counter(one["PipelineExecutionStatus"] for page in pages for one in page["PipelineExecutionSummaries"])
    if len(days) != DAYS or set(days.values()) != {1} or statuses != {"Succeeded": DAYS}:
        raise MeasurementError(
            f"{DAYS} days fired {len(fired)} times on {len(days)} days; executions: {dict(statuses)}"
        )


def _client(server: Server, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
    )
