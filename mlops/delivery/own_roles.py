"""The roles that Jenkins works under: a deployment may not change them, so a change of them comes before it."""

from __future__ import annotations

from mlops.review.model import IMPORT, SAME, StackReview

# The logical names of what `mlops bootstrap` makes and the stacks adopt (ADR 3, ADR 12).
OWN = ("deployment-role", "preview-role")


def outdated_roles(review: StackReview) -> str | None:
    """What to do where a plan would change Jenkins' own roles, which AWS would refuse half-way; else None."""
    found = [
        change.name
        for change in review.changes
        if change.operation not in (IMPORT, SAME) and change.type.startswith("aws:iam/") and change.name.startswith(OWN)
    ]
    if not found:
        return None
    return (
        f"this changes {', '.join(found)}, which no deployment may: an administrator runs `mlops bootstrap` with this "
        "commit, then main is built with action=recover, which reads them again, and then main"
    )
