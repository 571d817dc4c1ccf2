"""How values and lists are written in a report: short, in words, on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

VALUE_LENGTH = 60
DIGEST_LENGTH = 4
IN_COMMON = 12
KMS_KEY = re.compile(r"^arn:[^:]+:kms:[^:]+:(\d+):key/([0-9a-f]{4})[0-9a-f-]{32}$")
ABSENT = "nothing"


def shorten(text: str, length: int = VALUE_LENGTH) -> str:
    """The text on one line, its middle left out where it is longer: both ends of an ARN or URI tell it apart."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    head = (length - 1) // 2
    return f"{line[:head]}…{line[head + 1 - length :]}"


def digest(text: str) -> str:
    """The first digits of a digest."""
    return f"{text[:DIGEST_LENGTH]}…"


def value(given: Any) -> str:
    """A value of a resource or of a pipeline definition."""
    return shorten(in_full(given))


def in_full(given: Any) -> str:
    """As :func:`value`, however long."""
    if given is None or given in ("", {}, []):
        return ABSENT
    if isinstance(given, Mapping):
        return _expression(given)
    if isinstance(given, str):
        return KMS_KEY.sub(r"key \2… of \1", given)
    if isinstance(given, bool):
        return "on" if given else "off"
    return f"{given:g}" if isinstance(given, float) else json.dumps(given, sort_keys=True, ensure_ascii=False)


def _expression(given: Mapping[str, Any]) -> str:
    """What a pipeline definition computes when it runs; any other structure as JSON."""
    match given:
        case {"Get": str(reference), **rest} if not rest:
            return reference_in_words(reference)
        case {"Std:Join": {"On": str(separator), "Values": list(values)}}:
            return separator.join(in_full(one) for one in values)
        case {"Std:JsonGet": {"Path": path, "PropertyFile": file}}:
            return f"{path} of {in_full(file)}"
    return json.dumps(given, sort_keys=True, ensure_ascii=False)


def reference_in_words(reference: str) -> str:
    """What ``Get`` refers to in a pipeline definition: a parameter, a property of a step, or the execution."""
    kind, _, rest = reference.partition(".")
    if kind == "Parameters":
        return f"parameter {rest}"
    if kind == "Steps":
        step, _, path = rest.partition(".")
        return f"{step}'s {path.removeprefix('PropertyFiles.')}"
    return f"{{{reference}}}"


def change(old: Any, new: Any, length: int = VALUE_LENGTH) -> str:
    """Both sides of a difference; of long values, from where they differ."""
    before, after = (shorten(in_full(side), length) for side in (old, new))
    if before == ABSENT:
        return f"set to {after}"
    if after == ABSENT:
        return f"removed, was {before}"
    if before == in_full(old) and after == in_full(new):
        return f"{before} → {after}"
    # Of long values, what they have in common is known well enough from its end.
    left, right = " ".join(in_full(old).split()), " ".join(in_full(new).split())
    pairs = enumerate(zip(left, right, strict=False))
    start = max(0, next((at for at, (one, other) in pairs if one != other), min(len(left), len(right))) - IN_COMMON)
    cut = "…" if start else ""
    return f"{cut}{shorten(left[start:], length)} → {cut}{shorten(right[start:], length)}"


def sets(old: Collection[str], new: Collection[str]) -> str:
    """What a set gained and lost, or that only its order changed."""
    gained, lost = [one for one in new if one not in old], [one for one in old if one not in new]
    parts = [f"gains {enumerate_some(gained)}"] if gained else []
    parts += [f"loses {enumerate_some(lost)}"] if lost else []
    return ", ".join(parts) or "in another order"


def enumerate_some(names: Sequence[str], most: int = 6) -> str:
    """Names with commas; of many, the first ones and how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def counted(count: int, thing: str, plural: str | None = None) -> str:
    """``1 resource``, ``2 resources``."""
    return f"{count} {thing if count == 1 else plural or thing + 's'}"
