"""Lambda function in dev and prod, first step of the inference pipeline: the newest approved version usable here.

Usable is a version whose artifact this account's key grants let it read, whose image is in this region, and which has
a baseline. That there is none is an answer, not an error: the pipeline ends with it as ``NoApprovedModel``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

OUTPUTS = (
    "status",
    "reason",
    "model_package_arn",
    "version",
    "image_uri",
    "model_data_url",
    "statistics_uri",
    "constraints_uri",
)
# SageMaker shows a step's output up to 1,024 characters.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputParameter.html
LONGEST_REASON = 1000


class UnusableError(Exception):
    """A version cannot be used here; the message says why, as the end of a sentence about it."""


def handler(event: dict[str, str], _context: object) -> dict[str, str]:
    """Answer with every one of OUTPUTS, as text; an error of AWS, as a denied call, stays an error."""
    client = boto3.client("sagemaker", region_name=event["region"])
    accounts = [account.strip() for account in event["artifact_accounts"].split(",")]
    return find_version(client, event["model_package_group_arn"], accounts, event["region"])


def find_version(client: Any, group_arn: str, accounts: list[str], region: str) -> dict[str, str]:
    """The newest usable version, or why there is none."""
    passed_over = []
    for summary in approved(client, group_arn):
        arn = summary["ModelPackageArn"]
        version = arn.rpartition("/")[2]
        try:
            found = usable(client.describe_model_package(ModelPackageName=arn), accounts, region)
        except UnusableError as error:
            passed_over.append(f"version {version} {error}")
            continue
        reason = f"version {version} is the newest approved version that account and region can use"
        return answer("Found", [reason, *passed_over], model_package_arn=arn, version=version, **found)
    group = group_arn.rpartition("/")[2]
    return answer("NoApprovedModel", passed_over or [f"no version of {group} is approved"])


def approved(client: Any, group_arn: str) -> Iterator[dict[str, Any]]:
    """Approved versions of a group, which may be another account's, the newest first, no page before it is needed."""
    pages = client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group_arn,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    for page in pages:
        yield from page["ModelPackageSummaryList"]


def usable(package: dict[str, Any], accounts: list[str], region: str) -> dict[str, str]:
    """What a pipeline needs of a version; UnusableError says what is in the way."""
    if package["ModelPackageStatus"] != "Completed":
        raise UnusableError(f"is {package['ModelPackageStatus']}, not Completed")
    trained_in = package.get("CustomerMetadataProperties", {}).get("trained_in_account")
    if trained_in is None:
        raise UnusableError("does not say in which account it was trained")
    if trained_in not in accounts:
        raise UnusableError(f"was trained in {trained_in}, whose key this account may not use")
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1 or "ModelDataUrl" not in containers[0]:
        raise UnusableError("has not one container with one artifact")
    image = containers[0]["Image"]
    # SageMaker pulls images from its own region only.
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    if f".dkr.ecr.{region}." not in image:
        raise UnusableError(f"has an image that is not in {region}")
    baseline = package.get("DriftCheckBaselines", {}).get("ModelDataQuality", {})
    if not {"Statistics", "Constraints"} <= baseline.keys():
        raise UnusableError("has no baseline to check a batch against")
    return {
        "image_uri": image,
        "model_data_url": containers[0]["ModelDataUrl"],
        "statistics_uri": baseline["Statistics"]["S3Uri"],
        "constraints_uri": baseline["Constraints"]["S3Uri"],
    }


def answer(status: str, reasons: list[str], **found: str) -> dict[str, str]:
    """All outputs, those that are not found empty."""
    reason = "; ".join(reasons)
    if len(reason) > LONGEST_REASON:
        reason = f"{reason[: LONGEST_REASON - 1]}…"
    return {**dict.fromkeys(OUTPUTS, ""), **found, "status": status, "reason": reason}
