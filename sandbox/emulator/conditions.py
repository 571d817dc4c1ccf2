"""The condition keys that ministack leaves out or resolves otherwise than AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import iam, s3

from sandbox.emulator import keys, resources
from sandbox.emulator.request import Request
from sandbox.sagemaker import authorization as sagemaker_authorization

_BOUNDARY_OPERATIONS = {"CreateRole", "CreateUser", "PutRolePermissionsBoundary", "PutUserPermissionsBoundary"}

Resolve = Callable[[str, Any], Any]


def resolve_condition_key(original: Resolve) -> Resolve:
    """Resolve the global keys as AWS does, and leave the rest to ministack."""

    def resolve(key: str, context: Any) -> Any:
        name = key.lower()
        given = context.service_context
        if name == "aws:principalarn":
            return role_arn_of(context.principal_arn)
        if name == "aws:securetransport":
            # The sandbox speaks HTTP on loopback in the place of AWS's TLS endpoints; a client of AWS would use TLS.
            return "true"
        if name in ("aws:resourceaccount", "s3:resourceaccount"):
            return resources.owner_account(context.resource_arn, context.principal_account)
        if name.startswith("aws:resourcetag/") and name not in given:
            found = resources.tags(context.resource_arn, context.principal_account, context.region)
            return next((value for tag, value in found.items() if f"aws:resourcetag/{tag}".lower() == name), None)
        if name == "aws:tagkeys":
            return given.get(name)
        return original(key, context)

    return resolve


def role_arn_of(principal_arn: str) -> str:
    """``aws:PrincipalArn`` of a role session is the role's ARN, with its path.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    account = principal_arn.split(":")[4]
    name = principal_arn.split("/")[1]
    role = iam._roles.get_scoped(account, None, name)
    return str(role["Arn"]) if role else f"arn:aws:iam::{account}:role/{name}"


def principal_matches(original: Callable[[Any, str], bool]) -> Callable[[Any, str], bool]:
    """A ``Service`` principal is no caller of the API; ministack takes every account's root for one."""

    def matches(principal: Any, caller_arn: str) -> bool:
        if isinstance(principal, dict):
            principal = {"AWS": principal.get("AWS", [])}
        return original(principal, caller_arn)

    return matches


def request_context(request: Request) -> dict[str, Any]:
    """The service's own condition keys of one request."""
    if request.service == "monitoring":
        return _metric_context(request)
    if request.service == "kms":
        reference = str(request.parameter("KeyId") or keys.key_id_in(request.parameter("CiphertextBlob")))
        key = keys.find(reference, request.account_id, request.region)
        context = keys.condition_context(key, reference) if key else {}
        given = request.parameter("EncryptionContext") or {}
        context |= {f"kms:EncryptionContext:{name}": value for name, value in given.items()}
        return {**context, "kms:CallerAccount": request.account_id}
    if request.service == "sagemaker":
        return sagemaker_authorization.condition_context(request.operation, request.document)
    if request.service == "iam":
        return _iam_context(request)
    if request.service == "sts":
        names = {"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName"}
        return {key: value for key, name in names.items() if (value := request.parameter(name))}
    return {}


def s3_context(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Add ``s3:x-amz-server-side-encryption-aws-kms-key-id``, as the key ARN that policies name."""

    def context(
        iam_action: str, query_params: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        found = original(iam_action, query_params, path, headers)
        if iam_action != "s3:PutObject":
            return found
        upload = s3._multipart_uploads.get((query_params or {}).get("uploadId", [""])[0])
        header = "x-amz-server-side-encryption-aws-kms-key-id"
        if upload is not None:
            reference = upload["preserved_headers"].get(header) if upload.get("requested_sse") else None
        else:
            reference = (headers or {}).get(header)
        if reference:
            from ministack.core.responses import get_account_id, get_region  # noqa: PLC0415

            key = keys.find(reference, get_account_id(), get_region())
            found[f"s3:{header}"] = key["Arn"] if key else reference
        return found

    return context


def _metric_context(request: Request) -> dict[str, Any]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html"""
    context: dict[str, Any] = {}
    if request.operation == "PutMetricData" and request.parameter("Namespace"):
        context["cloudwatch:namespace"] = request.parameter("Namespace")
    if request.document.get("Tags"):
        tags = {tag["Key"]: tag["Value"] for tag in request.document["Tags"]}
        context |= {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, "aws:TagKeys": list(tags)}
    return context


def _iam_context(request: Request) -> dict[str, Any]:
    context: dict[str, Any] = {}
    policy = request.parameter("PolicyArn")
    if policy:
        context["iam:PolicyARN"] = policy
    if request.operation in _BOUNDARY_OPERATIONS:
        boundary = request.parameter("PermissionsBoundary")
    else:
        stores = ((iam._roles, request.parameter("RoleName")), (iam._users, request.parameter("UserName")))
        entities = [store.get_scoped(request.account_id, None, name) for store, name in stores if name]
        boundary = next((entity.get("PermissionsBoundary") for entity in entities if entity), None)
    if boundary:
        context["iam:PermissionsBoundary"] = boundary
    return context
