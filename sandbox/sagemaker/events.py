"""Events of source ``aws.sagemaker``, with the fields that AWS documents.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

import datetime

from sandbox.host import Host
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.state import Document

_PACKAGE_FIELDS = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "MetadataProperties",
    "CustomerMetadataProperties",
    "ModelMetrics",
    "LastModifiedTime",
)
_JOB_DETAIL_TYPES = {
    "processing-job": "SageMaker Processing Job State Change",
    "training-job": "SageMaker Training Job State Change",
    "transform-job": "SageMaker Transform Job State Change",
}


_NAMESPACE = "AWS/Sagemaker/ModelBuildingPipeline"
_COUNTED = {
    "Executing": "Started",
    "Succeeded": "Succeeded",
    "Failed": "Failed",
    "Stopped": "Stopped",
}


def iso(seconds: float) -> str:
    """``2021-03-15T16:10:11Z``."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def emit_model_package(host: Host, package: Document, updated: list[str] | None = None) -> None:
    """Tell that a version was registered, or which of its fields were updated."""
    arn = Arn.parse(package["ModelPackageArn"])
    detail = {
        field: iso(package[field]) if field.endswith("Time") else package[field]
        for field in _PACKAGE_FIELDS
        if field in package
    }
    if updated is not None:
        detail["UpdatedModelPackageFields"] = updated
    host.emit(
        account_id=arn.account_id,
        region=arn.region,
        detail_type="SageMaker Model Package State Change",
        detail=detail,
        resources=[str(arn)],
    )


def emit_execution(host: Host, execution: Document, previous: str | None) -> None:
    """Tell a pipeline execution's new status."""
    detail = {
        "pipelineExecutionDisplayName": execution.get("PipelineExecutionDisplayName"),
        "pipelineExecutionDescription": execution.get("PipelineExecutionDescription"),
        "currentPipelineExecutionStatus": execution["PipelineExecutionStatus"],
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": iso(execution["StartTime"]),
        "executionEndTime": iso(execution["EndTime"]) if "EndTime" in execution else None,
        "pipelineArn": execution["PipelineArn"],
        "pipelineExecutionArn": execution["PipelineExecutionArn"],
    }
    metrics = _metrics("Execution", execution["PipelineExecutionStatus"], execution)
    pipeline = {"PipelineName": Arn.parse(execution["PipelineArn"]).name}
    for dimensions in ({}, pipeline):
        _count(host, execution, metrics, dimensions)
    _emit_pipeline(host, execution, "SageMaker Model Building Pipeline Execution Status Change", detail)


def emit_step(host: Host, execution: Document, step: Document, previous: str | None) -> None:
    """Tell a step's new status."""
    metadata = {name[:1].lower() + name[1:]: _lower(value) for name, value in step.get("Metadata", {}).items()}
    detail = {
        "metadata": metadata,
        "stepStartTime": iso(step["StartTime"]),
        "stepEndTime": iso(step["EndTime"]) if "EndTime" in step else None,
        "stepName": step["StepName"],
        "stepType": step["StepType"],
        "previousStepStatus": previous,
        "currentStepStatus": step["StepStatus"],
        "failureReason": step.get("FailureReason"),
        "cacheHitResult": _lower(step["CacheHitResult"]) if "CacheHitResult" in step else None,
        "pipelineArn": execution["PipelineArn"],
        "pipelineExecutionArn": execution["PipelineExecutionArn"],
    }
    dimensions = {"PipelineName": Arn.parse(execution["PipelineArn"]).name, "StepName": step["StepName"]}
    _count(host, execution, _metrics("Step", step["StepStatus"], step), dimensions)
    _emit_pipeline(host, execution, "SageMaker Model Building Pipeline Execution Step Status Change", detail)


def emit_job(host: Host, kind: str, arn: str, description: Document, tags: dict[str, str]) -> None:
    """Tell a job's new status; the detail is the job's description."""
    job = Arn.parse(arn)
    detail = {name: round(value * 1000) if name.endswith("Time") else value for name, value in description.items()}
    host.emit(
        account_id=job.account_id,
        region=job.region,
        detail_type=_JOB_DETAIL_TYPES[kind],
        detail={**detail, "Tags": tags},
        resources=[arn],
    )


def _emit_pipeline(host: Host, execution: Document, detail_type: str, detail: Document) -> None:
    arn = Arn.parse(execution["PipelineExecutionArn"])
    host.emit(
        account_id=arn.account_id,
        region=arn.region,
        detail_type=detail_type,
        detail={name: value for name, value in detail.items() if value is not None},
        resources=[execution["PipelineArn"], execution["PipelineExecutionArn"]],
    )


def _metrics(prefix: str, status: str, members: Document) -> dict[str, float]:
    """What SageMaker counts of an execution or a step that has this status now.

    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-pipelines
    """
    if status not in _COUNTED:
        return {}
    found = {f"{prefix}{_COUNTED[status]}": 1.0}
    if "EndTime" in members:
        found[f"{prefix}Duration"] = (members["EndTime"] - members["StartTime"]) * 1000
    return found


def _count(host: Host, execution: Document, metrics: dict[str, float], dimensions: dict[str, str]) -> None:
    arn = Arn.parse(execution["PipelineExecutionArn"])
    host.count(
        account_id=arn.account_id, region=arn.region, namespace=_NAMESPACE, metrics=metrics, dimensions=dimensions
    )


def _lower(members: Document) -> Document:
    return {name[:1].lower() + name[1:]: value for name, value in members.items()}
