"""Every rule of the pack."""

from __future__ import annotations

from policies import (
    completeness,
    detours,
    events,
    functions,
    iam,
    iam_trust,
    kms,
    logs,
    messaging,
    publishers,
    registry,
    s3,
    sagemaker,
    tags,
)
from policies.rule import Rule, StackRule

RULES: tuple[Rule, ...] = (
    *s3.RULES,
    *kms.RULES,
    *iam.RULES,
    *iam_trust.RULES,
    *sagemaker.RULES,
    *registry.RULES,
    *events.RULES,
    *messaging.RULES,
    *functions.RULES,
    *logs.RULES,
    *detours.RULES,
)
STACK_RULES: tuple[StackRule, ...] = (
    *completeness.STACK_RULES,
    *publishers.STACK_RULES,
    *functions.STACK_RULES,
    *logs.STACK_RULES,
    *tags.STACK_RULES,
)
NAMES = (*(rule.name for rule in RULES), *(rule.name for rule in STACK_RULES))
