"""JSON documents that mean the same, whatever their key order, spaces, and single values for lists of one."""

from __future__ import annotations

import json
import re
from typing import Any

_ACCOUNT = re.compile(r"\d{12}")


def same_json(old: Any, new: Any) -> bool:
    """Whether two JSON texts hold the same data."""
    return bool(_load(old) == _load(new))


def same_policy(old: Any, new: Any) -> bool:
    """Whether two IAM policy documents grant the same.

    AWS gives back lists of one as a value, accounts as their root's ARN, and statements in its own order.
    """
    return bool(_canonical(_load(old)) == _canonical(_load(new)))


def _load(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _canonical(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    rest = {name: value for name, value in document.items() if name not in ("Statement", "Id")}
    return {**rest, "Statement": sorted((_statement(statement) for statement in statements), key=json.dumps)}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    found: dict[str, Any] = {}
    for name, value in sorted(statement.items()):
        if name in ("Action", "NotAction"):
            found[name] = sorted({action.lower() for action in _list(value)})
        elif name in ("Resource", "NotResource"):
            found[name] = sorted(set(_list(value)))
        elif name in ("Principal", "NotPrincipal"):
            found[name] = _principal(value)
        elif name == "Condition":
            found[name] = _condition(value)
        else:
            found[name] = value
    return {name: value for name, value in found.items() if value not in ("", None)}


def _principal(value: Any) -> Any:
    if value == "*":
        return {"AWS": ["*"]}
    if not isinstance(value, dict):
        return value
    return {kind: sorted({_root(name) for name in _list(names)}) for kind, names in sorted(value.items())}


def _root(name: str) -> str:
    return f"arn:aws:iam::{name}:root" if _ACCOUNT.fullmatch(name) else name


def _condition(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        operator: {key.lower(): sorted(_text(item) for item in _list(values)) for key, values in sorted(keys.items())}
        for operator, keys in sorted(value.items())
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
