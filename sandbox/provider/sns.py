"""SNS topics, their policies and subscriptions.

As in github.com/hashicorp/terraform-provider-aws, internal/service/sns: topic.go, topic_policy.go and
topic_subscription.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.policy_document import same_json, same_policy
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Data

_GONE = ("NotFound", "NotFoundException")
_TOPIC = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
_SUBSCRIPTION = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
}
_FEEDBACK = tuple(
    f"{protocol}{kind}"
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for kind in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
)


class Topic(Resource):
    """Its id is its ARN."""

    pulumi_type = "aws:sns/topic:Topic"
    properties: ClassVar[Fields] = {
        "contentBasedDeduplication": Property(default=False),
        "deliveryPolicy": Property(same=same_json),
        "displayName": Property(),
        "fifoTopic": Property(default=False, replaces=True),
        "kmsMasterKeyId": Property(),
        "name": Property(computed=True, replaces=True),
        "policy": Property(computed=True, same=same_policy),
        "signatureVersion": Property(computed=True),
        "tracingConfig": Property(computed=True),
    }
    outputs = ("arn", "owner")
    refused = frozenset({"archivePolicy", "fifoThroughputScope", "maximumMessageSize", "namePrefix", *_FEEDBACK})
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        attributes = {
            theirs: _text(new[ours]) for ours, theirs in _TOPIC.items() if new.get(ours) not in (None, "", False)
        }
        request = {"Name": new["name"], "Attributes": attributes, "Tags": tag_list(new["tagsAll"])}
        return str(aws.client("sns").create_topic(**request)["TopicArn"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        sns = aws.client("sns")
        try:
            found = sns.get_topic_attributes(TopicArn=resource_id)["Attributes"]
        except ClientError as error:
            if is_error(error, *_GONE):
                return None
            raise
        tags = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=resource_id)["Tags"]}
        return {
            "arn": resource_id,
            "contentBasedDeduplication": found.get("ContentBasedDeduplication") == "true",
            "deliveryPolicy": found.get("DeliveryPolicy", ""),
            "displayName": found.get("DisplayName", ""),
            "fifoTopic": found.get("FifoTopic") == "true",
            "kmsMasterKeyId": found.get("KmsMasterKeyId", ""),
            "name": resource_id.rpartition(":")[2],
            "owner": found.get("Owner", resource_id.split(":")[4]),
            "policy": found.get("Policy", ""),
            "signatureVersion": found.get("SignatureVersion"),
            "tracingConfig": found.get("TracingConfig"),
            **split_tags(aws, old, tags),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        for ours in sorted(changed & _TOPIC.keys()):
            aws.client("sns").set_topic_attributes(
                TopicArn=resource_id, AttributeName=_TOPIC[ours], AttributeValue=_text(new.get(ours))
            )

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("sns").delete_topic(TopicArn=resource_id)
        except ClientError as error:
            if not is_error(error, *_GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        sns = aws.client("sns")
        if removed:
            sns.untag_resource(ResourceArn=old["arn"], TagKeys=removed)
        if tags:
            sns.tag_resource(ResourceArn=old["arn"], Tags=tag_list(tags))


class TopicPolicy(Resource):
    """Its id is the topic's ARN."""

    pulumi_type = "aws:sns/topicPolicy:TopicPolicy"
    properties: ClassVar[Fields] = {
        "arn": Property(required=True, replaces=True),
        "policy": Property(required=True, same=same_policy),
    }
    outputs = ("owner",)

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new["arn"], new["policy"])
        return str(new["arn"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        try:
            found = aws.client("sns").get_topic_attributes(TopicArn=resource_id)["Attributes"]
        except ClientError as error:
            if is_error(error, *_GONE):
                return None
            raise
        owner = found.get("Owner", resource_id.split(":")[4])
        return {"arn": resource_id, "owner": owner, "policy": found.get("Policy", "")}

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, resource_id, new["policy"])

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        # A topic is never without a policy: what is left is the one that SNS gives to a new topic.
        try:
            self._put(aws, resource_id, _default_policy(resource_id))
        except ClientError as error:
            if not is_error(error, *_GONE):
                raise

    @staticmethod
    def _put(aws: Aws, arn: str, policy: str) -> None:
        aws.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(Resource):
    """Its id is its ARN."""

    pulumi_type = "aws:sns/topicSubscription:TopicSubscription"
    properties: ClassVar[Fields] = {
        "confirmationTimeoutInMinutes": Property(default=1, kept=True),
        "deliveryPolicy": Property(same=same_json),
        "endpoint": Property(required=True, replaces=True),
        "endpointAutoConfirms": Property(default=False, kept=True),
        "filterPolicy": Property(same=same_json),
        "filterPolicyScope": Property(computed=True),
        "protocol": Property(required=True, replaces=True),
        "rawMessageDelivery": Property(default=False),
        "redrivePolicy": Property(same=same_json),
        "topic": Property(required=True, replaces=True),
    }
    outputs = ("arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation")
    refused = frozenset({"replayPolicy", "subscriptionRoleArn"})

    def create(self, aws: Aws, new: Data) -> str:
        answer = aws.client("sns").subscribe(
            TopicArn=new["topic"],
            Protocol=new["protocol"],
            Endpoint=new["endpoint"],
            ReturnSubscriptionArn=True,
            Attributes={t: _text(new[o]) for o, t in _SUBSCRIPTION.items() if new.get(o) not in (None, "", False)},
        )
        return str(answer["SubscriptionArn"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        try:
            found = aws.client("sns").get_subscription_attributes(SubscriptionArn=resource_id)["Attributes"]
        except ClientError as error:
            if is_error(error, *_GONE, "InvalidParameter"):
                return None
            raise
        return {
            "arn": resource_id,
            "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated") == "true",
            "deliveryPolicy": found.get("DeliveryPolicy", ""),
            "endpoint": found["Endpoint"],
            "filterPolicy": found.get("FilterPolicy", ""),
            "filterPolicyScope": found.get("FilterPolicyScope", ""),
            "ownerId": found.get("Owner"),
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
            "protocol": found["Protocol"],
            "rawMessageDelivery": found.get("RawMessageDelivery") == "true",
            "redrivePolicy": found.get("RedrivePolicy", ""),
            "topic": found["TopicArn"],
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        for ours in sorted(changed & _SUBSCRIPTION.keys()):
            aws.client("sns").set_subscription_attributes(
                SubscriptionArn=resource_id, AttributeName=_SUBSCRIPTION[ours], AttributeValue=_text(new.get(ours))
            )

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("sns").unsubscribe(SubscriptionArn=resource_id)
        except ClientError as error:
            if not is_error(error, *_GONE, "InvalidParameter"):
                raise


def _default_policy(arn: str) -> str:
    # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    actions = ["GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"]
    actions += ["Subscribe", "ListSubscriptionsByTopic", "Publish"]
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": arn.split(":")[4]}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
