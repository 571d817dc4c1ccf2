"""When a step is tried again: faults of the service, before a job exists or while it runs.

A script's own error is not retried: it would fail again. Lambda and quality-check steps take no policy.
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
"""

from __future__ import annotations

from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)

API_RETRIES = [
    StepRetryPolicy(
        exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
        interval_seconds=30,
        backoff_rate=2.0,
        max_attempts=3,
    )
]
JOB_RETRIES = [
    *API_RETRIES,
    SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR],
        interval_seconds=60,
        backoff_rate=2.0,
        max_attempts=2,
    ),
    SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.CAPACITY_ERROR, SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
        interval_seconds=300,
        backoff_rate=1.5,
        expire_after_mins=180,
    ),
]
