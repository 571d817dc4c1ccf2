"""Log groups: kept for as long as the settings say, encrypted, and one for each function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.functions import FUNCTION
from policies.rule import Context, Resource, Rule, StackRule, of_type

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def _retained(resource: Resource, context: Context) -> Iterator[str]:
    days, wanted = resource.get("retentionInDays"), context.settings.log_retention_days
    if not days:
        yield f"`retentionInDays` is {days}, so logs are kept for ever; write {wanted}"
    elif days < wanted:
        yield f"`retentionInDays` is {days:g}, but the stack's settings say log_retention_days {wanted}; write {wanted}"


def _encrypted(resource: Resource, _: Context) -> Iterator[str]:
    if not resource.has_own_key("kmsKeyId"):
        yield f"`kmsKeyId` is {resource.get('kmsKeyId')}; write the ARN of the account's key"


def _of_each_function(resources: Sequence[Resource], _: Context) -> Iterator[tuple[Resource | None, str]]:
    groups = {group.get("name") for group in of_type(resources, LOG_GROUP)}
    for function in of_type(resources, FUNCTION):
        name = f"/aws/lambda/{function.get('name')}"
        if name not in groups:
            yield (
                function,
                f"no log group {name} in the stack, so Lambda makes one that is kept for ever and not encrypted; "
                "declare it",
            )


RULES = (
    Rule(
        name="log-retention",
        description="Logs are kept for as long as the settings say.",
        reads={LOG_GROUP: ("retentionInDays",)},
        judge=_retained,
    ),
    Rule(
        name="log-key",
        description="Logs are encrypted with a key of the account.",
        reads={LOG_GROUP: ("kmsKeyId",)},
        judge=_encrypted,
    ),
)
STACK_RULES = (
    StackRule(
        name="log-group-of-each-function",
        description="Every function has its log group in the stack.",
        reads={FUNCTION: ("name",), LOG_GROUP: ("name",)},
        judge=_of_each_function,
    ),
)
