"""Stubbed clients, and the event of a failed pipeline as EventBridge delivers it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from function_calls import ACCOUNT, FAILED, INFERENCE, Client


@pytest.fixture
def client() -> Iterator[Callable[[str], Client]]:
    """Make stubbed clients; each answer that was foreseen must have been asked for."""
    made: list[Client] = []

    def make(service: str) -> Client:
        made.append(Client(service))
        return made[-1]

    yield make
    for one in made:
        one.stubber.assert_no_pending_responses()


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""

    def make(pipeline: str = INFERENCE, execution: str = FAILED) -> dict[str, Any]:
        return json.loads(
            json.dumps(
                {
                    "version": "0",
                    "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
                    "source": "aws.sagemaker",
                    "account": ACCOUNT,
                    "time": "2026-03-10T23:20:00Z",
                    "region": "us-east-1",
                    "detail": {
                        "currentPipelineExecutionStatus": "Failed",
                        "previousPipelineExecutionStatus": "Executing",
                        "executionStartTime": "2026-03-10T23:02:00Z",
                        "executionEndTime": "2026-03-10T23:20:00Z",
                        "pipelineArn": pipeline,
                        "pipelineExecutionArn": execution,
                    },
                }
            )
        )

    return make
