"""CloudWatch log groups, as in github.com/hashicorp/terraform-provider-aws, internal/service/logs/group.go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags
from sandbox.provider.wire import Data, without_none


class LogGroup(Resource):
    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    properties: ClassVar[Fields] = {
        "kmsKeyId": Property(),
        "logGroupClass": Property(computed=True, replaces=True, values=("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")),
        "name": Property(computed=True, replaces=True),
        "retentionInDays": Property(default=0),
        "skipDestroy": Property(default=False, kept=True),
    }
    outputs = ("arn",)
    refused = frozenset({"deletionProtectionEnabled", "namePrefix"})
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request = {
            "logGroupName": new["name"],
            "kmsKeyId": new.get("kmsKeyId"),
            "logGroupClass": new.get("logGroupClass"),
            "tags": new["tagsAll"] or None,
        }
        aws.client("logs").create_log_group(**without_none(request))
        return str(new["name"])

    def finish(self, aws: Aws, resource_id: str, new: Data) -> None:
        if new["retentionInDays"]:
            self._set_retention(aws, resource_id, new["retentionInDays"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        logs = aws.client("logs")
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=resource_id)
        found: Any = next((g for page in pages for g in page["logGroups"] if g["logGroupName"] == resource_id), None)
        if found is None:
            return None
        arn = found["arn"].removesuffix(":*")
        return {
            "arn": arn,
            "kmsKeyId": found.get("kmsKeyId", ""),
            "logGroupClass": found.get("logGroupClass", "STANDARD"),
            "name": resource_id,
            "retentionInDays": found.get("retentionInDays", 0),
            **split_tags(aws, old, logs.list_tags_for_resource(resourceArn=arn)["tags"]),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        logs = aws.client("logs")
        if "retentionInDays" in changed:
            self._set_retention(aws, resource_id, new["retentionInDays"])
        if "kmsKeyId" in changed and new.get("kmsKeyId"):
            logs.associate_kms_key(logGroupName=resource_id, kmsKeyId=new["kmsKeyId"])
        elif "kmsKeyId" in changed:
            logs.disassociate_kms_key(logGroupName=resource_id)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        if old.get("skipDestroy"):
            return
        try:
            aws.client("logs").delete_log_group(logGroupName=resource_id)
        except ClientError as error:
            if not is_error(error, "ResourceNotFoundException"):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        logs = aws.client("logs")
        if removed:
            logs.untag_resource(resourceArn=old["arn"], tagKeys=removed)
        if tags:
            logs.tag_resource(resourceArn=old["arn"], tags=dict(tags))

    @staticmethod
    def _set_retention(aws: Aws, name: str, days: int) -> None:
        logs = aws.client("logs")
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            logs.delete_retention_policy(logGroupName=name)
