"""What differs in a resource, property by property, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlops.review import wording
from mlops.review.cost_basis import PIPELINE
from mlops.review.definition import differences
from mlops.review.model import ResourceChange

DEFINITION = "pipelineDefinition"
SAME_MEANING = "is written differently and means the same"
MISSING = object()
# Copies of other properties, or what a provider keeps for itself.
NOT_TOLD = ("tagsAll",)


def changed(change: ResourceChange) -> list[str]:
    """A line for each property that differs."""
    names = sorted({path.replace("[", ".").split(".")[0] for path in change.properties}) or sorted(
        name for name in change.old.keys() | change.new.keys() if change.old.get(name) != change.new.get(name)
    )
    told = [name for name in names if name not in NOT_TOLD] or names
    return [line for name in told for line in _of_property(change, name, change.old.get(name), change.new.get(name))]


def _of_property(change: ResourceChange, name: str, old: Any, new: Any) -> Iterator[str]:
    if change.type == PIPELINE and name == DEFINITION:
        yield from differences(old, new) or [f"{name} {SAME_MEANING}"]
        return
    before, after = _document(old), _document(new)
    if before == after and old != new:
        yield f"{name} {SAME_MEANING}"
        return
    yield from _differences(name, before, after)


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    old, new = _document(old), _document(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if "sha256" in old and "sha256" in new:
            if old["sha256"] != new["sha256"]:
                files = new.get("file") or wording.enumerate_some(new.get("files") or old.get("files") or [])
                digests = f"{wording.digest(old['sha256'])} → {wording.digest(new['sha256'])}"
                yield f"{path}{f' {files}' if files else ''} changed ({digests})"
            return
        for key in sorted(old.keys() | new.keys()):
            if old.get(key, MISSING) != new.get(key, MISSING):
                yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    elif _are_texts(old) and _are_texts(new):
        yield f"{path} {wording.sets(old, new)}"
    elif old != new:
        yield f"{path} {wording.change(old, new)}"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _document(value: Any) -> Any:
    """A JSON document as its content: how it is written is no difference."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
