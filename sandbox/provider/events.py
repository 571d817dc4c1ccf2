"""EventBridge rules and targets.

As in github.com/hashicorp/terraform-provider-aws, internal/service/events: rule.go and target.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.naming import from_aws, to_aws
from sandbox.provider.policy_document import same_json
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Data, without_none

_GONE = "ResourceNotFoundException"


class EventRule(Resource):
    """Its id is its name, on another bus ``bus/name``."""

    pulumi_type = "aws:cloudwatch/eventRule:EventRule"
    properties: ClassVar[Fields] = {
        "description": Property(),
        "eventBusName": Property(default="default", replaces=True),
        "eventPattern": Property(same=same_json),
        "forceDestroy": Property(default=False, kept=True),
        "name": Property(computed=True, replaces=True),
        "roleArn": Property(),
        "scheduleExpression": Property(),
        "state": Property(default="ENABLED", values=("ENABLED", "DISABLED")),
    }
    outputs = ("arn", "isEnabled")
    refused = frozenset({"isEnabled", "namePrefix"})
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new, {"Tags": tag_list(new["tagsAll"]) or None})
        return str(new["name"] if new["eventBusName"] == "default" else f"{new['eventBusName']}/{new['name']}")

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        bus, _, name = resource_id.rpartition("/")
        bus = bus or "default"
        events = aws.client("events")
        try:
            rule = events.describe_rule(Name=name, EventBusName=bus)
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        tags = {tag["Key"]: tag["Value"] for tag in events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]}
        return {
            "arn": rule["Arn"],
            "description": rule.get("Description", ""),
            "eventBusName": bus,
            "eventPattern": rule.get("EventPattern") or "",
            "isEnabled": rule["State"] == "ENABLED",
            "name": name,
            "roleArn": rule.get("RoleArn", ""),
            "scheduleExpression": rule.get("ScheduleExpression", ""),
            "state": rule["State"],
            **split_tags(aws, old, tags),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, new, {})

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        bus, _, name = resource_id.rpartition("/")
        request = {"Name": name, "EventBusName": bus or "default", "Force": bool(old.get("forceDestroy"))}
        try:
            aws.client("events").delete_rule(**request)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        events = aws.client("events")
        if removed:
            events.untag_resource(ResourceARN=old["arn"], TagKeys=removed)
        if tags:
            events.tag_resource(ResourceARN=old["arn"], Tags=tag_list(tags))

    @staticmethod
    def _put(aws: Aws, new: Data, more: Data) -> None:
        request = {
            "Name": new["name"],
            "EventBusName": new["eventBusName"],
            "Description": new.get("description"),
            "EventPattern": new.get("eventPattern"),
            "RoleArn": new.get("roleArn") or None,
            "ScheduleExpression": new.get("scheduleExpression"),
            "State": new["state"],
        }
        aws.client("events").put_rule(**without_none({**request, **more}))


_OTHERS = {"sagemakerPipelineTarget": "SageMakerPipelineParameters", "pipelineParameterLists": "PipelineParameterList"}
_BLOCKS = {
    "deadLetterConfig": "DeadLetterConfig",
    "retryPolicy": "RetryPolicy",
    "sagemakerPipelineTarget": "SageMakerPipelineParameters",
    "sqsTarget": "SqsParameters",
}
_TEXTS = {"arn": "Arn", "input": "Input", "inputPath": "InputPath", "roleArn": "RoleArn"}


class EventTarget(Resource):
    """Its id is ``rule-target``; an import gives ``bus/rule/target``."""

    pulumi_type = "aws:cloudwatch/eventTarget:EventTarget"
    properties: ClassVar[Fields] = {
        "arn": Property(required=True),
        "deadLetterConfig": Property(fields={"arn": Property()}),
        "eventBusName": Property(default="default", replaces=True),
        "forceDestroy": Property(default=False, kept=True),
        "input": Property(same=same_json),
        "inputPath": Property(),
        "inputTransformer": Property(fields={"inputPaths": Property(), "inputTemplate": Property(required=True)}),
        "retryPolicy": Property(
            fields={"maximumEventAgeInSeconds": Property(), "maximumRetryAttempts": Property()},
        ),
        "roleArn": Property(),
        "rule": Property(required=True, replaces=True),
        "sagemakerPipelineTarget": Property(
            fields={
                "pipelineParameterLists": Property(
                    fields={"name": Property(required=True), "value": Property(required=True)}
                )
            }
        ),
        "sqsTarget": Property(fields={"messageGroupId": Property()}),
        "targetId": Property(computed=True, replaces=True),
    }
    refused = frozenset(
        {
            "appsyncTarget",
            "batchTarget",
            "ecsTarget",
            "httpTarget",
            "kinesisTarget",
            "redshiftTarget",
            "runCommandTargets",
        }
    )
    name_property = "targetId"

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new)
        return f"{new['rule']}-{new['targetId']}"

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        bus, rule, target_id = self._parts(resource_id, old)
        try:
            pages = aws.client("events").get_paginator("list_targets_by_rule").paginate(Rule=rule, EventBusName=bus)
            found: Any = next((t for page in pages for t in page["Targets"] if t["Id"] == target_id), None)
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        if found is None:
            return None
        transformer = found.get("InputTransformer")
        return {
            "eventBusName": bus,
            "rule": rule,
            "targetId": target_id,
            **{ours: found.get(theirs, "") for ours, theirs in _TEXTS.items()},
            **{ours: from_aws(found[theirs], _OTHERS) for ours, theirs in _BLOCKS.items() if found.get(theirs)},
            "inputTransformer": transformer
            and {"inputPaths": transformer.get("InputPathsMap"), "inputTemplate": transformer["InputTemplate"]},
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, new)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        bus, rule, target_id = self._parts(resource_id, old)
        try:
            aws.client("events").remove_targets(
                Rule=rule, EventBusName=bus, Ids=[target_id], Force=bool(old.get("forceDestroy"))
            )
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    def state_id(self, resource_id: str, state: Data) -> str:
        return f"{state['rule']}-{state['targetId']}"

    @staticmethod
    def _parts(resource_id: str, old: Data) -> tuple[str, str, str]:
        if old.get("targetId"):
            return old["eventBusName"], old["rule"], old["targetId"]
        *bus, rule, target_id = resource_id.split("/")
        return "/".join(bus) or "default", rule, target_id

    @staticmethod
    def _put(aws: Aws, new: Data) -> None:
        transformer = new.get("inputTransformer")
        target = {
            "Id": new["targetId"],
            **{theirs: new.get(ours) or None for ours, theirs in _TEXTS.items()},
            **{theirs: to_aws(new.get(ours), _OTHERS) for ours, theirs in _BLOCKS.items()},
            "InputTransformer": transformer
            and {"InputPathsMap": transformer.get("inputPaths"), "InputTemplate": transformer["inputTemplate"]},
        }
        answer = aws.client("events").put_targets(
            Rule=new["rule"], EventBusName=new["eventBusName"], Targets=[without_none(target)]
        )
        for failed in answer["FailedEntries"]:
            code, message = failed["ErrorCode"], failed["ErrorMessage"]
            raise ClientError({"Error": {"Code": code, "Message": message}}, "PutTargets")
