"""Retry policies of pipeline steps.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
"""

from __future__ import annotations

import time

from sandbox.sagemaker.state import Document

EXCEPTION_TYPES = frozenset(
    {
        "Step.SERVICE_FAULT",
        "Step.THROTTLING",
        "SageMaker.JOB_INTERNAL_ERROR",
        "SageMaker.CAPACITY_ERROR",
        "SageMaker.RESOURCE_LIMIT",
    }
)
# "Pipelines retries on this type of error automatically", unless the step has a policy of its own for it.
_AUTOMATIC: Document = {
    "ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"],
    "IntervalSeconds": 1,
    "BackoffRate": 2.0,
    "MaxAttempts": 3,
}


class Retries:
    """Counts one step's failures against its policies."""

    def __init__(self, policies: list[Document]) -> None:
        self._policies = [*policies, _AUTOMATIC]
        self._counts: dict[str, int] = {}
        self._began = time.monotonic()

    def delay_seconds(self, exception_type: str | None) -> float | None:
        """How long to wait before the next attempt, or None when the step has failed for good."""
        policy = next((p for p in self._policies if exception_type in p["ExceptionType"]), None)
        if policy is None or exception_type is None:
            return None
        failures = self._counts.get(exception_type, 0)
        delay: float = policy.get("IntervalSeconds", 1) * policy.get("BackoffRate", 2.0) ** failures
        if failures >= policy.get("MaxAttempts", failures + 1):
            return None
        if time.monotonic() - self._began + delay > policy.get("ExpireAfterMin", 14400) * 60:
            return None
        self._counts[exception_type] = failures + 1
        return delay
