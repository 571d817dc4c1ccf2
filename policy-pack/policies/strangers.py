"""Who is a stranger to a resource policy: everybody, and accounts that the stack's settings do not name."""

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
