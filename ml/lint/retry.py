"""Rules of retry policies."""

from __future__ import annotations

from collections.abc import Iterator

from ml.lint.api import OPERATIONS
from ml.lint.content import Json

JOBS = frozenset({"Processing", "Training", "Transform"})
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
RETRYABLE = frozenset(OPERATIONS) - {"QualityCheck"}
STEP_EXCEPTIONS = frozenset({"Step.SERVICE_FAULT", "Step.THROTTLING"})
JOB_EXCEPTIONS = frozenset({"SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"})
MOST_ATTEMPTS = 20
LONGEST_RETRY_MINUTES = 14_400


def check_retries(step: Json, _parameters: Json) -> Iterator[str]:
    """Retry policies where they are legal, each with one limit and exceptions that its step can have."""
    kind = step.get("Type", "")
    policies = step.get("RetryPolicies", [])
    if policies and kind not in RETRYABLE:
        yield f"a {kind} step takes no RetryPolicies"
        return
    if not policies and kind in RETRYABLE:
        yield "has no RetryPolicies: a passing fault of the service would fail the execution"
    seen: list[str] = []
    for policy in policies:
        exceptions = policy.get("ExceptionType", [])
        permitted = STEP_EXCEPTIONS | (JOB_EXCEPTIONS if kind in JOBS else frozenset())
        for exception in exceptions:
            if exception not in permitted:
                yield f"a {kind} step cannot retry {exception}"
            if exception in seen:
                yield f"two retry policies name {exception}"
        seen += exceptions
        if not exceptions:
            yield "a retry policy names no ExceptionType"
        if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
            yield "a retry policy needs one of MaxAttempts and ExpireAfterMin"
        if not 1 <= policy.get("MaxAttempts", 1) <= MOST_ATTEMPTS:
            yield f"MaxAttempts is {policy['MaxAttempts']}, not 1 to {MOST_ATTEMPTS}"
        if not 1 <= policy.get("ExpireAfterMin", 1) <= LONGEST_RETRY_MINUTES:
            yield f"ExpireAfterMin is {policy['ExpireAfterMin']}, not 1 to {LONGEST_RETRY_MINUTES}"
