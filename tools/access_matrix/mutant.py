"""Mutants of a document: each statement, action, resource, principal and condition dropped or widened in turn."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Statement = dict[str, Any]
# The operator under which a widened value is a pattern.
PATTERNS = {"StringEquals": "StringLike", "ForAnyValue:StringEquals": "ForAnyValue:StringLike", "ArnEquals": "ArnLike"}
ANY_OF_SERVICE = "arn:*:{service}:*:*:*"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one statement; ``changed`` is None where the statement is dropped."""

    document: str
    position: int
    what: str
    original: Statement
    changed: Statement | None
    # What the change is about, where that is less than the statement.
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """The mutant as people know it."""
        return f"{self.document}#{self.original['Sid']}: {self.what}"

    def policy(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with the change."""
        statements = list(document["Statement"])
        statements[self.position : self.position + 1] = [self.changed] if self.changed else []
        return {**document, "Statement": statements}


def mutants(name: str, document: dict[str, Any]) -> Iterator[Mutant]:
    """Every mutant of a document."""
    for position, statement in enumerate(document["Statement"]):
        for what, changed, about in _changes(statement):
            yield Mutant(document=name, position=position, what=what, original=statement, changed=changed, **about)


def listed(value: Any) -> list[Any]:
    """A value of a document that may be one or a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _changes(statement: Statement) -> Iterator[tuple[str, Statement | None, dict[str, Any]]]:
    yield "drop the statement", None, {}
    actions, resources = listed(statement["Action"]), listed(statement.get("Resource"))
    for action in actions if len(actions) > 1 else []:
        rest = [other for other in actions if other != action]
        yield f"drop {action}", {**statement, "Action": rest}, {"actions": (action,)}
    for service in sorted({action.split(":")[0] for action in actions}):
        if f"{service}:*" not in actions:
            wide = f"{service}:*"
            yield f"widen the actions to {wide}", {**statement, "Action": [*actions, wide]}, {"actions": (wide,)}
    for resource in resources if len(resources) > 1 else []:
        rest = [other for other in resources if other != resource]
        yield f"drop {resource}", {**statement, "Resource": rest}, {"resources": (resource,)}
    if resources and "*" not in resources:
        yield "widen the resources to *", {**statement, "Resource": "*"}, {"resources": ("*",)}
    for what, changed in (*_principals(statement), *_conditions(statement)):
        yield what, changed, {}


def _principals(statement: Statement) -> Iterator[tuple[str, Statement]]:
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return
    for kind, values in principal.items():
        yield f"widen {kind} to *", {**statement, "Principal": "*"}
        for value in listed(values) if len(listed(values)) > 1 else []:
            rest = [other for other in listed(values) if other != value]
            yield f"drop {value}", {**statement, "Principal": {**principal, kind: rest}}


def _conditions(statement: Statement) -> Iterator[tuple[str, Statement]]:
    conditions = statement.get("Condition", {})
    if sum(len(keys) for keys in conditions.values()) > 1:
        yield "drop every condition", {key: value for key, value in statement.items() if key != "Condition"}
    for operator, keys in conditions.items():
        for key, values in keys.items():
            yield f"drop {operator} {key}", _without(statement, operator, key)
            for value in listed(values) if len(listed(values)) > 1 else []:
                changed = _without(statement, operator, key)
                rest = [other for other in listed(values) if other != value]
                changed.setdefault("Condition", {}).setdefault(operator, {})[key] = rest
                yield f"drop {value} of {key}", changed
            wide = _wide(operator, listed(values))
            if wide:
                changed = _without(statement, operator, key)
                changed.setdefault("Condition", {}).setdefault(wide[0], {})[key] = wide[1]
                yield f"widen {key} to {wide[1]}", changed


def _wide(operator: str, values: list[str]) -> tuple[str, str] | None:
    if operator in ("Bool", "Null"):
        return operator, "false" if values == ["true"] else "true"
    if operator.startswith("Arn"):
        return PATTERNS.get(operator, operator), ANY_OF_SERVICE.format(service=values[0].split(":")[2])
    if operator.removeprefix("ForAnyValue:").startswith("String") and "Not" not in operator:
        return PATTERNS.get(operator, operator), "*"
    return None


def _without(statement: Statement, operator: str, key: str) -> Statement:
    changed = copy.deepcopy(statement)
    del changed["Condition"][operator][key]
    if not changed["Condition"][operator]:
        del changed["Condition"][operator]
    if not changed["Condition"]:
        del changed["Condition"]
    return changed
