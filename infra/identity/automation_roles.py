"""The roles of prod's automation, as they must be."""

from __future__ import annotations

from collections.abc import Sequence

from infra import inventory
from infra.identity import automation
from infra.identity.role import RoleArgs
from infra.identity.trust import plain_service_trust, service_trust
from infra.names import Names
from ml.model import Model


def function_role_args(names: Names, function: str, models: Sequence[Model], topic_arn: str) -> RoleArgs:
    """The role of one function, which Lambda alone may assume (why without a condition: workload_roles.py)."""
    return RoleArgs(
        role_name=names.role_name(inventory.function_role(function), "prod"),
        description=f"The Lambda function {function}",
        trust=plain_service_trust("lambda.amazonaws.com"),
        inline_policies=automation.function_policies(names, function, models, topic_arn),
        permissions_boundary=names.settings.permissions_boundary,
    )


def schedule_role_args(names: Names, group: str, models: Sequence[Model]) -> RoleArgs:
    """The role of one group of schedules.

    The source is the group; a single schedule cannot be named:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    return RoleArgs(
        role_name=names.role_name(inventory.schedule_role(group), "prod"),
        description=f"The schedules of the group {group}",
        trust=service_trust(
            "scheduler.amazonaws.com", names.account("prod"), (names.schedule_group_arn(group, "prod"),)
        ),
        inline_policies=automation.schedule_policies(names, group, models),
        permissions_boundary=names.settings.permissions_boundary,
    )
