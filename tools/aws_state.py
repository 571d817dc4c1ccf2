"""What an account has, read by calls that know neither plugin: for comparing what two plugins leave there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError

REGION = "us-east-1"


def at_aws(endpoint_url: str, account: str) -> dict[str, Any]:
    """Service and name → what AWS says of it."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint_url,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="test",  # noqa: S106 - the sandbox's accounts have no other
        )

    found: dict[str, Any] = {}
    for service, read in READERS.items():
        found.update({f"{service} {name}": value for name, value in read(client(service))})
    return found


def read_kms(kms: Any) -> Iterator[tuple[str, Any]]:
    yield "aliases", kms.list_aliases()["Aliases"]
    for number, key in enumerate(kms.list_keys()["Keys"]):
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeyState"] == "Enabled":
            policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
            rotation = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
            tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
            yield f"key {number}", [described, policy, rotation, sorted(tags, key=str)]


def read_s3(s3: Any) -> Iterator[tuple[str, Any]]:
    calls = ("policy", "versioning", "encryption", "tagging", "ownership_controls", "lifecycle_configuration")
    for name in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
        yield f"{name} public access", attempt(s3.get_public_access_block, Bucket=name)
        for call in calls:
            yield f"{name} {call}", attempt(getattr(s3, f"get_bucket_{call}"), Bucket=name)
        for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
            yield f"{name} {item['Key']}", attempt(s3.head_object, Bucket=name, Key=item["Key"])


def read_iam(iam: Any) -> Iterator[tuple[str, Any]]:
    for name in (role["RoleName"] for role in iam.list_roles()["Roles"]):
        yield name, iam.get_role(RoleName=name)["Role"]
        yield f"{name} managed", iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            yield f"{name} {policy}", iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]


def read_sagemaker(sagemaker: Any) -> Iterator[tuple[str, Any]]:
    for group in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
        name = group["ModelPackageGroupName"]
        yield name, sagemaker.describe_model_package_group(ModelPackageGroupName=name)
        yield f"{name} policy", attempt(sagemaker.get_model_package_group_policy, ModelPackageGroupName=name)
    for pipeline in sagemaker.list_pipelines()["PipelineSummaries"]:
        yield pipeline["PipelineName"], sagemaker.describe_pipeline(PipelineName=pipeline["PipelineName"])


def read_events(events: Any) -> Iterator[tuple[str, Any]]:
    for rule in events.list_rules()["Rules"]:
        yield rule["Name"], [rule, events.list_targets_by_rule(Rule=rule["Name"])["Targets"]]


def read_sqs(sqs: Any) -> Iterator[tuple[str, Any]]:
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield url.rpartition("/")[2], {k: v for k, v in attributes.items() if not k.endswith("Timestamp")}


def read_sns(sns: Any) -> Iterator[tuple[str, Any]]:
    for topic in sns.list_topics()["Topics"]:
        yield topic["TopicArn"], sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
    for subscription in sns.list_subscriptions()["Subscriptions"]:
        arn = subscription["SubscriptionArn"]
        yield subscription["Endpoint"], sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


def read_lambda(functions: Any) -> Iterator[tuple[str, Any]]:
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        # Each plugin makes a zip file of its own out of the same files.
        yield name, {k: v for k, v in function.items() if k not in ("CodeSha256", "CodeSize", "RevisionId")}
        yield f"{name} policy", attempt(functions.get_policy, FunctionName=name)


def read_scheduler(scheduler: Any) -> Iterator[tuple[str, Any]]:
    for schedule in scheduler.list_schedules()["Schedules"]:
        yield schedule["Name"], scheduler.get_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])


READERS: dict[str, Callable[[Any], Iterator[tuple[str, Any]]]] = {
    "cloudwatch": lambda cloudwatch: iter([("alarms", cloudwatch.describe_alarms()["MetricAlarms"])]),
    "events": read_events,
    "iam": read_iam,
    "kms": read_kms,
    "lambda": read_lambda,
    "logs": lambda logs: iter([("groups", logs.describe_log_groups()["logGroups"])]),
    "s3": read_s3,
    "sagemaker": read_sagemaker,
    "scheduler": read_scheduler,
    "sns": read_sns,
    "sqs": read_sqs,
}


def attempt(call: Callable[..., Any], **parameters: Any) -> Any:
    """The answer, or the code of the error."""
    try:
        return call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
