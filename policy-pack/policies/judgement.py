"""A rule put to a resource or to a stack: its violations as messages, unknown values and waivers included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.rule import Context, Resource, Rule, StackRule, UnknownValueError
from policies.waivers import Waiver


def violations(rule: Rule, resource: Resource, context: Context, waivers: Sequence[Waiver] = ()) -> list[str]:
    """What a rule has against a resource."""
    if resource.type not in rule.reads:
        return []
    found: list[str] = []
    try:
        found.extend(f"{resource.name}: {message}" for message in rule.judge(resource, context))
    except UnknownValueError as error:
        found.append(f"{resource.name}: {_cannot_judge(error)}")
    return [] if _is_waived(rule, resource, context, waivers) else found


def stack_violations(
    rule: StackRule, resources: Sequence[Resource], context: Context, waivers: Sequence[Waiver] = ()
) -> Iterator[tuple[Resource | None, str]]:
    """What a rule has against a stack, with the resource to blame where it is one."""
    found: list[tuple[Resource | None, str]] = []
    try:
        found.extend(rule.judge(resources, context))
    except UnknownValueError as error:
        found.append((None, _cannot_judge(error)))
    for resource, message in found:
        if resource is None:
            yield None, message
        elif not _is_waived(rule, resource, context, waivers):
            yield resource, f"{resource.name}: {message}"


def _cannot_judge(error: UnknownValueError) -> str:
    return (
        f"`{error}` is not known before it is deployed, so this rule cannot judge it; compute the value from names "
        "and settings, as infra/names.py does"
    )


def _is_waived(rule: Rule | StackRule, resource: Resource, context: Context, waivers: Sequence[Waiver]) -> bool:
    return any(
        waiver.is_for(rule.name, context.settings.environment, resource.name) and waiver.holds(context.today)
        for waiver in waivers
    )
