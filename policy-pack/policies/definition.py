"""SageMaker pipeline definitions, the JSON inside a property: their steps, and the values behind parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.rule import Resource

PIPELINE = "aws:sagemaker/pipeline:Pipeline"
DEFINITION = "pipelineDefinition"
PARAMETERS = "Parameters."


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A definition's parameters by name, and its steps, those in branches included."""

    parameters: Mapping[str, Mapping[str, Any]]
    steps: tuple[Mapping[str, Any], ...]

    def value(self, given: Any) -> Any:
        """What is given, or the default of the parameter that it names."""
        if isinstance(given, Mapping) and str(given.get("Get", "")).startswith(PARAMETERS):
            return self.parameters.get(given["Get"].removeprefix(PARAMETERS), {}).get("DefaultValue")
        return given


def read(resource: Resource) -> Definition | None:
    """The definition of a pipeline; None where it is not in the property, unknown at this preview, or no definition."""
    if resource.is_unknown(DEFINITION):
        return None
    text = resource.get(DEFINITION)
    try:
        raw = json.loads(text) if isinstance(text, str) else None
    except json.JSONDecodeError:
        return None
    if not isinstance(raw, Mapping) or not isinstance(raw.get("Steps"), list):
        return None
    return Definition(
        parameters={parameter["Name"]: parameter for parameter in raw.get("Parameters", [])},
        steps=tuple(_steps(raw["Steps"])),
    )


def arguments(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """A step's arguments, without the steps of its branches."""
    found = step.get("Arguments") or {}
    return {key: value for key, value in found.items() if key not in ("IfSteps", "ElseSteps")}


def parts(value: Any, path: str = "") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every object inside a value: its path, its own name, itself."""
    if isinstance(value, Mapping):
        yield path, path.rsplit(".", maxsplit=1)[-1], value
        for key, item in value.items():
            yield from parts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from parts(item, f"{path}.{position}")


def _steps(steps: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        found = step.get("Arguments") or {}
        yield from _steps(found.get("IfSteps") or [])
        yield from _steps(found.get("ElseSteps") or [])
