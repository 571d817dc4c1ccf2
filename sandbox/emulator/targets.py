"""Calls the targets of rules and schedules, as far as the caller's permissions and the targets' policies allow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc, sns, sqs

from sandbox.emulator import queues, sagemaker_adapter
from sandbox.emulator.request import Check, Request
from sandbox.emulator.service_callers import Caller, KeyUnusableError, RefusedError, RoleCaller
from sandbox.host import Caller as ApiCaller
from sandbox.host import ServiceError

Target = dict[str, Any]
_THROTTLED = {"ThrottlingException", "ResourceLimitExceeded", "InternalFailure", "UnknownOperationException"}


class TargetError(Exception):
    """A call that failed. ``kind`` is EventBridge's word for it, ``code`` the target's own error code."""

    def __init__(self, kind: str, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.retryable = retryable


def kind_of(arn: str) -> str | None:
    """Which of the supported kinds of target an ARN names; None for any other."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[4].isdigit():
        return None
    service, resource = parts[2], parts[5]
    if service == "sagemaker":
        return "pipeline" if resource.startswith("pipeline/") and resource.count("/") == 1 else None
    if service == "events":
        return "bus" if resource.startswith("event-bus/") else None
    if service in ("sns", "sqs"):
        return None if resource.endswith(".fifo") or ":" in resource else service
    return "lambda" if service == "lambda" and resource.startswith("function:") else None


class Targets:
    """The calls, by kind. ``invoke`` queues an asynchronous invocation, ``start_pipeline`` is SageMaker's dispatch."""

    def __init__(
        self,
        invoke: Callable[[str, Any], None],
        start_pipeline: Callable[[ApiCaller, str, str, dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._invoke = invoke
        self._start_pipeline = start_pipeline

    def call(self, caller: Caller, target: Target, payload: str, *, token: str, event: dict[str, Any] | None) -> None:
        """One attempt. Raises :class:`TargetError`."""
        arn: str = target["Arn"]
        _, _, _, region, account, _ = arn.split(":", 5)
        try:
            with request_scope(account, region):
                match kind_of(arn):
                    case "sqs":
                        self._send(caller, arn, payload)
                    case "sns":
                        publish(caller, arn, payload)
                    case "lambda":
                        self._invoke_function(caller, arn, payload)
                    case "pipeline":
                        self._start(caller, target, token)
                    case "bus":
                        self._put_event(caller, arn, event or {})
                    case _:
                        raise TargetError("SDK_CLIENT_ERROR", "ValidationException", f"{arn} is no target")
        except RefusedError as error:
            raise TargetError("NO_PERMISSIONS", "AccessDeniedException", str(error)) from None
        except KeyUnusableError as error:
            raise TargetError("ERROR_FROM_TARGET", "KMSDisabledException", str(error), retryable=True) from None

    def send_dead_letter(self, caller: Caller, queue_arn: str, body: str, attributes: dict[str, str]) -> None:
        """Put an undelivered event into a dead-letter queue. Raises :class:`TargetError`."""
        try:
            self._send(caller, queue_arn, body, attributes)
        except RefusedError as error:
            raise TargetError("NO_PERMISSIONS", "AccessDeniedException", str(error)) from None
        except KeyUnusableError as error:
            raise TargetError("ERROR_FROM_TARGET", "KMSDisabledException", str(error)) from None

    @staticmethod
    def _send(caller: Caller, arn: str, body: str, attributes: dict[str, str] | None = None) -> None:
        queue = queues.find(arn)
        if queue is None:
            raise _gone("AWS.SimpleQueueService.NonExistentQueue", f"The specified queue does not exist: {arn}")
        _, _, _, region, owner, _ = arn.split(":")
        caller.require("sqs:SendMessage", arn, (sqs.queue_policy_for_arn(arn) or ("",))[0])
        key = queue["attributes"].get("KmsMasterKeyId")
        if key:
            caller.require_key(key, owner, region, "sqs")
        queues.put(queue, body, attributes)

    def _invoke_function(self, caller: Caller, arn: str, payload: str) -> None:
        found = lambda_svc.function_policy_for_arn(arn)
        if lambda_svc._get_func_record_for_ref(arn)[1] is None:
            raise _gone("ResourceNotFoundException", f"Function not found: {arn}")
        caller.require("lambda:InvokeFunction", arn, found[0] if found else "")
        try:
            event = json.loads(payload)
        except ValueError as error:
            text = f"Could not parse request body into json: {error}"
            raise TargetError("ERROR_FROM_TARGET", "InvalidRequestContentException", text) from None
        self._invoke(arn, event)

    def _start(self, caller: Caller, target: Target, token: str) -> None:
        if not isinstance(caller, RoleCaller):
            raise RefusedError("A pipeline is started by a role")
        arn: str = target["Arn"]
        _, _, _, region, account, resource = arn.split(":", 5)
        given = (target.get("SageMakerPipelineParameters") or {}).get("PipelineParameterList") or []
        parameters: dict[str, Any] = {"PipelineName": resource.partition("/")[2], "ClientRequestToken": token}
        if given:
            parameters["PipelineParameters"] = given
        for check in _start_checks(account, region, parameters):
            caller.require_check(check)
        principal = caller.principal
        try:
            self._start_pipeline(
                ApiCaller(account_id=account, arn=principal.arn), region, "StartPipelineExecution", parameters
            )
        except ServiceError as error:
            if error.code == "ResourceNotFound":
                raise _gone(error.code, error.message) from None
            retryable = error.code in _THROTTLED
            raise TargetError("ERROR_FROM_TARGET", error.code, error.message, retryable=retryable) from None

    @staticmethod
    def _put_event(caller: Caller, arn: str, event: dict[str, Any]) -> None:
        name = arn.partition(":event-bus/")[2]
        eventbridge._ensure_default_bus()
        if name not in eventbridge._event_buses:
            raise _gone("ResourceNotFoundException", f"Event bus {name} does not exist.")
        if isinstance(caller, RoleCaller):
            caller.require("events:PutEvents", arn, None)
        eventbridge._dispatch_event({**event, "EventBusName": name})


def publish(caller: Caller, arn: str, message: str, subject: str = "", structure: str = "") -> None:
    """Publish to a topic as a service. Raises :class:`TargetError`, ``RefusedError`` or ``KeyUnusableError``."""
    _, _, _, region, owner, _ = arn.split(":")
    with request_scope(owner, region):
        topic = sns._topic_by_arn_any_scope(arn)
        if topic is None:
            raise _gone("NotFound", f"Topic does not exist: {arn}")
        caller.require("sns:Publish", arn, topic["attributes"].get("Policy") or "")
        key = topic["attributes"].get("KmsMasterKeyId")
        if key:
            caller.require_key(key, owner, region, "sns")
        try:
            sns.publish_internal(arn, message, subject, message_structure=structure)
        except sns.SnsPublishError as error:
            raise TargetError("ERROR_FROM_TARGET", error.code, str(error)) from None


def _start_checks(account: str, region: str, parameters: dict[str, Any]) -> list[Check]:
    request = Request(
        service="sagemaker",
        action="sagemaker:StartPipelineExecution",
        access_key_id="",
        account_id=account,
        region=region,
        method="POST",
        path="/",
        headers={"content-type": "application/x-amz-json-1.1"},
        query={},
        body=json.dumps(parameters).encode(),
    )
    return sagemaker_adapter.checks(request)


def _gone(code: str, message: str) -> TargetError:
    return TargetError("NO_RESOURCE", code, message)
