"""SQS queues and their policies.

As in github.com/hashicorp/terraform-provider-aws, internal/service/sqs: queue.go and queue_policy.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.policy_document import same_json, same_policy
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags
from sandbox.provider.wire import Data

_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_NUMBERS = {
    "delaySeconds": "DelaySeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_SWITCHES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "fifoQueue": "FifoQueue",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}
_TEXTS = {
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
}
_ALL = {**_NUMBERS, **_SWITCHES, **_TEXTS}


class Queue(Resource):
    """Its id is its URL."""

    pulumi_type = "aws:sqs/queue:Queue"
    properties: ClassVar[Fields] = {
        "contentBasedDeduplication": Property(default=False),
        "deduplicationScope": Property(computed=True),
        "delaySeconds": Property(default=0),
        "fifoQueue": Property(default=False, replaces=True),
        "fifoThroughputLimit": Property(computed=True),
        "kmsDataKeyReusePeriodSeconds": Property(computed=True),
        "kmsMasterKeyId": Property(),
        "maxMessageSize": Property(default=262144),
        "messageRetentionSeconds": Property(default=345600),
        "name": Property(computed=True, replaces=True),
        "policy": Property(computed=True, same=same_policy),
        "receiveWaitTimeSeconds": Property(default=0),
        "redriveAllowPolicy": Property(computed=True, same=same_json),
        "redrivePolicy": Property(computed=True, same=same_json),
        "sqsManagedSseEnabled": Property(computed=True),
        "visibilityTimeoutSeconds": Property(default=30),
    }
    outputs = ("arn", "url")
    refused = frozenset({"namePrefix"})
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        attributes = {
            theirs: _text(new[ours])
            for ours, theirs in _ALL.items()
            if new.get(ours) not in (None, "")
            and not (ours in ("fifoQueue", "contentBasedDeduplication") and not new[ours])
        }
        request = {"QueueName": new["name"], "Attributes": attributes, "tags": dict(new["tagsAll"])}
        return str(aws.client("sqs").create_queue(**request)["QueueUrl"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        sqs = aws.client("sqs")
        try:
            found = sqs.get_queue_attributes(QueueUrl=resource_id, AttributeNames=["All"]).get("Attributes", {})
            tags = sqs.list_queue_tags(QueueUrl=resource_id).get("Tags", {})
        except ClientError as error:
            if is_error(error, *_GONE):
                return None
            raise
        return {
            "arn": found["QueueArn"],
            "name": found["QueueArn"].rpartition(":")[2],
            "url": resource_id,
            **{ours: int(found[theirs]) if theirs in found else None for ours, theirs in _NUMBERS.items()},
            "kmsDataKeyReusePeriodSeconds": int(found.get("KmsDataKeyReusePeriodSeconds", 300)),
            **{ours: found.get(theirs, "false") == "true" for ours, theirs in _SWITCHES.items()},
            **{ours: found.get(theirs, "") for ours, theirs in _TEXTS.items()},
            **split_tags(aws, old, tags),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        attributes = {_ALL[ours]: _text(new.get(ours)) for ours in changed & _ALL.keys()}
        aws.client("sqs").set_queue_attributes(QueueUrl=resource_id, Attributes=attributes)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("sqs").delete_queue(QueueUrl=resource_id)
        except ClientError as error:
            if not is_error(error, *_GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        sqs = aws.client("sqs")
        if removed:
            sqs.untag_queue(QueueUrl=old["url"], TagKeys=removed)
        if tags:
            sqs.tag_queue(QueueUrl=old["url"], Tags=dict(tags))


class QueuePolicy(Resource):
    """Its id is the queue's URL."""

    pulumi_type = "aws:sqs/queuePolicy:QueuePolicy"
    properties: ClassVar[Fields] = {
        "policy": Property(required=True, same=same_policy),
        "queueUrl": Property(required=True, replaces=True),
    }

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new["queueUrl"], new["policy"])
        return str(new["queueUrl"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        try:
            answer = aws.client("sqs").get_queue_attributes(QueueUrl=resource_id, AttributeNames=["Policy"])
        except ClientError as error:
            if is_error(error, *_GONE):
                return None
            raise
        policy = answer.get("Attributes", {}).get("Policy")
        return {"policy": policy, "queueUrl": resource_id} if policy else None

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, resource_id, new["policy"])

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            self._put(aws, resource_id, "")
        except ClientError as error:
            if not is_error(error, *_GONE):
                raise

    @staticmethod
    def _put(aws: Aws, url: str, policy: str) -> None:
        aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
