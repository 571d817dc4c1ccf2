"""Install the sandbox's access rules in ministack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

from sandbox.emulator import (
    actions,
    authorization,
    conditions,
    keys,
    message_keys,
    passed_roles,
    resources,
    s3_encryption,
    sagemaker_adapter,
    validation,
)
from sandbox.emulator.hooks import ACTIONS, EVALUATOR, check, replace
from sandbox.emulator.managed_policies import ManagedPolicies, attach_existing
from sandbox.emulator.request import Request, current

S3 = "ministack.services.s3"


def install() -> None:
    """Replace every hook; raises ``HookMissingError`` before the first one if ministack is another."""
    check()
    replace(ACTIONS, "extract_iam_action", actions.iam_action)
    replace(ACTIONS, "extract_resource_arn", _remember)
    replace(ACTIONS, "s3_service_context", conditions.s3_context)
    replace(ACTIONS, "access_denied_response", authorization.access_denied_response)
    replace(EVALUATOR, "enforce", authorization.enforce)
    replace(EVALUATOR, "_principal_matches", conditions.principal_matches)
    replace(EVALUATOR, "_resolve_condition_key", conditions.resolve_condition_key)
    replace(S3, "_foreign_bucket_allows", authorization.foreign_bucket_allows)
    replace(S3, "_resolve_sse_write_headers", s3_encryption.resolve_write)
    replace(S3, "_check_sse_read_headers", s3_encryption.check_read)
    replace(S3, "_check_sse_c_copy_source", s3_encryption.check_read)
    replace(S3, "_check_sse_c_part", s3_encryption.check_part)
    replace("ministack.services.kms", "handle_request", keys.in_owner_scope)
    replace("ministack.services.lambda_svc", "handle_request", validation.before_lambda)
    replace("ministack.services.scheduler", "handle_request", validation.before_scheduler)
    replace("ministack.services.cloudwatch_logs", "handle_request", validation.before_logs)
    replace("ministack.services.iam", "_aws_managed_policies", lambda _seeds: ManagedPolicies())
    for operation in ("AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy"):
        iam._IAM_HANDLERS[operation] = attach_existing(iam._IAM_HANDLERS[operation])
    replace("ministack.app", "_collect_scripts", lambda _original: lambda *_folders: [])
    _keep_sessions()


def _remember(original: Callable[..., str]) -> Callable[..., str]:
    """Keep the request for the judgement that follows, and give the resource that AWS judges it on."""

    def extract(*asked: Any) -> str:
        service, method, path, headers, body, query, region, account_id = asked
        # ministack takes every body for JSON and fails on CBOR, which CloudWatch's clients send.
        found = "*" if "cbor" in headers.get("content-type", "") else original(*asked)
        from ministack.core.iam_actions import extract_iam_action  # noqa: PLC0415 - the replaced one

        request = Request(
            service=service,
            action=extract_iam_action(service, method, path, headers, body, query) or "",
            access_key_id=extract_access_key_id(headers, query),
            account_id=account_id,
            region=region,
            method=method,
            path=path,
            headers=headers,
            query=query,
            body=body,
        )
        current.set(request)
        if service == "sagemaker":
            first, *request.pending = sagemaker_adapter.checks(request)
            return first.resource_arn
        request.pending = [
            *resources.further_checks(request),
            *message_keys.checks(request),
            *passed_roles.checks(request),
        ]
        return resources.resource_arn(request, found)

    return extract


def _keep_sessions() -> None:
    """Save STS sessions with the rest: credentials survive a restart, as they would outlive a change at AWS."""

    def restore(data: dict[str, Any]) -> None:
        sts._sessions.update(data.get("sessions", {}))

    replace("ministack.services.sts", "get_state", lambda _original: lambda: {"sessions": dict(sts._sessions)})
    replace("ministack.services.sts", "load_persisted_state", lambda _original: restore)
