"""The ARN that a request is judged on, where ministack's is "*" or differs from what AWS evaluates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import request_scope
from ministack.services import iam

from sandbox.emulator import keys
from sandbox.emulator.request import Check, Request

# Log groups are named without a suffix only where their tags are concerned.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
_LOG_TAG_OPERATIONS = {"TagResource", "UntagResource", "ListTagsForResource"}


def resource_arn(request: Request, found: str) -> str:
    """The primary resource of a request; ``found`` is ministack's answer."""
    rule = _RULES.get(request.service)
    return rule(request, found) if rule else found


def further_checks(request: Request) -> list[Check]:
    """What else a request needs: tags for a bucket; for an alias operation, the same on its key.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    """
    if request.action == "s3:CreateBucket" and b"<Tag>" in request.body:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging.html
        bucket = request.path.strip("/")
        return [
            Check(action="s3:TagResource", resource_arn=f"arn:aws:s3:::{bucket}", context=_bucket_tags(request.body))
        ]
    if request.service != "kms" or request.operation not in {"CreateAlias", "UpdateAlias", "DeleteAlias"}:
        return []
    name = request.parameter("AliasName")
    reference = request.parameter("TargetKeyId") or name
    found = [keys.find(reference, request.account_id, request.region)]
    if request.operation == "UpdateAlias":
        found.append(keys.find(name, request.account_id, request.region))
    return [
        Check(action=request.action, resource_arn=key["Arn"], context=keys.condition_context(key))
        for key in found
        if key
    ]


def _bucket_tags(body: bytes) -> dict[str, Any]:
    tags = dict(re.findall(r"<Tag><Key>(.*?)</Key><Value>(.*?)</Value></Tag>", body.decode("utf-8", "replace")))
    return {**{f"aws:RequestTag/{name}": value for name, value in tags.items()}, "aws:TagKeys": list(tags)}


def _iam(request: Request, found: str) -> str:
    account = request.account_id
    role = request.parameter("RoleName")
    if role:
        stored = iam._roles.get_scoped(account, None, role)
        path = "/" if request.operation != "CreateRole" else request.parameter("Path") or "/"
        return str(stored["Arn"]) if stored else f"arn:aws:iam::{account}:role{path}{role}"
    policy = request.parameter("PolicyName")
    if policy and request.operation == "CreatePolicy":
        return f"arn:aws:iam::{account}:policy{request.parameter('Path') or '/'}{policy}"
    return found


def _kms(request: Request, found: str) -> str:
    if request.operation in {"CreateAlias", "UpdateAlias", "DeleteAlias"}:
        return f"arn:aws:kms:{request.region}:{request.account_id}:{request.parameter('AliasName')}"
    reference = request.parameter("KeyId") or keys.key_id_in(request.parameter("CiphertextBlob"))
    key = keys.find(reference, request.account_id, request.region)
    return str(key["Arn"]) if key else found


def _logs(request: Request, found: str) -> str:
    if request.operation in _LOG_TAG_OPERATIONS:
        return found
    group = request.parameter("logGroupName", "logGroupIdentifier").removesuffix(":*").rpartition(":log-group:")[2]
    if request.operation == "DescribeLogGroups":
        group = ""
    stream = request.parameter("logStreamName")
    return f"arn:aws:logs:{request.region}:{request.account_id}:log-group:{group}:log-stream:{stream}"


def _events(request: Request, found: str) -> str:
    # A rule on the default bus is named without the bus; a rule's targets are the rule's.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
    rule = request.parameter("Rule")
    if rule:
        bus = str(request.parameter("EventBusName") or "default").rpartition("/")[2]
        found = f"arn:aws:events:{request.region}:{request.account_id}:rule/{bus}/{rule}"
    return str(request.parameter("ResourceARN") or found.replace(":rule/default/", ":rule/"))


def _scheduler(request: Request, found: str) -> str:
    parts = [unquote(part) for part in request.path.split("/") if part]
    prefix = f"arn:aws:scheduler:{request.region}:{request.account_id}"
    if parts[:1] == ["tags"]:
        return "/".join(parts[1:])
    if parts[:1] == ["schedules"] and len(parts) > 1:
        group = request.parameter("GroupName", "groupName") or "default"
        return f"{prefix}:schedule/{group}/{parts[1]}"
    if parts[:1] == ["schedule-groups"] and len(parts) > 1:
        return f"{prefix}:schedule-group/{parts[1]}"
    return found


def _lambda(request: Request, found: str) -> str:
    name = request.parameter("FunctionName")
    if request.operation == "CreateFunction" and name:
        return f"arn:aws:lambda:{request.region}:{request.account_id}:function:{name}"
    return found


def _sns(request: Request, found: str) -> str:
    subscription = request.parameter("SubscriptionArn")
    if subscription.startswith("arn:"):
        return str(subscription.rpartition(":")[0])
    return str(request.parameter("ResourceArn") or found)


def _monitoring(request: Request, found: str) -> str:
    names: Any = request.parameter("AlarmName") or request.parameter("AlarmNames", "AlarmNames.member.1")
    name = names[0] if isinstance(names, list) and names else names
    if name and request.operation != "DescribeAlarms":
        return f"arn:aws:cloudwatch:{request.region}:{request.account_id}:alarm:{name}"
    return str(request.parameter("ResourceARN") or found)


_RULES: dict[str, Callable[[Request, str], str]] = {
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _monitoring,
    "scheduler": _scheduler,
    "sns": _sns,
}


def owner_account(arn: str, default: str) -> str:
    """The account that owns a resource; buckets, whose ARNs name none, are looked up."""
    from ministack.services import s3  # noqa: PLC0415 - the largest of ministack's modules, only where a bucket is asked for

    if arn.startswith("arn:aws:s3:::"):
        return s3._bucket_owner_account(arn.removeprefix("arn:aws:s3:::").partition("/")[0]) or default
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else default


def tags(arn: str, account: str, region: str) -> dict[str, str]:
    """The tags of an existing resource, as ``aws:ResourceTag`` sees them."""
    from ministack.services import tagging  # noqa: PLC0415 - rarely asked for

    with request_scope(owner_account(arn, account), region):
        return tagging.resource_tags(arn) or {}
