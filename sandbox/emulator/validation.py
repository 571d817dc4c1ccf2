"""What AWS checks when a service is given a role or a key, and ministack does not: that the service may use it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.emulator import keys
from sandbox.emulator.schedule_rules import schedule_problem
from sandbox.emulator.service_callers import service_may, trusts

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]

_LOGS_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


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
        problem = schedule_problem(document) if document else ""
        if problem:
            return _error("ValidationException", problem)
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
        service_may(service, action, key["Arn"], policy=policy, source_arn=log_group_arn, more=context)
        for action in _LOGS_ACTIONS
    )


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
