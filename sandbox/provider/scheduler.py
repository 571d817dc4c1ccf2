"""EventBridge Scheduler's schedules and groups.

As in github.com/hashicorp/terraform-provider-aws, internal/service/scheduler: schedule.go and schedule_group.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.naming import from_aws, to_aws
from sandbox.provider.policy_document import same_json
from sandbox.provider.resource import Fields, Property, Resource, equal, is_error, split_tags, tag_list
from sandbox.provider.wire import Data, without_none

_GONE = "ResourceNotFoundException"
_OTHERS = {
    "sagemakerPipelineParameters": "SageMakerPipelineParameters",
    "pipelineParameters": "PipelineParameterList",
    "eventbridgeParameters": "EventBridgeParameters",
}
_RETRY = {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185}


def same_target(old: Any, new: Any) -> bool:
    """Equal targets: input as JSON, and a retry policy that is not given is the Scheduler's own."""
    old, new = dict(old or {}), dict(new or {})
    if not same_json(old.pop("input", None) or "", new.pop("input", None) or ""):
        return False
    retries = [{**_RETRY, **without_none(side.pop("retryPolicy", None) or {})} for side in (old, new)]
    return retries[0] == retries[1] and equal(old, new)


class Schedule(Resource):
    """Its id is ``group/name``."""

    pulumi_type = "aws:scheduler/schedule:Schedule"
    properties: ClassVar[Fields] = {
        "actionAfterCompletion": Property(computed=True, values=("NONE", "DELETE")),
        "description": Property(),
        "flexibleTimeWindow": Property(
            required=True, fields={"maximumWindowInMinutes": Property(), "mode": Property(required=True)}
        ),
        "groupName": Property(computed=True, replaces=True),
        "kmsKeyArn": Property(),
        "name": Property(computed=True, replaces=True),
        "scheduleExpression": Property(required=True),
        "scheduleExpressionTimezone": Property(default="UTC"),
        "state": Property(default="ENABLED", values=("ENABLED", "DISABLED")),
        "target": Property(
            required=True,
            same=same_target,
            fields={
                "arn": Property(required=True),
                "deadLetterConfig": Property(fields={"arn": Property(required=True)}),
                "eventbridgeParameters": Property(
                    fields={"detailType": Property(required=True), "source": Property(required=True)}
                ),
                "input": Property(),
                "retryPolicy": Property(
                    fields={"maximumEventAgeInSeconds": Property(), "maximumRetryAttempts": Property()}
                ),
                "roleArn": Property(required=True),
                "sagemakerPipelineParameters": Property(
                    fields={
                        "pipelineParameters": Property(
                            fields={"name": Property(required=True), "value": Property(required=True)}
                        )
                    }
                ),
                "sqsParameters": Property(fields={"messageGroupId": Property()}),
            },
        ),
    }
    outputs = ("arn",)
    refused = frozenset({"endDate", "namePrefix", "startDate"})
    name_property = "name"

    def create(self, aws: Aws, new: Data) -> str:
        aws.client("scheduler").create_schedule(**self._request(new))
        return f"{new.get('groupName') or 'default'}/{new['name']}"

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        group, _, name = resource_id.partition("/")
        try:
            found = aws.client("scheduler").get_schedule(GroupName=group, Name=name)
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        return {
            "actionAfterCompletion": found.get("ActionAfterCompletion"),
            "arn": found["Arn"],
            "description": found.get("Description", ""),
            "flexibleTimeWindow": from_aws(found["FlexibleTimeWindow"], {}),
            "groupName": group,
            "kmsKeyArn": found.get("KmsKeyArn", ""),
            "name": name,
            "scheduleExpression": found["ScheduleExpression"],
            "scheduleExpressionTimezone": found.get("ScheduleExpressionTimezone", "UTC"),
            "state": found["State"],
            "target": from_aws(found["Target"], _OTHERS),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        aws.client("scheduler").update_schedule(**self._request(new))

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        group, _, name = resource_id.partition("/")
        try:
            aws.client("scheduler").delete_schedule(GroupName=group, Name=name)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    @staticmethod
    def _request(new: Data) -> Data:
        request = {
            "ActionAfterCompletion": new.get("actionAfterCompletion"),
            "Description": new.get("description"),
            "FlexibleTimeWindow": to_aws(new["flexibleTimeWindow"], {}),
            "GroupName": new.get("groupName"),
            "KmsKeyArn": new.get("kmsKeyArn") or None,
            "Name": new["name"],
            "ScheduleExpression": new["scheduleExpression"],
            "ScheduleExpressionTimezone": new["scheduleExpressionTimezone"],
            "State": new["state"],
            "Target": to_aws(new["target"], _OTHERS),
        }
        found: Data = without_none(request)
        return found


class ScheduleGroup(Resource):
    """Its id is its name."""

    pulumi_type = "aws:scheduler/scheduleGroup:ScheduleGroup"
    properties: ClassVar[Fields] = {"name": Property(computed=True, replaces=True)}
    outputs = ("arn", "creationDate", "lastModificationDate", "state")
    refused = frozenset({"namePrefix"})
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        aws.client("scheduler").create_schedule_group(Name=new["name"], Tags=tag_list(new["tagsAll"]))
        return str(new["name"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        scheduler = aws.client("scheduler")
        try:
            found = scheduler.get_schedule_group(Name=resource_id)
            tags = scheduler.list_tags_for_resource(ResourceArn=found["Arn"])["Tags"]
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        if found["State"] == "DELETING":
            return None
        return {
            "arn": found["Arn"],
            "creationDate": found["CreationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lastModificationDate": found["LastModificationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": resource_id,
            "state": found["State"],
            **split_tags(aws, old, {tag["Key"]: tag["Value"] for tag in tags}),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        """Nothing but tags can change in place."""

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("scheduler").delete_schedule_group(Name=resource_id)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        scheduler = aws.client("scheduler")
        if removed:
            scheduler.untag_resource(ResourceArn=old["arn"], TagKeys=removed)
        if tags:
            scheduler.tag_resource(ResourceArn=old["arn"], Tags=tag_list(tags))
