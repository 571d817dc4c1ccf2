"""Policy documents as sets of grants, so that two are compared by what they allow and not by how they are written.

A grant lets one principal do one action on one resource under conditions. Covering is judged by patterns and by whether
conditions are no stricter; where that cannot be told, a grant counts as not covered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ALLOW, DENY = "Allow", "Deny"
Condition = tuple[str, str, frozenset[str]]  # operator, key, values


@dataclass(frozen=True)
class Grant:
    """One principal, action and resource of a statement; an identity's own policies name no principal."""

    effect: str
    principal: str
    action: str
    resource: str
    conditions: frozenset[Condition]
    sid: str

    def reaches(self, other: Grant) -> bool:
        """Whether this speaks of everything that the other speaks of, conditions aside."""
        return (
            matches(self.principal, other.principal)
            and matches(self.action.lower(), other.action.lower())
            and matches(self.resource, other.resource)
        )

    def covers(self, other: Grant) -> bool:
        """Whether whatever falls under the other falls under this."""
        return self.reaches(other) and all(_holds_for(one, other.conditions) for one in self.conditions)


def matches(pattern: str, text: str) -> bool:
    """Whether an IAM pattern covers a text, which may be a pattern itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return pattern in ("*", text) or bool(_compiled(pattern).fullmatch(text))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


def read(text: Any) -> list[Grant] | None:
    """The grants of a document; none for no document, None for one that cannot be read."""
    if not text:
        return []
    try:
        document = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    if not isinstance(document, Mapping):
        return None
    statements = _many(document.get("Statement"))
    return [
        grant for number, one in enumerate(statements, 1) if isinstance(one, Mapping) for grant in _grants(one, number)
    ]


def not_covered(these: Iterable[Grant], by: Iterable[Grant]) -> list[Grant]:
    """Those grants that no single other one covers."""
    others = list(by)
    return [one for one in these if not any(other.effect == one.effect and other.covers(one) for other in others)]


def _grants(statement: Mapping[str, Any], number: int) -> Iterator[Grant]:
    conditions = frozenset(
        (operator, key, frozenset(map(str, _many(values))))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, values in keys.items()
    )
    sid = str(statement.get("Sid") or f"number {number}")
    for principal in _element(statement, "Principal", _principals):
        for action in _element(statement, "Action", _texts):
            for resource in _element(statement, "Resource", _texts):
                yield Grant(str(statement.get("Effect")), principal, action, resource, conditions, sid)


def _element(statement: Mapping[str, Any], name: str, read_element: Any) -> list[str]:
    """The values of an element; of its negation, one value that says what is left out."""
    if f"Not{name}" in statement:
        return [f"all but {', '.join(sorted(read_element(statement[f'Not{name}'])))}"]
    return list(read_element(statement[name])) if name in statement else [""]


def _texts(value: Any) -> list[str]:
    return sorted({str(one) for one in _many(value)})


def _principals(value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return _texts(value)
    return [
        "*" if (kind, one) == ("AWS", "*") else one if kind in ("AWS", "Service") else f"{kind} {one}"
        for kind, named in sorted(value.items())
        for one in _texts(named)
    ]


def _holds_for(condition: Condition, others: frozenset[Condition]) -> bool:
    """Whether every request under the other conditions meets this one."""
    operator, key, values = condition
    for other, other_key, other_values in others:
        if (other, other_key) == (operator, key):
            return other_values >= values if "Not" in operator else other_values <= values
    return False


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
