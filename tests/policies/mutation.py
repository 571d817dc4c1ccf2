"""Single changes to a resource that a stack really declares: a change that finds nothing to change is an error."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from policies.rule import UNKNOWN, Resource

Edit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Mutation:
    """A rule, the resource that it is shown, what is changed, and what its message has to say."""

    rule: str
    stack: str
    type: str
    name: str
    edit: Edit
    says: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.says[:40]}"


def mutated(resource: Resource, edit: Edit) -> Resource:
    """The resource after the change, which must have changed something."""
    props = copy.deepcopy({key: value for key, value in resource.props.items() if not hasattr(value, "path")})
    before = copy.deepcopy(props)
    edit(props)
    assert props != before, "the mutation changes nothing"
    return replace(resource, props=props)


def put(path: str, value: Any) -> Edit:
    """Another value at a dotted path that is there."""

    def edit(props: dict[str, Any]) -> None:
        holder, last = _holder(props, path)
        assert last in holder, f"{path} is not there"
        holder[last] = value

    return edit


def drop(path: str) -> Edit:
    """Nothing at a dotted path that is there."""

    def edit(props: dict[str, Any]) -> None:
        holder, last = _holder(props, path)
        del holder[last]

    return edit


def add(path: str, value: Any) -> Edit:
    """A value where there is none."""

    def edit(props: dict[str, Any]) -> None:
        holder, last = _holder(props, path)
        assert last not in holder, f"{path} is there already"
        holder[last] = value

    return edit


def in_json(prop: str, edit: Callable[[Any], None]) -> Edit:
    """A change inside the JSON of a property."""

    def whole(props: dict[str, Any]) -> None:
        document = json.loads(props[prop])
        edit(document)
        props[prop] = json.dumps(document)

    return whole


def in_statement(prop: str, sid: str, edit: Callable[[dict[str, Any]], None]) -> Edit:
    """A change of one statement of a policy document."""
    return in_json(prop, lambda document: edit(next(s for s in document["Statement"] if s["Sid"] == sid)))


def without_statement(prop: str, sid: str) -> Edit:
    """A document that lacks a statement."""

    def edit(document: Any) -> None:
        kept = [s for s in document["Statement"] if s["Sid"] != sid]
        assert len(kept) < len(document["Statement"]), f"there is no statement {sid}"
        document["Statement"] = kept

    return in_json(prop, edit)


def in_step(name: str, edit: Callable[[dict[str, Any]], None]) -> Edit:
    """A change of the arguments of one step of a pipeline definition, wherever it is."""

    def whole(document: Any) -> None:
        edit(next(step for step in _steps(document["Steps"]) if step["Name"] == name)["Arguments"])

    return in_json("pipelineDefinition", whole)


def update(**values: Any) -> Callable[[dict[str, Any]], None]:
    """Other values in an object."""
    return lambda found: found.update(values)


def unknown(prop: str) -> Edit:
    """A property whose value a deployment must tell."""
    return lambda props: props.update({prop: UNKNOWN})


def _holder(props: Any, path: str) -> tuple[Any, Any]:
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        props = props[part]
    return props, last


def _steps(steps: list[Any]) -> Any:
    for step in steps:
        yield step
        if isinstance(step["Arguments"], dict):
            yield from _steps(step["Arguments"].get("IfSteps", []))
            yield from _steps(step["Arguments"].get("ElseSteps", []))
