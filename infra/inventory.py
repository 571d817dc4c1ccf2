"""What each environment's stack makes beside buckets and keys, by name: for policies, and for finding what is left."""

from __future__ import annotations

from collections.abc import Sequence

from infra.names import (
    APPROVAL_RULES,
    AUTOMATION_FUNCTIONS,
    FAILURE_RULES,
    LATEST_APPROVED_MODEL,
    SCHEDULE_GROUPS,
    SCHEDULES,
    WORKLOAD_ROLES,
    Names,
    pipeline_names,
)
from infra.settings import Environment
from ml.model import Model

# Queues: one per sender, because what Lambda leaves in one does not say which function it was for.
DEAD_LETTERS: dict[Environment, tuple[str, ...]] = {
    "registry": (APPROVAL_RULES,),
    "dev": (),
    "prod": (FAILURE_RULES, SCHEDULES, *AUTOMATION_FUNCTIONS),
}


def dead_letter_alarm(queue: str) -> str:
    """The alarm on messages in a dead-letter queue."""
    return f"{queue}-not-empty"


def no_success_alarm(pipeline: str) -> str:
    """The alarm on a pipeline that has not succeeded for two periods."""
    return f"{pipeline}-no-success"


def approval_alarm(group: str) -> str:
    """The alarm on a version that waits for approval."""
    return f"{group}-approval-waits"


def function_role(function: str) -> str:
    """The role of one of the automation's functions."""
    return f"{function}-role"


def schedule_role(group: str) -> str:
    """The role that the schedules of a group work as."""
    return f"{group}-schedule-role"


AUTOMATION_ROLES = (
    *(function_role(function) for function in AUTOMATION_FUNCTIONS),
    *(schedule_role(group) for group in SCHEDULE_GROUPS),
)


def roles(environment: Environment) -> tuple[str, ...]:
    """The roles that an environment's stack makes."""
    return {"registry": (), "dev": WORKLOAD_ROLES, "prod": (*WORKLOAD_ROLES, *AUTOMATION_ROLES)}[environment]


def functions(environment: Environment) -> tuple[str, ...]:
    """The Lambda functions that an environment's stack makes."""
    steps = (LATEST_APPROVED_MODEL,)
    return {"registry": (), "dev": steps, "prod": (*steps, *AUTOMATION_FUNCTIONS)}[environment]


def queues(names: Names, environment: Environment) -> tuple[str, ...]:
    """The dead-letter queues that an environment's stack makes."""
    return tuple(names.dead_letter_queue(sender, environment) for sender in DEAD_LETTERS[environment])


def rules(names: Names, environment: Environment, models: Sequence[Model]) -> tuple[str, ...]:
    """The event rules that an environment's stack makes."""
    if environment == "registry":
        return (names.approval_rule,)
    if environment == "dev":
        return ()
    return tuple(names.failure_rule(pipeline, environment) for model in models for pipeline in pipeline_names(model))


def alarms(names: Names, environment: Environment, models: Sequence[Model]) -> tuple[str, ...]:
    """The alarms that an environment's stack makes: one per dead-letter queue, in prod two per model."""
    of_queues = tuple(dead_letter_alarm(queue) for queue in queues(names, environment))
    if environment != "prod":
        return of_queues
    return of_queues + tuple(
        alarm
        for model in models
        for alarm in (
            no_success_alarm(names.pipeline_name(model.inference_pipeline_name, environment)),
            approval_alarm(names.in_environment(model.package_group_name, environment)),
        )
    )


def log_groups(names: Names, environment: Environment) -> tuple[str, ...]:
    """The log groups that an environment's stack makes."""
    of_functions = tuple(names.function_log_group(function, environment) for function in functions(environment))
    return (names.jenkins_log_group, *of_functions) if environment == "prod" else of_functions
