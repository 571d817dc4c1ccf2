"""Model versions in the registry account: listed, shown with their evaluation, approved, rejected."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.settings import Environment
from ml import model as models
from mlops import runs
from mlops.failure import CommandError, UsageError
from mlops.place import Place

READERS = 8
APPROVE = "sagemaker:UpdateModelPackage"


def list_versions(place: Place) -> list[dict[str, Any]]:
    """Every version of every model, newest first, with what its evaluation says."""
    sagemaker = place.client("registry", "sagemaker")
    arns: list[str] = []
    for group in groups(place):
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
        )
        try:
            arns += [summary["ModelPackageArn"] for page in pages for summary in page["ModelPackageSummaryList"]]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda arn: describe(place, arn), arns))


def groups(place: Place) -> list[str]:
    """The model package groups of the registry's models."""
    return [models.load(name).package_group_name for name in place.settings["registry"].models]


def version_arn(place: Place, version: str, model: str | None) -> str:
    """The ARN of a version given as a number, or as an ARN already."""
    if version.startswith("arn:"):
        return version
    if not version.isdigit():
        raise UsageError(f"{version!r} is no version; write its number, as `mlops models list` shows it, or its ARN")
    group = models.load(runs.model_name(place, "registry", model)).package_group_name
    return place.names.packages_arn(group).removesuffix("*") + version


def describe(place: Place, arn: str) -> dict[str, Any]:
    """One version as people want to see it; the evaluation is read from the registry's bucket."""
    try:
        found = place.client("registry", "sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise CommandError(f"there is no version {arn}: {error}") from error
    origin = found.get("CustomerMetadataProperties", {})
    evaluation_uri = found.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri")
    evaluation = read_report(place, "registry", evaluation_uri) if evaluation_uri else {}
    metrics = evaluation.get("binary_classification_metrics", {})
    return {
        "version": found["ModelPackageVersion"],
        "group": found["ModelPackageGroupName"],
        "arn": found["ModelPackageArn"],
        "status": found["ModelApprovalStatus"],
        "reason": found.get("ApprovalDescription"),
        "created": found["CreationTime"].isoformat(timespec="seconds"),
        "trained_in": origin.get("trained_in_environment"),
        "trained_by": found.get("CreatedBy", {}).get("IamIdentity", {}).get("Arn"),
        "changed": found.get("LastModifiedTime", found["CreationTime"]).isoformat(timespec="seconds"),
        "changed_by": found.get("LastModifiedBy", {}).get("IamIdentity", {}).get("Arn"),
        "execution": origin.get("execution_arn"),
        "auc": metrics.get("auc", {}).get("value"),
        "auc_lower_bound": metrics.get("auc_lower_bound", {}).get("value"),
        "auc_upper_bound": metrics.get("auc_upper_bound", {}).get("value"),
        "evaluation": evaluation_uri,
        "artifact": found["InferenceSpecification"]["Containers"][0].get("ModelDataUrl"),
    }


def read_report(place: Place, environment: Environment, uri: str) -> dict[str, Any]:
    """A report in S3, which is JSON; raises :class:`CommandError` where it cannot be read."""
    where = urlsplit(uri)
    try:
        body = (
            place.client(environment, "s3").get_object(Bucket=where.netloc, Key=where.path.lstrip("/"))["Body"].read()
        )
    except ClientError as error:
        raise CommandError(f"the report {uri} cannot be read: {error}") from error
    report: dict[str, Any] = json.loads(body)
    return report


def decide(place: Place, arn: str, status: str, reason: str, acting: Environment) -> None:
    """Set a version's approval status, with the credentials of one account; only the registry's may."""
    try:
        place.client(acting, "sagemaker").update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=reason
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDeniedException", "AccessDenied"):
            raise CommandError(str(error)) from error
        group = arn.split(":model-package/")[1].split("/", maxsplit=1)[0]
        raise CommandError(
            f"{error}\nThe missing statement: in the resource policy of group {group}, Allow {APPROVE} on {arn} for "
            f"account {place.settings[acting].account_id}. It is left out on purpose: approval belongs to the registry "
            f"account {place.settings['registry'].account_id}."
        ) from error
