"""A definition as JSON, and how to walk through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
SUPPLIED_BASELINES = ("SuppliedBaselineStatistics", "SuppliedBaselineConstraints")


def walk_steps(steps: list[Json]) -> Iterator[Json]:
    """Steps in order, each condition's branches after it."""
    for step in steps:
        yield step
        if step.get("Type") == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                yield from walk_steps(step.get("Arguments", {}).get(branch, []))


def walk(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(member)


def is_expression(value: Any) -> bool:
    """Whether the value is computed when the pipeline runs."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("Get", "Std:Join", "Std:JsonGet")


def own_arguments(step: Json) -> Json:
    """A step's arguments without the steps in a condition's branches, which are checked as themselves."""
    return {name: value for name, value in step.get("Arguments", {}).items() if name not in ("IfSteps", "ElseSteps")}


def own_expressions(step: Json) -> Iterator[Any]:
    """Everything in a step's arguments and in the members beside them that may hold expressions."""
    yield from walk(own_arguments(step))
    yield from walk({name: step[name] for name in ("FunctionArn", *SUPPLIED_BASELINES) if name in step})


def get_path(value: Any, path: str) -> Any:
    """Member at a dotted path; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def output_names(step: Json) -> list[str]:
    """Names of a processing step's outputs."""
    outputs = get_path(step, "Arguments.ProcessingOutputConfig.Outputs") or []
    return [output.get("OutputName", "") for output in outputs]
