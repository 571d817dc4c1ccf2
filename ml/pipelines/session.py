"""The SDK's session for building a definition: it asks AWS nothing."""

from __future__ import annotations

import boto3
from sagemaker.core.workflow.pipeline_context import PipelineSession

from ml.pipelines.target import Target


class OfflineSession(PipelineSession):  # type: ignore[misc]  # the SDK is not installed where types are checked
    """Pipeline session that asks AWS nothing while a definition is built."""

    def __init__(self, target: Target) -> None:
        self.target = target
        super().__init__(
            boto_session=boto3.Session(region_name=target.region),
            default_bucket=target.data_bucket,
            sagemaker_config={
                "SchemaVersion": "1.0",
                "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
            },
        )

    def default_bucket(self) -> str:
        """The data bucket; the SDK's own method would look for it, and create it."""
        return self.target.data_bucket

    def account_id(self) -> str:
        """The target's account; the SDK's own method calls STS."""
        return self.target.account_id
