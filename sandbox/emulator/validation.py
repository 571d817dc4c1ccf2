"""What AWS checks when a service is given a role or a key, and ministack does not: that the service may use it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from sandbox.emulator import keys

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]

_LOGS_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


def trusts(role_arn: str, service: str, source_arn: str) -> bool:
    """Whether a role exists and lets a service assume it for this source."""
    parts = role_arn.split(":", 5)
    if len(parts) < 6:
        return False
    role = iam._roles.get_scoped(parts[4], None, role_arn.rpartition("/")[2])
    if role is None or role["Arn"] != role_arn:
        return False
    policy = role["AssumeRolePolicyDocument"]
    return _service_may(service, "sts:AssumeRole", role_arn, policy=policy, source_arn=source_arn)


def before_lambda(original: Handler) -> Handler:
    """Refuse a function whose role Lambda cannot assume.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        document = (
            _document(body) if method in ("POST", "PUT") and path.endswith(("/functions", "/configuration")) else {}
        )
        role, name = document.get("Role"), document.get("FunctionName") or path.split("/")[-2]
        source = f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"
        if role and not trusts(role, "lambda.amazonaws.com", source):
            text = "The role defined for the function cannot be assumed by Lambda."
            return _error("InvalidParameterValueException", text)
        return await original(method, path, headers, body, query)

    return handle


def before_scheduler(original: Handler) -> Handler:
    """Refuse a schedule whose role the Scheduler cannot assume; its source is the schedule's group.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        document = _document(body) if method in ("POST", "PUT") and path.startswith("/schedules/") else {}
        role = (document.get("Target") or {}).get("RoleArn")
        group = document.get("GroupName") or "default"
        source = f"arn:aws:scheduler:{get_region()}:{get_account_id()}:schedule-group/{group}"
        if role and not trusts(role, "scheduler.amazonaws.com", source):
            text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            return _error("ValidationException", text)
        return await original(method, path, headers, body, query)

    return handle


def before_logs(original: Handler) -> Handler:
    """Refuse a log group whose key CloudWatch Logs may not use.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        document = _document(body) if operation in ("CreateLogGroup", "AssociateKmsKey") else {}
        reference = document.get("kmsKeyId")
        arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{document.get('logGroupName')}"
        if reference and not _logs_may_use(reference, arn):
            text = f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
            return _error("AccessDeniedException", text)
        return await original(method, path, headers, body, query)

    return handle


def _logs_may_use(reference: str, log_group_arn: str) -> bool:
    key = keys.find(reference, get_account_id(), get_region())
    if key is None or keys.unusable(key) is not None:
        return False
    service = f"logs.{get_region()}.amazonaws.com"
    context = {"kms:encryptioncontext:aws:logs:arn": log_group_arn, "kms:encryptioncontextkeys": ["aws:logs:arn"]}
    policy = key.get("Policy") or ""
    return all(
        _service_may(service, action, key["Arn"], policy=policy, source_arn=log_group_arn, more=context)
        for action in _LOGS_ACTIONS
    )


def _service_may(
    service: str, action: str, resource: str, *, policy: Any, source_arn: str, more: dict[str, Any] | None = None
) -> bool:
    account = source_arn.split(":")[4] if source_arn.count(":") >= 5 else ""
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": account,
            "aws:principalservicename": service,
            "aws:principalisawsservice": "true",
            **(more or {}),
        },
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def _document(body: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(body or b"{}")
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _error(code: str, message: str) -> Response:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-errortype": code,
        "x-amzn-RequestId": str(uuid.uuid4()),
    }
    return 400, headers, json.dumps({"__type": code, "message": message, "Message": message}).encode()
