"""Lambda functions: on a runtime that AWS supports, their variables encrypted, callable for this account alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from policies.events import EVENT_TARGET, SCHEDULE
from policies.rule import Context, Resource, Rule, StackRule, of_type, refers

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
# When AWS ends its support: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
RUNTIMES = {
    "python3.11": "2027-06-30",
    "python3.12": "2028-10-31",
    "python3.13": "2029-06-30",
    "python3.14": "2029-06-30",
}


def _supported(resource: Resource, context: Context) -> Iterator[str]:
    runtime = resource.get("runtime")
    ends = context.config["runtimes"].get(runtime)
    supported = sorted(
        name for name, day in context.config["runtimes"].items() if date.fromisoformat(day) > context.today
    )
    if ends is None:
        yield f"`runtime` is {runtime}, which is not among those known to be supported; write {supported[-1]}"
    elif date.fromisoformat(ends) <= context.today:
        yield f"`runtime` is {runtime}, which AWS has not supported since {ends}; write {supported[-1]}"


def _encrypted(resource: Resource, _: Context) -> Iterator[str]:
    if not resource.has_own_key("kmsKeyArn") and resource.is_set("environment.variables"):
        yield (
            f"`kmsKeyArn` is {resource.get('kmsKeyArn')}, so AWS's own key encrypts the variables; write the ARN of "
            "the account's key"
        )


def _one_at_a_time(resource: Resource, context: Context) -> Iterator[str]:
    name = str(resource.get("name"))
    most = next((most for prefix, most in context.config["at_most"].items() if name.startswith(prefix)), None)
    reserved = resource.get("reservedConcurrentExecutions")
    # Zero stops a function, and minus one, the default, reserves nothing.
    if most is not None and (reserved is None or not 0 <= reserved <= most):
        yield (
            f"`reservedConcurrentExecutions` is {reserved}, so two runs may decide at once; write {most}, the most "
            "that the pack's configuration allows"
        )


def _named_caller(resource: Resource, context: Context) -> Iterator[str]:
    principal = str(resource.get("principal"))
    if principal.endswith(".amazonaws.com"):
        source = "" if resource.is_unknown("sourceArn") else resource.get("sourceArn")
        if not resource.is_set("sourceArn") or source == "*":
            yield f"`sourceArn` is {source}, so {principal} may call for anybody; write the ARN of what calls"
    elif not any(account and account in principal for account in context.settings.accounts.values()):
        yield f"`principal` is {principal}, which is no account of the platform; remove the permission"


def _dead_letters(resources: Sequence[Resource], _: Context) -> Iterator[tuple[Resource | None, str]]:
    """What EventBridge and the Scheduler have handed over is the function's to lose.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    for function in of_type(resources, FUNCTION):
        called = any(
            refers(caller, path, function, "arn")
            for token, path in ((EVENT_TARGET, "arn"), (SCHEDULE, "target.arn"))
            for caller in of_type(resources, token)
        )
        if called and not function.is_set("deadLetterConfig.targetArn"):
            yield (
                function,
                "`deadLetterConfig.targetArn` is missing, so an event that the function fails on is lost; write the "
                "ARN of a dead-letter queue",
            )


RULES = (
    Rule(
        name="lambda-runtime",
        description="Functions run on a runtime that AWS supports.",
        reads={FUNCTION: ("runtime",)},
        judge=_supported,
        config={
            "runtimes": {
                "description": "Day on which AWS ends its support, by runtime",
                "type": "object",
                "additionalProperties": {"type": "string"},
                "default": RUNTIMES,
            }
        },
    ),
    Rule(
        name="lambda-key",
        description="Variables of functions are encrypted with a key of the account.",
        reads={FUNCTION: ("kmsKeyArn", "environment")},
        judge=_encrypted,
    ),
    Rule(
        name="lambda-reserved-concurrency",
        description="A function that decides does so once at a time.",
        reads={FUNCTION: ("reservedConcurrentExecutions", "name")},
        judge=_one_at_a_time,
        config={
            "at_most": {
                "description": "Most concurrent runs by beginning of a function's name",
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 0},
                "default": {"retrain-gate": 1},
            }
        },
    ),
    Rule(
        name="lambda-named-caller",
        description="Services call a function for named resources only.",
        reads={PERMISSION: ("principal", "sourceArn")},
        judge=_named_caller,
    ),
)
STACK_RULES = (
    StackRule(
        name="lambda-dead-letter-queue",
        description="An event that a function fails on is kept.",
        reads={FUNCTION: ("arn", "deadLetterConfig"), EVENT_TARGET: ("arn",), SCHEDULE: ("target",)},
        judge=_dead_letters,
    ),
)
