"""Model package groups: no stranger reads them, and nobody but the registry's own account approves."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import allowed
from policies.rule import Context, Resource, Rule
from policies.sagemaker import PENDING
from policies.strangers import strangers

GROUP_POLICY = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"
DOCUMENT = "resourcePolicy"
READS = {GROUP_POLICY: (DOCUMENT,)}
STATUS_KEY = "sagemaker:modelapprovalstatus"
# Who may do one of these decides what prod runs.
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
DECISIONS = (
    "sagemaker:UpdateModelPackage",
    "sagemaker:DeleteModelPackage",
    "sagemaker:PutModelPackageGroupPolicy",
    "sagemaker:DeleteModelPackageGroupPolicy",
    "sagemaker:DeleteModelPackageGroup",
)


def _known_principals(resource: Resource, context: Context) -> Iterator[str]:
    for statement in allowed(resource, DOCUMENT):
        yield from strangers(statement, context, DOCUMENT)


def _registry_approves(resource: Resource, context: Context) -> Iterator[str]:
    # The replaced system lets dev and prod approve, which `permissions: managed` asks for.
    if context.settings.is_managed:
        return
    registry = context.settings.accounts.get("registry")
    for statement in allowed(resource, DOCUMENT):
        others = sorted(set(statement.accounts.values()) - {registry})
        if not others:
            continue
        for action in DECISIONS:
            if statement.covers(action):
                yield f"`{DOCUMENT}`: {statement} lets account {', '.join(others)} do {action}; remove the action"
        pending = any(by_key.get(STATUS_KEY) == (PENDING,) for by_key in statement.conditions.values())
        if statement.covers("sagemaker:CreateModelPackage") and not pending:
            yield (
                f"`{DOCUMENT}`: {statement} lets account {', '.join(others)} register approved versions; add to its "
                f'Condition {{"StringEquals": {{"sagemaker:ModelApprovalStatus": "{PENDING}"}}}}'
            )


RULES = (
    Rule(
        name="registry-known-principals",
        description="No principal outside the platform's accounts reaches a model package group.",
        reads=READS,
        judge=_known_principals,
    ),
    Rule(
        name="registry-approves",
        description="Nobody but the registry's account approves a version.",
        reads=READS,
        judge=_registry_approves,
    ),
)
