"""What roles may do: named actions on named resources, within the boundary."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import allowed
from policies.rule import Context, Level, Resource, Rule
from policies.wildcard_only import WILDCARD_ONLY

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
DOCUMENTS = {ROLE_POLICY: ("policy",), POLICY: ("policy",)}
# The managed policies that give whole services away: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/
BROAD = ("FullAccess", "AdministratorAccess", "PowerUserAccess")


def _actions(resource: Resource, _: Context) -> Iterator[str]:
    for statement in allowed(resource):
        for action in statement.actions:
            if action.rpartition(":")[2].strip("*?") == "":
                yield f"`policy`: {statement} allows {action}; name the actions"


def _resources(resource: Resource, _: Context) -> Iterator[str]:
    for statement in allowed(resource):
        if not any(_is_everything(arn) for arn in statement.resources):
            continue
        for action in statement.actions:
            if action not in WILDCARD_ONLY:
                yield (
                    f"`policy`: {statement} allows {action} on every resource; write ARNs, or, where AWS knows none "
                    "for the action, its reason in policies/wildcard_only.py"
                )


def _is_everything(arn: str) -> bool:
    """Whether an ARN's last part, the resource, is nothing but wildcards."""
    return arn.split(":", 5)[-1].strip("*?/:") == ""


def _pass_role(resource: Resource, _: Context) -> Iterator[str]:
    for statement in allowed(resource):
        if statement.covers("iam:PassRole") and not statement.narrowed_by("iam:PassedToService"):
            yield (
                f"`policy`: {statement} gives roles to any service; add to its Condition "
                '{"StringEquals": {"iam:PassedToService": "<service>.amazonaws.com"}}'
            )


def _managed_policies(resource: Resource) -> list[str]:
    named = [resource.get("policyArn")] if resource.type == ATTACHMENT else resource.get("managedPolicyArns") or []
    return [str(arn) for arn in named if f"{arn}".rsplit("/", maxsplit=1)[-1].endswith(BROAD)]


def _no_full_access(resource: Resource, context: Context) -> Iterator[str]:
    if not context.settings.is_managed:
        for arn in _managed_policies(resource):
            yield (
                f"{arn} gives a whole service away; write an inline policy with the actions that are needed, or "
                "`permissions: managed` in the stack's settings"
            )


def _tells_full_access(resource: Resource, context: Context) -> Iterator[str]:
    if context.settings.is_managed:
        for arn in _managed_policies(resource):
            yield f"{arn} is attached, because the stack's settings say `permissions: managed`"


def _boundary(resource: Resource, context: Context) -> Iterator[str]:
    wanted = context.settings.permissions_boundary
    if wanted and resource.get("permissionsBoundary") != wanted:
        yield (
            f"`permissionsBoundary` is {resource.get('permissionsBoundary')}; write {wanted}, which the stack's "
            "settings ask for"
        )


RULES = (
    Rule(
        name="iam-named-actions",
        description="Roles are allowed actions, not whole services.",
        reads=DOCUMENTS,
        judge=_actions,
    ),
    Rule(
        name="iam-named-resources",
        description="Roles are allowed actions on named resources.",
        reads=DOCUMENTS,
        judge=_resources,
    ),
    Rule(
        name="iam-pass-role-to-service",
        description="A role is given to the service it is made for.",
        reads=DOCUMENTS,
        judge=_pass_role,
    ),
    Rule(
        name="iam-no-full-access",
        description="No AWS managed policy gives a whole service away, unless the settings say `permissions: managed`.",
        reads={ATTACHMENT: ("policyArn",), ROLE: ("managedPolicyArns",)},
        judge=_no_full_access,
    ),
    Rule(
        name="iam-permissions-managed",
        description="`permissions: managed` gives whole services away.",
        reads={ATTACHMENT: ("policyArn",), ROLE: ("managedPolicyArns",)},
        judge=_tells_full_access,
        level=Level.ADVISORY,
    ),
    Rule(
        name="iam-permissions-boundary",
        description="Every role has the boundary that the settings name.",
        reads={ROLE: ("permissionsBoundary",)},
        judge=_boundary,
    ),
)
