"""What IAM judges a SageMaker call by: resources, condition keys, passed roles, and the actions it needs besides.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.sagemaker.arn import Arn, resolve
from sandbox.sagemaker.state import Document

# Operation -> the kind of resource and the parameter that holds its name or ARN.
_NAMED: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            "CreateModelPackageGroup",
            "DescribeModelPackageGroup",
            "DeleteModelPackageGroup",
            "PutModelPackageGroupPolicy",
            "GetModelPackageGroupPolicy",
            "DeleteModelPackageGroupPolicy",
        ),
        ("model-package-group", "ModelPackageGroupName"),
    ),
    "DescribeModelPackage": ("model-package", "ModelPackageName"),
    "DeleteModelPackage": ("model-package", "ModelPackageName"),
    "UpdateModelPackage": ("model-package", "ModelPackageArn"),
    **dict.fromkeys(
        (
            "CreatePipeline",
            "DescribePipeline",
            "UpdatePipeline",
            "DeletePipeline",
            "StartPipelineExecution",
            "ListPipelineExecutions",
        ),
        ("pipeline", "PipelineName"),
    ),
    **dict.fromkeys(
        (
            "DescribePipelineExecution",
            "ListPipelineExecutionSteps",
            "StopPipelineExecution",
            "RetryPipelineExecution",
            "UpdatePipelineExecution",
            "ListPipelineParametersForExecution",
            "DescribePipelineDefinitionForExecution",
        ),
        ("pipeline", "PipelineExecutionArn"),
    ),
    **{
        f"{verb}{noun}": (kind, f"{noun}Name")
        for noun, kind in (
            ("ProcessingJob", "processing-job"),
            ("TrainingJob", "training-job"),
            ("TransformJob", "transform-job"),
            ("Model", "model"),
        )
        for verb in ("Create", "Describe", "Stop", "Delete")
    },
}
_TAGGED = {"AddTags", "ListTags", "DeleteTags"}


def resource_arns(caller_account: str, region: str, operation: str, parameters: Document) -> list[str]:
    """The ARNs that IAM judges the operation on; ``["*"]`` where it has no resource."""
    if operation in _TAGGED and "ResourceArn" in parameters:
        return [str(parameters["ResourceArn"])]
    if operation == "BatchDescribeModelPackage":
        return list(parameters.get("ModelPackageArnList", [])) or ["*"]
    if operation in ("CreateModelPackage", "ListModelPackages") and "ModelPackageGroupName" in parameters:
        # AWS's own cross-account policy grants both on model-package/<group>/*:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-version.html
        group = resolve(
            parameters["ModelPackageGroupName"], "model-package-group", region=region, account_id=caller_account
        )
        return [str(Arn(group.region, group.account_id, "model-package", f"{group.name}/*"))]
    kind, parameter = _NAMED.get(operation, ("", ""))
    reference = parameters.get(parameter)
    if not isinstance(reference, str):
        return ["*"]
    return [str(resolve(reference, kind, region=region, account_id=caller_account))]


def passed_roles(operation: str, parameters: Document) -> list[str]:
    """The roles that the call hands to SageMaker, each of which needs ``iam:PassRole``."""
    names = {
        "CreateProcessingJob": "RoleArn",
        "CreateTrainingJob": "RoleArn",
        "CreatePipeline": "RoleArn",
        "UpdatePipeline": "RoleArn",
        "CreateModel": "ExecutionRoleArn",
    }
    role = parameters.get(names.get(operation, ""))
    return [role] if isinstance(role, str) else []


def dependent_actions(operation: str, parameters: Document) -> list[str]:
    """Actions that the call needs on the same resource besides its own."""
    return ["sagemaker:AddTags"] if operation.startswith("Create") and parameters.get("Tags") else []


_CONDITIONS: dict[str, Callable[[Document], Any]] = {
    "sagemaker:ModelApprovalStatus": lambda p: p.get("ModelApprovalStatus"),
    "sagemaker:ModelArn": lambda p: p.get("ModelName"),
    "sagemaker:NetworkIsolation": lambda p: p.get(
        "EnableNetworkIsolation", p.get("NetworkConfig", {}).get("EnableNetworkIsolation")
    ),
    "sagemaker:InterContainerTrafficEncryption": lambda p: p.get(
        "EnableInterContainerTrafficEncryption",
        p.get("NetworkConfig", {}).get("EnableInterContainerTrafficEncryption"),
    ),
    "sagemaker:MaxRuntimeInSeconds": lambda p: p.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
    "sagemaker:InstanceTypes": lambda p: [r["InstanceType"] for r in _resources(p) if "InstanceType" in r],
    "sagemaker:VolumeKmsKey": lambda p: next(
        (r["VolumeKmsKeyId"] for r in _resources(p) if "VolumeKmsKeyId" in r), None
    ),
    "sagemaker:OutputKmsKey": lambda p: next(
        (
            p[member]["KmsKeyId"]
            for member in ("ProcessingOutputConfig", "OutputDataConfig", "TransformOutput")
            if "KmsKeyId" in p.get(member, {})
        ),
        None,
    ),
    "sagemaker:VpcSubnets": lambda p: _vpc(p).get("Subnets"),
    "sagemaker:VpcSecurityGroupIds": lambda p: _vpc(p).get("SecurityGroupIds"),
}


def _resources(parameters: Document) -> list[Document]:
    return [
        r
        for r in (
            parameters.get("ResourceConfig"),
            parameters.get("TransformResources"),
            parameters.get("ProcessingResources", {}).get("ClusterConfig"),
        )
        if r
    ]


def _vpc(parameters: Document) -> Document:
    vpc: Document = parameters.get("VpcConfig") or parameters.get("NetworkConfig", {}).get("VpcConfig") or {}
    return vpc


def condition_context(operation: str, parameters: Document) -> Document:
    """The condition keys that a request carries; a key whose value the request lacks is absent."""
    context: Document = {}
    for key, value_of in _CONDITIONS.items():
        if key == "sagemaker:ModelArn" and not operation.endswith("TransformJob"):
            continue
        value = value_of(parameters)
        if value not in (None, []):
            context[key] = str(value).lower() if isinstance(value, bool) else value
    for key, value in parameters.get("CustomerMetadataProperties", {}).items():
        context[f"sagemaker:CustomerMetadataProperties/{key}"] = value
    removed = parameters.get("CustomerMetadataPropertiesToRemove")
    if removed:
        context["sagemaker:CustomerMetadataPropertiesToRemove"] = removed
    tags = parameters.get("Tags", [])
    for tag in tags:
        context[f"aws:RequestTag/{tag['Key']}"] = tag["Value"]
    keys = [tag["Key"] for tag in tags] or parameters.get("TagKeys", [])
    if keys:
        context["aws:TagKeys"] = keys
    return context
