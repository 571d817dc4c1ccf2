"""Which resources decide about access, whose access, and where their documents are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops.review.model import ResourceChange

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A type of resource that holds a document: what it is about, where the document is, how the subject is found."""

    about: str
    property: str
    name_of: Callable[[Inputs], Any]
    is_identity: bool = False


def _last(path: str) -> Callable[[Inputs], str]:
    return lambda inputs: str(inputs.get(path, "")).replace("/", ":").rsplit(":", maxsplit=1)[-1]


ROLE = "aws:iam/role:Role"
TRUST = "trust of role"
SOURCES = {
    ROLE: Source(TRUST, "assumeRolePolicy", _last("name")),
    "aws:iam/rolePolicy:RolePolicy": Source("", "policy", _last("role"), is_identity=True),
    "aws:iam/userPolicy:UserPolicy": Source("user", "policy", _last("user"), is_identity=True),
    "aws:iam/policy:Policy": Source("managed policy", "policy", _last("name"), is_identity=True),
    "aws:s3/bucketPolicy:BucketPolicy": Source("bucket", "policy", _last("bucket")),
    "aws:kms/key:Key": Source("key", "policy", lambda inputs: inputs.get("description")),
    "aws:sqs/queuePolicy:QueuePolicy": Source("queue", "policy", _last("queueUrl")),
    "aws:sns/topicPolicy:TopicPolicy": Source("topic", "policy", _last("arn")),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": Source(
        "model package group", "resourcePolicy", _last("modelPackageGroupName")
    ),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": Source("event bus", "policy", _last("eventBusName")),
}
# What the documents above belong to, and the input that has its name.
OWNERS = {
    ROLE: "name",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:kms/key:Key": "description",
    "aws:sqs/queue:Queue": "name",
    "aws:sns/topic:Topic": "name",
    "aws:lambda/function:Function": "name",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "modelPackageGroupName",
}
PERMISSION = "aws:lambda/permission:Permission"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BOUNDARY = "permissionsBoundary"


@dataclass(frozen=True)
class Held:
    """A document of a subject: ``about`` and ``name`` say whose access it decides."""

    about: str
    name: str
    is_identity: bool
    text: Any


def held(change: ResourceChange, inputs: Inputs) -> Held | None:
    """The document of one side of a change, if it has one."""
    if not inputs:
        return None
    if change.type == PERMISSION:
        name = str(inputs.get("function", change.name)).rsplit(":", maxsplit=1)[-1]
        return Held("function", name, is_identity=False, text=_permission(inputs))
    source = SOURCES.get(change.type)
    if source is None or source.property not in inputs:
        return None
    name = str(source.name_of(inputs) or change.name)
    return Held(source.about, name, source.is_identity, inputs[source.property])


def _permission(inputs: Inputs) -> dict[str, Any]:
    """The statement that Lambda adds to the function's policy.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    principal = str(inputs.get("principal"))
    conditions = {}
    if inputs.get("sourceArn"):
        conditions["ArnLike"] = {"aws:SourceArn": inputs["sourceArn"]}
    if inputs.get("sourceAccount"):
        conditions["StringEquals"] = {"aws:SourceAccount": inputs["sourceAccount"]}
    statement = {
        "Sid": inputs.get("statementId"),
        "Effect": "Allow",
        "Principal": {"Service" if principal.endswith(".amazonaws.com") else "AWS": principal},
        "Action": inputs.get("action"),
        "Resource": inputs.get("function"),
        "Condition": conditions,
    }
    return {"Statement": [statement]}
