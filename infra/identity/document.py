"""IAM policy documents as values: statements that are complete before anything is deployed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
VERSION = "2012-10-17"


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement; ``principals`` only in trust and resource policies, ``resources`` in all but trust policies."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    principals: Mapping[str, str | Sequence[str]] | str | None = None
    conditions: Conditions = field(default_factory=dict)
    effect: str = "Allow"

    def as_dict(self) -> dict[str, object]:
        """The statement as IAM's JSON has it; a list of one is written as a string, which is how AWS returns it."""
        statement: dict[str, object] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals is not None:
            statement["Principal"] = (
                self.principals
                if isinstance(self.principals, str)
                else {kind: _one_or_many(who) for kind, who in self.principals.items()}
            )
        statement["Action"] = _one_or_many(self.actions)
        if self.resources:
            statement["Resource"] = _one_or_many(self.resources)
        if self.conditions:
            statement["Condition"] = {
                operator: {key: _one_or_many(value) for key, value in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return statement


def document(statements: Sequence[Statement]) -> str:
    """A policy document; raises ValueError when two statements share a Sid, which IAM refuses too."""
    sids = [statement.sid for statement in statements]
    repeated = {sid for sid in sids if sids.count(sid) > 1}
    if repeated:
        raise ValueError(f"a policy document has statements of one Sid: {', '.join(sorted(repeated))}")
    return json.dumps({"Version": VERSION, "Statement": [statement.as_dict() for statement in statements]})


def _one_or_many(values: str | Sequence[str]) -> str | list[str]:
    if isinstance(values, str):
        return values
    return values[0] if len(values) == 1 else list(values)
