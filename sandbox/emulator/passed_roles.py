"""The roles that a request hands to a service, for which the caller needs ``iam:PassRole``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.emulator.request import Check, Request


def checks(request: Request) -> list[Check]:
    """One ``iam:PassRole`` check for each role in the request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    found = _ROLES.get(request.action)
    if found is None:
        return []
    service, roles = found
    return [pass_role(role, service) for role in dict.fromkeys(roles(request)) if role]


def pass_role(role_arn: str, service: str) -> Check:
    return Check(action="iam:PassRole", resource_arn=role_arn, context={"iam:PassedToService": service})


def _role(request: Request) -> list[str]:
    return [request.parameter("Role")]


def _role_arn(request: Request) -> list[str]:
    return [request.parameter("RoleArn")]


def _target_roles(request: Request) -> list[str]:
    targets: Any = request.parameter("Targets") or []
    return [target.get("RoleArn", "") for target in targets if isinstance(target, dict)]


def _schedule_target_role(request: Request) -> list[str]:
    target: Any = request.parameter("Target") or {}
    return [target.get("RoleArn", "")]


_ROLES: dict[str, tuple[str, Callable[[Request], list[str]]]] = {
    "events:PutRule": ("events.amazonaws.com", _role_arn),
    "events:PutTargets": ("events.amazonaws.com", _target_roles),
    "lambda:CreateFunction": ("lambda.amazonaws.com", _role),
    "lambda:UpdateFunctionConfiguration": ("lambda.amazonaws.com", _role),
    "scheduler:CreateSchedule": ("scheduler.amazonaws.com", _schedule_target_role),
    "scheduler:UpdateSchedule": ("scheduler.amazonaws.com", _schedule_target_role),
}
