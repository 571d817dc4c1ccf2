"""Stubbed clients, and what SageMaker lists, for tests of the Lambda functions."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.stub import Stubber

ACCOUNT = "222222222222"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
INFERENCE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/inference"
TRAIN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/train"
FAILED = f"{INFERENCE}/execution/failed000001"


class Client:
    """A client and the answers that it is to give, in order; an unforeseen call is an error."""

    def __init__(self, service: str) -> None:
        self.client = boto3.client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stubber = Stubber(self.client)
        self.stubber.activate()

    def answer(self, operation: str, answer: dict[str, Any], **expected: Any) -> None:
        self.stubber.add_response(operation, answer, expected or None)

    def refuse(self, operation: str, code: str = "AccessDeniedException") -> None:
        self.stubber.add_client_error(operation, code)


def step(name: str, status: str = "Failed", reason: str = "", **metadata: Any) -> dict[str, Any]:
    """A step as ListPipelineExecutionSteps lists it."""
    listed: dict[str, Any] = {"StepName": name, "StepStatus": status, "Metadata": metadata}
    return {**listed, "FailureReason": reason} if reason else listed
