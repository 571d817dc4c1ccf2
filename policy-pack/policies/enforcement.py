"""Rules as policies of Pulumi's engine: what it sends is made plain data, and violations go back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies import stack_settings, waivers
from policies.judgement import stack_violations, violations
from policies.rule import UNKNOWN, Context, Level, Resource, Rule, StackRule
from policies.waivers import Waiver

LEVELS = {Level.MANDATORY: EnforcementLevel.MANDATORY, Level.ADVISORY: EnforcementLevel.ADVISORY}


def policies(rules: Sequence[Rule], stack_rules: Sequence[StackRule], granted: Sequence[Waiver]) -> list[Policy]:
    """A policy for each rule, and one that reports expired waivers."""
    return [
        *(_resource_policy(rule, granted) for rule in rules),
        *(_stack_policy(rule, granted) for rule in stack_rules),
        _expired_waivers(granted),
    ]


def _resource_policy(rule: Rule, granted: Sequence[Waiver]) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type not in rule.reads:
            return
        resource = Resource(
            type=args.resource_type,
            name=args.name,
            urn=args.urn,
            props=plain(args.props),
            provider=plain(args.provider.props) if args.provider else None,
        )
        for message in violations(rule, resource, _context(rule, args.get_config()), granted):
            report(message, None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=LEVELS[rule.level],
        config_schema=_schema(rule),
    )


def _stack_policy(rule: StackRule, granted: Sequence[Waiver]) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [_stack_resource(r) for r in args.resources if r.resource_type in rule.reads]
        for resource, message in stack_violations(rule, resources, _context(rule, args.get_config()), granted):
            report(message, resource.urn if resource else None)

    return StackValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=LEVELS[rule.level],
        config_schema=_schema(rule),
    )


def _expired_waivers(granted: Sequence[Waiver]) -> Policy:
    def validate(_: StackValidationArgs, report: ReportViolation) -> None:
        for message in waivers.expired(granted, stack_settings.load().environment, _today()):
            report(message, None)

    return StackValidationPolicy(
        name="waivers-expired",
        description="A waiver ends on its day.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


def _stack_resource(found: PolicyResource) -> Resource:
    return Resource(
        type=found.resource_type,
        name=found.name,
        urn=found.urn,
        props=plain(found.props),
        provider=plain(found.provider.props) if found.provider else None,
        dependencies={
            name: frozenset(dependency.urn for dependency in dependencies)
            for name, dependencies in found.property_dependencies.items()
        },
    )


def _context(rule: Rule | StackRule, given: Mapping[str, Any]) -> Context:
    return Context(settings=stack_settings.load(), today=_today(), config={**defaults(rule), **given})


def defaults(rule: Rule | StackRule) -> dict[str, Any]:
    """A rule's configuration where nobody configures it."""
    return {name: schema["default"] for name, schema in rule.config.items()}


def _schema(rule: Rule | StackRule) -> PolicyConfigSchema | None:
    return (
        PolicyConfigSchema(properties={name: dict(schema) for name, schema in rule.config.items()})
        if rule.config
        else None
    )


def _today() -> Any:
    return datetime.now(UTC).date()


def plain(value: Any) -> Any:
    """The engine's value without its proxies, which raise where a value is unknown: here it is :data:`UNKNOWN`."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, position) for position in range(len(value))]
    return value


def _item(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
