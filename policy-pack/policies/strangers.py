"""Whom a resource policy must not let in: strangers to the platform, and services that act for anybody."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import Statement
from policies.rule import Context


def strangers(statement: Statement, context: Context, path: str) -> Iterator[str]:
    """A message for each principal that a statement should not let in."""
    if statement.is_for_everybody:
        yield f"`{path}`: {statement} lets everybody in; name an account of the platform as its principal"
        return
    known = set(context.settings.accounts.values())
    for principal, account in statement.accounts.items():
        if account not in known:
            yield (
                f"`{path}`: {statement} lets {principal} in, which is no account of the platform; remove it, or add "
                "the account to model-promotion:settings"
            )
    for kind in ("Federated", "CanonicalUser"):
        for principal in statement.principals_of(kind):
            yield f"`{path}`: {statement} lets the {kind} principal {principal} in; name an account of the platform"


def unsourced(statement: Statement, without_source: tuple[str, ...], *source_keys: str) -> Iterator[str]:
    """A message for each service that a statement lets in for anybody's resources, beyond those that send no source."""
    keys = ("aws:SourceAccount", "aws:SourceArn", *source_keys)
    for service in statement.principals_of("Service"):
        if service not in without_source and not statement.narrowed_by(*keys):
            yield (
                f"`policy`: {statement} lets {service} in for anybody's resources; add a Condition on "
                "aws:SourceAccount or aws:SourceArn"
            )
