"""Who may assume a role: services for this account's resources, and named roles of the platform's accounts."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import allowed
from policies.iam import ROLE
from policies.rule import Context, Resource, Rule
from policies.strangers import strangers

TRUST = "assumeRolePolicy"
# These send no source: iam:PassRole, which is checked in the role's own account, keeps other accounts from the role.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
SERVICES_WITHOUT_SOURCE = ("lambda.amazonaws.com", "ec2.amazonaws.com")


def _no_confused_deputy(resource: Resource, context: Context) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"""
    # The replaced system's roles, which `permissions: managed` asks for, have no conditions.
    if context.settings.is_managed:
        return
    for statement in allowed(resource, TRUST):
        for service in statement.principals_of("Service"):
            if service in SERVICES_WITHOUT_SOURCE:
                continue
            account = context.settings.account or "<account>"
            if not any(account in values for values in _values(statement.conditions, "aws:sourceaccount")):
                yield (
                    f"`{TRUST}`: {statement} lets {service} assume the role for any account. Add to its Condition "
                    f'{{"StringEquals": {{"aws:SourceAccount": "{account}"}}, "ArnLike": {{"aws:SourceArn": '
                    '"<ARNs of the resources it works for>"}}'
                )
            elif not statement.narrowed_by("aws:SourceArn"):
                yield (
                    f"`{TRUST}`: {statement} lets any resource of {service} assume the role. Add to its Condition "
                    '{"ArnLike": {"aws:SourceArn": "<ARNs of the resources it works for>"}}'
                )


def _values(conditions: object, key: str) -> Iterator[tuple[str, ...]]:
    if isinstance(conditions, dict):
        yield from (values for op, by_key in conditions.items() if op == "StringEquals" for k, values in by_key.items()
                    if k == key)  # fmt: skip


def _known_principals(resource: Resource, context: Context) -> Iterator[str]:
    for statement in allowed(resource, TRUST):
        yield from strangers(statement, context, TRUST)


def _named_roles(resource: Resource, context: Context) -> Iterator[str]:
    for statement in allowed(resource, TRUST):
        foreign = sorted(set(statement.accounts.values()) - {context.settings.account})
        if not foreign:
            continue
        if not statement.narrowed_by("aws:PrincipalArn"):
            yield (
                f"`{TRUST}`: {statement} lets everybody in account {', '.join(foreign)} assume the role; add to its "
                'Condition {"ArnEquals": {"aws:PrincipalArn": "<the role that may>"}}'
            )
        external_id = context.settings.external_id
        if external_id and (external_id,) not in _values(statement.conditions, "sts:externalid"):
            yield (
                f"`{TRUST}`: {statement} asks for no external id; add to its Condition "
                f'{{"StringEquals": {{"sts:ExternalId": "{external_id}"}}}}'
            )


RULES = (
    Rule(
        name="iam-confused-deputy",
        description="A service assumes a role for this account's resources only.",
        reads={ROLE: (TRUST,)},
        judge=_no_confused_deputy,
    ),
    Rule(
        name="iam-known-principals",
        description="No principal outside the platform's accounts assumes a role.",
        reads={ROLE: (TRUST,)},
        judge=_known_principals,
    ),
    Rule(
        name="iam-named-roles",
        description="Of another account, named roles alone assume a role.",
        reads={ROLE: (TRUST,)},
        judge=_named_roles,
    ),
)
