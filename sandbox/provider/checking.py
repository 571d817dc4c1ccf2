"""Check: the program's inputs completed with defaults, tags and region, or what is wrong with them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Resource
from sandbox.provider.wire import UNKNOWN, Asset, Data, contains_unknown

Failure = tuple[str, str]


def check(resource: Resource, aws: Aws, name: str, old: Data, new: Data) -> tuple[Data, list[Failure]]:
    """The complete inputs, and the failures by property."""
    properties = resource.all_properties()
    failures = list(_failures(resource.pulumi_type, properties, new, resource.refused, ""))
    inputs = {key: value for key, value in new.items() if value is not None and not key.startswith("__")}
    for key, definition in properties.items():
        if key not in inputs and definition.default is not None:
            inputs[key] = definition.default
    if resource.name_property and resource.name_property not in inputs and "namePrefix" not in inputs:
        inputs[resource.name_property] = old.get(resource.name_property) or made_up_name(name)
    if resource.regional and "region" not in inputs:
        inputs["region"] = aws.region
    if resource.tagged:
        inputs["tagsAll"] = _merged_tags(aws, inputs.get("tags") or {})
    return inputs, failures


def made_up_name(logical_name: str) -> str:
    """A name as Pulumi makes it where the program gives none."""
    return f"{logical_name}-{secrets.token_hex(4)[:7]}"


def _merged_tags(aws: Aws, tags: Any) -> Any:
    if contains_unknown(tags):
        return UNKNOWN
    return {**aws.default_tags, **tags}


def _failures(token: str, fields: Fields, values: Data, refused: frozenset[str], path: str) -> Iterator[Failure]:
    for name, value in values.items():
        if name.startswith("__") or value is None:
            continue
        at = f"{path}{name}"
        definition = fields.get(name)
        if name in refused:
            yield at, f"the sandbox's AWS provider does not implement {name!r} of {token}"
        elif definition is None:
            yield at, f"{token} has no property {name!r} that the sandbox's AWS provider knows"
        elif definition.fields is not None:
            yield from _nested(token, definition.fields, value, at)
        elif definition.values and isinstance(value, str) and value not in definition.values:
            yield at, f"expected {name} to be one of {list(definition.values)}, got {value}"
    for name, definition in fields.items():
        if definition.required and values.get(name) is None:
            yield f"{path}{name}", f"Missing required property '{name}'"


def _nested(token: str, fields: Fields, value: Any, at: str) -> Iterator[Failure]:
    if isinstance(value, dict):
        yield from _failures(token, fields, value, frozenset(), f"{at}.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nested(token, fields, item, f"{at}[{index}]")
    elif value is not UNKNOWN and not isinstance(value, Asset):
        yield at, "expected an object"
