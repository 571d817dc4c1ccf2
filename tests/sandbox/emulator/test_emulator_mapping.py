"""No API call of a service that the project uses escapes IAM's judgement."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from ministack.core.iam_actions import extract_iam_action

from sandbox.emulator import actions

# botocore's name → the name under which ministack routes it, and IAM's prefix.
SERVICES = {
    "cloudwatch": ("monitoring", "cloudwatch"),
    "events": ("events", "events"),
    "iam": ("iam", "iam"),
    "kms": ("kms", "kms"),
    "lambda": ("lambda", "lambda"),
    "logs": ("logs", "logs"),
    "resourcegroupstaggingapi": ("tagging", "tag"),
    "sagemaker": ("sagemaker", "sagemaker"),
    "scheduler": ("scheduler", "scheduler"),
    "sns": ("sns", "sns"),
    "sqs": ("sqs", "sqs"),
    "sts": ("sts", "sts"),
}
extract = actions.iam_action(extract_iam_action)


@pytest.fixture(autouse=True)
def sagemaker_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(actions_namespaces(), "sagemaker", "sagemaker")


def actions_namespaces() -> dict[str, str]:
    from ministack.core.iam_actions import SERVICE_TO_IAM_NAMESPACE  # noqa: PLC0415

    return SERVICE_TO_IAM_NAMESPACE


def smallest(shape: Any) -> Any:
    """The smallest value with every required member."""
    if shape.type_name == "structure":
        return {name: smallest(shape.members[name]) for name in shape.required_members}
    return {
        "list": [],
        "map": {},
        "integer": 1,
        "long": 1,
        "boolean": True,
        "blob": b"x",
        "double": 1.0,
        "float": 1.0,
    }.get(shape.type_name, 0 if shape.type_name == "timestamp" else "x")


@cache
def silent_client(service: str) -> Any:
    """A client whose requests are looked at and never sent."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url="http://localhost:1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(parameter_validation=False, inject_host_prefix=False),
    )


def asked(service: str, operation: str) -> str | None:
    """The action for the request that botocore makes of an operation."""
    client = silent_client(service)
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 400, {}, _NoBody())

    client.meta.events.register("before-send", answer, unique_id="look")
    model = client.meta.service_model.operation_model(operation)
    parameters = smallest(model.input_shape) if model.input_shape else {}
    with pytest.raises(Exception):  # noqa: B017 - the answer above is none; only the request matters
        client._make_api_call(operation, parameters)
    client.meta.events.unregister("before-send", unique_id="look")
    request = sent[0]
    url = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    query = parse_qs(url.query, keep_blank_values=True)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        query |= parse_qs(body.decode())
    routed = SERVICES.get(service, (service, service))[0]
    return extract(routed, request.method, url.path, headers, body if isinstance(body, bytes) else b"", query)


class _NoBody:
    def stream(self, **_: Any) -> list[bytes]:
        return []


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_its_action(service: str) -> None:
    prefix = SERVICES[service][1]
    operations = boto3.client(service, region_name="us-east-1").meta.service_model.operation_names
    if service == "sagemaker":
        operations = [name for name in operations if "Pipeline" in name or "ModelPackage" in name or "Job" in name]
    found = {f"{prefix}:{name}": asked(service, name) for name in operations}
    other_names = actions._OTHER_NAMES
    wrong = {name: action for name, action in found.items() if action != other_names.get(name, name)}
    assert not wrong


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("CreateBucket", "s3:CreateBucket"),
        ("DeleteBucket", "s3:DeleteBucket"),
        ("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
        ("DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        ("DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
        ("DeleteObject", "s3:DeleteObject"),
        ("DeleteObjects", "s3:DeleteObject"),
        ("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
        ("GetBucketPolicy", "s3:GetBucketPolicy"),
        ("GetBucketVersioning", "s3:GetBucketVersioning"),
        ("GetObject", "s3:GetObject"),
        ("GetObjectTagging", "s3:GetObjectTagging"),
        ("HeadBucket", "s3:ListBucket"),
        ("HeadObject", "s3:GetObject"),
        ("ListBuckets", "s3:ListAllMyBuckets"),
        ("ListObjectVersions", "s3:ListBucketVersions"),
        ("ListObjectsV2", "s3:ListBucket"),
        ("PutBucketEncryption", "s3:PutEncryptionConfiguration"),
        ("PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
        ("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        ("PutBucketPolicy", "s3:PutBucketPolicy"),
        ("PutBucketTagging", "s3:PutBucketTagging"),
        ("PutBucketVersioning", "s3:PutBucketVersioning"),
        ("PutObject", "s3:PutObject"),
        ("PutObjectAcl", "s3:PutObjectAcl"),
        ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ],
)
def test_s3_operations_have_their_actions(operation: str, action: str) -> None:
    assert asked("s3", operation) == action


def test_a_request_without_an_action_is_refused_rather_than_served() -> None:
    assert extract("s3", "POST", "/", {}, b"", {}) == "s3:UnknownOperation"
    assert extract("kms", "POST", "/", {}, b"", {}) == "kms:UnknownOperation"
