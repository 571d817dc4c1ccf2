"""Lambda function in prod: once a day, put for how long the oldest pending version of each group has waited.

An alarm compares the metric with the hours that the settings allow. "Now" is the time for which the schedule fired.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
from collections.abc import Mapping
from typing import Any

import boto3

LOGGER = logging.getLogger(__name__)
NAMESPACE = "ModelPromotion"
METRIC = "OldestPendingApprovalHours"
DIMENSION = "ModelPackageGroup"


def handler(event: Mapping[str, Any], context: object) -> dict[str, float]:
    """Lambda's entry point, for the schedule's input ``{"scheduled_time": "2026-01-31T08:00:00Z"}``."""
    LOGGER.setLevel(logging.INFO)
    now = datetime.datetime.fromisoformat(event["scheduled_time"])
    groups = json.loads(os.environ["MODEL_PACKAGE_GROUP_ARNS"])
    hours = watch(groups, now, boto3.client("sagemaker"), boto3.client("cloudwatch"))
    LOGGER.info(json.dumps(hours))
    return hours


def watch(groups: list[str], now: datetime.datetime, sagemaker: Any, cloudwatch: Any) -> dict[str, float]:
    """Put the metric of every group and return the hours by group; 0 where nothing waits."""
    hours = {arn.rsplit("/", 1)[1]: waiting_hours(arn, now, sagemaker) for arn in groups}
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": METRIC,
                "Dimensions": [{"Name": DIMENSION, "Value": group}],
                "Timestamp": now,
                "Value": value,
            }
            for group, value in hours.items()
        ],
    )
    return hours


def waiting_hours(group_arn: str, now: datetime.datetime, sagemaker: Any) -> float:
    """Hours since the oldest version that is still pending was registered, to one decimal."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group_arn, ModelApprovalStatus="PendingManualApproval"
    )
    created = [package["CreationTime"] for page in pages for package in page["ModelPackageSummaryList"]]
    if not created:
        return 0.0
    hours: float = (now - min(created)) / datetime.timedelta(hours=1)
    return max(0.0, round(hours, 1))
