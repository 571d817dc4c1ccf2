"""IAM policy documents as rules read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from policies.rule import Resource

ACCOUNT = re.compile(r"^(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::.*)?$")
NARROWING = re.compile(r"^(ForAnyValue:)?(StringEquals|StringLike|ArnEquals|ArnLike|StringEqualsIgnoreCase)$")
DOCUMENT = "policy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement; principals are ``kind:who``, ``*`` alone is everybody; condition keys are in lower case."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]

    def principals_of(self, kind: str) -> tuple[str, ...]:
        """The principals of a kind: AWS, Service."""
        return tuple(who.removeprefix(f"{kind}:") for who in self.principals if who.startswith(f"{kind}:"))

    @property
    def accounts(self) -> dict[str, str]:
        """Account ids of AWS principals by principal; what is no account (``*``, a canonical user) is itself."""
        found = {who: ACCOUNT.match(who) for who in self.principals_of("AWS")}
        return {who: match[1] if match else who for who, match in found.items()}

    @property
    def is_for_everybody(self) -> bool:
        """Whether the principal is ``*``."""
        return "*" in self.principals or "AWS:*" in self.principals

    def narrowed_by(self, *keys: str) -> bool:
        """Whether a condition that must hold names values for one of the keys, none of them a mere wildcard."""
        return any(
            values and all(value.strip("*?") for value in values)
            for operator, by_key in self.conditions.items()
            if NARROWING.match(operator)
            for key, values in by_key.items()
            if key in {one.lower() for one in keys}
        )

    def covers(self, action: str) -> bool:
        """Whether an action is among the statement's."""
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)

    def is_about(self, end: str) -> bool:
        """Whether one of its resources ends so, or is every resource."""
        return any(resource == "*" or resource.endswith(end) for resource in self.resources)

    def __str__(self) -> str:
        return self.sid or f"the statement on {', '.join(self.actions)}"


def statements(resource: Resource, path: str = DOCUMENT) -> Iterator[Statement]:
    """The statements of a document in a property; none where there is no document or it is no JSON."""
    text = resource.get(path)
    try:
        document = json.loads(text) if isinstance(text, str) else text
    except json.JSONDecodeError:
        return
    if isinstance(document, Mapping):
        yield from (_statement(raw) for raw in _many(document.get("Statement")) if isinstance(raw, Mapping))


def allowed(resource: Resource, path: str = DOCUMENT) -> Iterator[Statement]:
    """The statements that allow."""
    return (statement for statement in statements(resource, path) if statement.allows)


def denies_plain_transport(resource: Resource, actions: tuple[str, ...], ends: tuple[str, ...] = ("",)) -> bool:
    """Whether everybody is refused these actions when the request is not over TLS, on resources with these endings."""
    return any(
        not statement.allows
        and statement.is_for_everybody
        and all(statement.covers(action) for action in actions)
        and all(statement.is_about(end) for end in ends)
        and statement.conditions == {"Bool": {"aws:securetransport": ("false",)}}
        for statement in statements(resource)
    )


def _statement(raw: Mapping[str, Any]) -> Statement:
    allows = raw.get("Effect") != "Deny"
    # What is named by exception: an Allow may mean anything, and a Deny must not be relied on.
    anything = ("*",) if allows else ()
    return Statement(
        sid=str(raw.get("Sid", "")),
        allows=allows,
        actions=anything if "NotAction" in raw else tuple(map(str, _many(raw.get("Action")))),
        resources=anything if "NotResource" in raw else tuple(map(str, _many(raw.get("Resource")))),
        principals=anything if "NotPrincipal" in raw else tuple(_principals(raw.get("Principal"))),
        conditions={
            operator: {key.lower(): tuple(map(str, _many(values))) for key, values in by_key.items()}
            for operator, by_key in (raw.get("Condition") or {}).items()
        },
    )


def _principals(raw: Any) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        yield from (f"{kind}:{who}" for kind, named in raw.items() for who in _many(named))


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
