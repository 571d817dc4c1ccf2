"""How long versions wait for approval, measured from the schedule's time."""

from __future__ import annotations

import datetime
import json

from ml.functions import approval_watch

NOW = datetime.datetime(2026, 3, 10, 8, tzinfo=datetime.UTC)
GROUP = "arn:aws:sagemaker:us-east-1:333333333333:model-package-group/group"


def packages(*hours_ago):
    return {
        "ModelPackageSummaryList": [
            {
                "ModelPackageArn": f"arn:aws:sagemaker:us-east-1:333333333333:model-package/group/{version}",
                "ModelPackageStatus": "Completed",
                "ModelPackageVersion": version,
                "CreationTime": NOW - datetime.timedelta(hours=hours),
            }
            for version, hours in enumerate(hours_ago, 1)
        ]
    }


def expect_listing(sagemaker, answer):
    sagemaker.answer(
        "list_model_packages", answer, ModelPackageGroupName=GROUP, ModelApprovalStatus="PendingManualApproval"
    )


def test_the_oldest_pending_version_counts_on_every_page(client):
    sagemaker = client("sagemaker")
    expect_listing(sagemaker, {**packages(3.26, 80), "NextToken": "t"})
    sagemaker.answer(
        "list_model_packages",
        packages(100),
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="PendingManualApproval",
        NextToken="t",
    )
    assert approval_watch.waiting_hours(GROUP, NOW, sagemaker.client) == 100.0


def test_nothing_waits_is_zero(client):
    sagemaker = client("sagemaker")
    expect_listing(sagemaker, packages())
    assert approval_watch.waiting_hours(GROUP, NOW, sagemaker.client) == 0


def test_the_metric_has_the_schedules_time_and_the_groups_name(client):
    sagemaker, cloudwatch = client("sagemaker"), client("cloudwatch")
    expect_listing(sagemaker, packages(3.26))
    cloudwatch.answer(
        "put_metric_data",
        {},
        Namespace="ModelPromotion",
        MetricData=[
            {
                "MetricName": "OldestPendingApprovalHours",
                "Dimensions": [{"Name": "ModelPackageGroup", "Value": "group"}],
                "Timestamp": NOW,
                "Value": 3.3,
            }
        ],
    )
    assert approval_watch.watch([GROUP], NOW, sagemaker.client, cloudwatch.client) == {"group": 3.3}


def test_handler_takes_now_from_the_schedule(monkeypatch):
    asked = []
    monkeypatch.setattr(approval_watch.boto3, "client", lambda service: service)
    monkeypatch.setattr(approval_watch, "watch", lambda *given: asked.append(given) or {"group": 1.0})
    monkeypatch.setenv("MODEL_PACKAGE_GROUP_ARNS", json.dumps([GROUP]))
    assert approval_watch.handler({"scheduled_time": "2026-03-10T08:00:00Z"}, None) == {"group": 1.0}
    assert asked == [([GROUP], NOW, "sagemaker", "cloudwatch")]
