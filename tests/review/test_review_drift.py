"""The nightly report: its subject, its order, and its words."""

from __future__ import annotations

import pytest

from mlops.review.drift import is_clean, render
from mlops.review.model import ResourceChange, StackReview

CLEAN = [StackReview(stack=stack) for stack in ("registry", "dev", "prod")]


def gone(type_: str, name: str) -> ResourceChange:
    return ResourceChange(operation="delete", type=type_, name=name, old={"name": name})


def test_nothing_is_clean_and_a_stack_that_could_not_be_compared_is_not():
    assert is_clean(CLEAN)
    assert render(CLEAN) == (
        "[model-promotion] nothing has drifted",
        "Nothing differs from what was deployed in registry, dev, prod.\n",
    )
    failed = [*CLEAN[:2], StackReview(stack="prod", error="no credentials\nask somebody")]
    assert not is_clean(failed)
    subject, text = render(failed)
    assert subject == "[model-promotion] not compared: prod"
    assert "prod could not be compared:\n  no credentials\n  ask somebody\n" in text


def test_registry_policy_keys_and_access_come_first_then_the_rest():
    changes = (
        gone("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm"),
        gone("aws:iam/role:Role", "role"),
        gone("aws:s3/bucketPolicy:BucketPolicy", "bucket-policy"),
        gone("aws:kms/key:Key", "key"),
        gone("aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy", "group-policy"),
    )
    subject, text = render([StackReview(stack="registry", changes=changes)])
    assert subject == "[model-promotion] drift: 5 in registry; 4 of access or keys"
    named = [line.split()[-3] for line in text.splitlines() if line.endswith(" is gone")]
    assert named == ["group-policy", "key", "role", "bucket-policy", "alarm"]
    assert (
        text.index("Registry policy, keys and access:") < text.index("Everything else:") < text.index("alarm is gone")
    )


def test_differences_are_told_property_by_property_with_who_can_look_further():
    schedule = ResourceChange(
        operation="update",
        type="aws:scheduler/schedule:Schedule",
        name="daily",
        old={"state": "ENABLED", "target": {"arn": "a", "retryPolicy": {"maximumRetryAttempts": 10}}},
        new={"state": "DISABLED", "target": {"arn": "a", "retryPolicy": {"maximumRetryAttempts": 0}}},
        properties=("state", "target.retryPolicy.maximumRetryAttempts"),
    )
    _, text = render([StackReview(stack="prod", changes=(schedule,))])
    assert (
        "- prod: Schedule daily\n    state ENABLED → DISABLED\n    target.retryPolicy.maximumRetryAttempts 10 → 0\n"
        in text
    )
    assert "CloudTrail" in text
    assert "pulumi refresh --preview-only --diff --stack prod\n" in text


@pytest.mark.parametrize("count", [1, 1000])
def test_the_subject_is_what_sns_takes_and_the_text_stays_readable(count):
    changes = tuple(gone("aws:iam/role:Role", f"role-{number}") for number in range(count))
    reviews = [StackReview(stack=f"stäck-{'x' * 30}-{n}", changes=changes, error="cut off") for n in range(3)]
    subject, text = render(reviews)
    assert subject.isascii()
    assert "\n" not in subject
    assert len(subject) <= 100
    assert len(text.splitlines()) < 220
    assert len(text.encode()) < 256 * 1024
