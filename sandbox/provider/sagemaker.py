"""SageMaker model package groups, their policies, and pipelines.

As in github.com/hashicorp/terraform-provider-aws, internal/service/sagemaker: model_package_group.go,
model_package_group_policy.go and pipeline.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.policy_document import same_json, same_policy
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Data, without_none

_GONE = ("ResourceNotFound", "ResourceNotFoundException")


class ModelPackageGroup(Resource):
    pulumi_type = "aws:sagemaker/modelPackageGroup:ModelPackageGroup"
    properties: ClassVar[Fields] = {
        "modelPackageGroupDescription": Property(replaces=True),
        "modelPackageGroupName": Property(required=True, replaces=True),
    }
    outputs = ("arn",)
    name_property = "modelPackageGroupName"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request = {
            "ModelPackageGroupName": new["modelPackageGroupName"],
            "ModelPackageGroupDescription": new.get("modelPackageGroupDescription") or None,
            "Tags": tag_list(new["tagsAll"]) or None,
        }
        aws.client("sagemaker").create_model_package_group(**without_none(request))
        return str(new["modelPackageGroupName"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        sagemaker = aws.client("sagemaker")
        try:
            group = sagemaker.describe_model_package_group(ModelPackageGroupName=resource_id)
        except ClientError as error:
            if _is_gone(error):
                return None
            raise
        arn = group["ModelPackageGroupArn"]
        return {
            "arn": arn,
            "modelPackageGroupDescription": group.get("ModelPackageGroupDescription", ""),
            "modelPackageGroupName": resource_id,
            **split_tags(aws, old, _tags(sagemaker, arn)),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        """Nothing but tags can change in place."""

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("sagemaker").delete_model_package_group(ModelPackageGroupName=resource_id)
        except ClientError as error:
            if not _is_gone(error):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        _retag(aws, old["arn"], tags, removed)


class ModelPackageGroupPolicy(Resource):
    pulumi_type = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"
    properties: ClassVar[Fields] = {
        "modelPackageGroupName": Property(required=True, replaces=True),
        "resourcePolicy": Property(required=True, same=same_policy),
    }
    name_property = "modelPackageGroupName"

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new)
        return str(new["modelPackageGroupName"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        try:
            found = aws.client("sagemaker").get_model_package_group_policy(ModelPackageGroupName=resource_id)
        except ClientError as error:
            if _is_gone(error):
                return None
            raise
        return {"modelPackageGroupName": resource_id, "resourcePolicy": found["ResourcePolicy"]}

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, new)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("sagemaker").delete_model_package_group_policy(ModelPackageGroupName=resource_id)
        except ClientError as error:
            if not _is_gone(error):
                raise

    @staticmethod
    def _put(aws: Aws, new: Data) -> None:
        aws.client("sagemaker").put_model_package_group_policy(
            ModelPackageGroupName=new["modelPackageGroupName"], ResourcePolicy=new["resourcePolicy"]
        )


class Pipeline(Resource):
    pulumi_type = "aws:sagemaker/pipeline:Pipeline"
    properties: ClassVar[Fields] = {
        "parallelismConfiguration": Property(fields={"maxParallelExecutionSteps": Property(required=True)}),
        "pipelineDefinition": Property(same=same_json),
        "pipelineDescription": Property(),
        "pipelineDisplayName": Property(required=True),
        "pipelineName": Property(required=True, replaces=True),
        "roleArn": Property(),
    }
    outputs = ("arn",)
    refused = frozenset({"pipelineDefinitionS3Location"})
    name_property = "pipelineName"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request = {**self._request(new), "Tags": tag_list(new["tagsAll"]) or None}
        aws.client("sagemaker").create_pipeline(**without_none(request))
        return str(new["pipelineName"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        sagemaker = aws.client("sagemaker")
        try:
            pipeline = sagemaker.describe_pipeline(PipelineName=resource_id)
        except ClientError as error:
            if _is_gone(error):
                return None
            raise
        limit = (pipeline.get("ParallelismConfiguration") or {}).get("MaxParallelExecutionSteps")
        arn = pipeline["PipelineArn"]
        return {
            "arn": arn,
            "parallelismConfiguration": {"maxParallelExecutionSteps": limit} if limit else None,
            "pipelineDefinition": pipeline["PipelineDefinition"],
            "pipelineDescription": pipeline.get("PipelineDescription", ""),
            "pipelineDisplayName": pipeline.get("PipelineDisplayName", ""),
            "pipelineName": resource_id,
            "roleArn": pipeline["RoleArn"],
            **split_tags(aws, old, _tags(sagemaker, arn)),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        aws.client("sagemaker").update_pipeline(**without_none(self._request(new)))

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("sagemaker").delete_pipeline(PipelineName=resource_id)
        except ClientError as error:
            if not _is_gone(error):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        _retag(aws, old["arn"], tags, removed)

    @staticmethod
    def _request(new: Data) -> Data:
        limit = (new.get("parallelismConfiguration") or {}).get("maxParallelExecutionSteps")
        return {
            "PipelineName": new["pipelineName"],
            "PipelineDisplayName": new["pipelineDisplayName"],
            "PipelineDescription": new.get("pipelineDescription"),
            "PipelineDefinition": new.get("pipelineDefinition"),
            "RoleArn": new.get("roleArn"),
            "ParallelismConfiguration": {"MaxParallelExecutionSteps": limit} if limit else None,
        }


def _is_gone(error: ClientError) -> bool:
    """SageMaker says of what it has not: ResourceNotFound, or a ValidationException with these words."""
    message = error.response["Error"].get("Message", "")
    absent = ("does not exist", "Cannot find", "could not be found")
    return is_error(error, *_GONE) or (is_error(error, "ValidationException") and any(w in message for w in absent))


def _tags(sagemaker: Any, arn: str) -> dict[str, str]:
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _retag(aws: Aws, arn: str, tags: Mapping[str, str], removed: list[str]) -> None:
    sagemaker = aws.client("sagemaker")
    if removed:
        sagemaker.delete_tags(ResourceArn=arn, TagKeys=removed)
    if tags:
        sagemaker.add_tags(ResourceArn=arn, Tags=tag_list(tags))
