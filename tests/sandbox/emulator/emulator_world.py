"""A sandbox of one test's own, whose clock the test moves."""

from __future__ import annotations

import datetime
import http.client
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator_callers import REGION, Principal, document

from sandbox import process

ACCOUNT = "333333333333"
OTHER = "444444444444"
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/daily"


class World:
    """A server in a folder, its doors, and what tests make in it."""

    def __init__(self, folder: Path, *, stub_steps: bool = False) -> None:
        self._folder = folder
        self._stub_steps = stub_steps
        self.start()

    def start(self) -> None:
        self.server = process.start(self._folder, 0, stub_steps=self._stub_steps)

    def stop(self) -> None:
        process.stop(self._folder)

    def restart(self) -> None:
        self.stop()
        self.start()

    def client(self, service: str, account: str = ACCOUNT) -> Any:
        return Principal(account, self.server.endpoint_url, account, "test").client(service)

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.request(method, path, None if body is None else json.dumps(body), dict(headers or {}))
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def now(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.ask("GET", "/_sandbox/clock")[1]["now"])

    def advance(self, seconds: float) -> list[dict[str, str]]:
        status, answer = self.ask("POST", "/_sandbox/clock/advance", {"seconds": seconds})
        assert status == 200, answer
        fired: list[dict[str, str]] = answer["fired"]
        return fired

    def advance_to(self, moment: str) -> list[dict[str, str]]:
        return self.advance((datetime.datetime.fromisoformat(moment) - self.now()).total_seconds())

    def outbox(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.ask("GET", "/_sandbox/outbox")[1]["messages"]
        return messages

    def role(self, name: str, services: list[str], *statements: dict[str, Any], **conditions: Any) -> str:
        """The ARN of a role that services may assume and that may do what the statements say."""
        trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole", **conditions}
        iam = self.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
        return str(role["Arn"])

    def queue(self, name: str, *statements: dict[str, Any], **attributes: str) -> str:
        """The ARN of a queue with this policy."""
        policy = {"Policy": document(*statements)} if statements else {}
        self.client("sqs").create_queue(QueueName=name, Attributes={**policy, **attributes})
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def messages(self, queue_arn: str) -> list[dict[str, Any]]:
        """What lies in a queue; it is hidden for 30 seconds afterwards."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
        found: list[dict[str, Any]] = []
        while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages", []
        ):
            found += received
        return found

    def topic(self, name: str, *statements: dict[str, Any], **attributes: str) -> str:
        """The ARN of a topic with this policy and one e-mail subscription."""
        sns = self.client("sns")
        policy = {"Policy": document(*statements)} if statements else {}
        arn: str = sns.create_topic(Name=name, Attributes={**policy, **attributes})["TopicArn"]
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="people@example.com")
        return arn

    def function(self, name: str, code: str, role: str, **settings: Any) -> str:
        """The ARN of a function whose file is ``code``."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as writer:
            writer.writestr("index.py", code)
        answer = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
            **settings,
        )
        return str(answer["FunctionArn"])

    def pipeline(self, role: str, *, fails: bool = True) -> None:
        """A pipeline ``daily`` without jobs, which fails by its own step or succeeds."""
        steps = [{"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "drift"}}]
        condition = {"Type": "Equals", "LeftValue": 1, "RightValue": 1 if fails else 2}
        choice = {"Conditions": [condition], "IfSteps": steps, "ElseSteps": []}
        text = json.dumps(
            {"Version": "2020-12-01", "Steps": [{"Name": "Choose", "Type": "Condition", "Arguments": choice}]}
        )
        self.client("sagemaker").create_pipeline(PipelineName="daily", PipelineDefinition=text, RoleArn=role)

    def counted(self, namespace: str, name: str, dimension: str, value: str) -> float:
        """The sum of a metric over the last day."""
        now = self.now()
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": dimension, "Value": value}],
            StartTime=now - datetime.timedelta(days=1),
            EndTime=now + datetime.timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    def executions(self) -> list[dict[str, Any]]:
        pages = self.client("sagemaker").get_paginator("list_pipeline_executions").paginate(PipelineName="daily")
        return [one for page in pages for one in page["PipelineExecutionSummaries"]]


def attributes(message: dict[str, Any]) -> dict[str, str]:
    """The texts of a message's attributes."""
    return {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
