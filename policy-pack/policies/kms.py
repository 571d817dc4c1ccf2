"""Keys: they rotate, cannot be lost in a hurry, and other accounts use them only through named services."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import allowed
from policies.rule import Context, Resource, Rule
from policies.strangers import strangers, unsourced

KEY = "aws:kms/key:Key"
# "Adding the aws:SourceAccount, aws:SourceArn … is not supported for EventBridge-to-encrypted topics":
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
SERVICES_WITHOUT_SOURCE = ("events.amazonaws.com",)
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
LOG_GROUP_KEY = "kms:EncryptionContext:aws:logs:arn"


def _rotates(resource: Resource, _: Context) -> Iterator[str]:
    if resource.get("enableKeyRotation") is not True:
        yield "`enableKeyRotation` is not set, so the key never rotates; write true"


def _deletion_window(resource: Resource, context: Context) -> Iterator[str]:
    days, least = resource.get("deletionWindowInDays"), int(context.config["minimum_days"])
    if days is None or days < least:
        yield f"`deletionWindowInDays` is {days}; write at least {least}"


def _known_principals(resource: Resource, context: Context) -> Iterator[str]:
    if not resource.get("policy"):
        yield "`policy` is missing, so AWS writes one of its own; write the key's policy"
    for statement in allowed(resource):
        yield from strangers(statement, context, "policy")


def _via_service(resource: Resource, context: Context) -> Iterator[str]:
    for statement in allowed(resource):
        foreign = sorted(set(statement.accounts.values()) - {context.settings.account})
        if not foreign:
            continue
        if not statement.narrowed_by("kms:ViaService"):
            yield (
                f"`policy`: {statement} lets account {', '.join(foreign)} use the key in any way; add to its Condition "
                '{"StringEquals": {"kms:ViaService": "s3.<region>.amazonaws.com"}}'
            )
        if statement.covers("kms:PutKeyPolicy") or statement.covers("kms:ScheduleKeyDeletion"):
            yield f"`policy`: {statement} lets account {', '.join(foreign)} administer the key; write the uses it needs"


def _service_source(resource: Resource, _: Context) -> Iterator[str]:
    for statement in allowed(resource):
        yield from unsourced(statement, SERVICES_WITHOUT_SOURCE, LOG_GROUP_KEY)


RULES = (
    Rule(
        name="kms-rotation",
        description="Keys rotate.",
        reads={KEY: ("enableKeyRotation",)},
        judge=_rotates,
    ),
    Rule(
        name="kms-deletion-window",
        description="A key that is deleted by mistake can be saved.",
        reads={KEY: ("deletionWindowInDays",)},
        judge=_deletion_window,
        config={"minimum_days": {"type": "integer", "minimum": 7, "maximum": 30, "default": 30}},
    ),
    Rule(
        name="kms-known-principals",
        description="No principal outside the platform's accounts uses a key.",
        reads={KEY: ("policy",)},
        judge=_known_principals,
    ),
    Rule(
        name="kms-cross-account-via-service",
        description="Other accounts use a key through named services only.",
        reads={KEY: ("policy",)},
        judge=_via_service,
    ),
    Rule(
        name="kms-service-source",
        description="Services use a key for this account's resources only.",
        reads={KEY: ("policy",)},
        judge=_service_source,
    ),
)
