"""Rules of the definition as a whole: its size, its parameters, its text, the order of its steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ml.lint.api import request_shape
from ml.lint.content import Json, is_expression, own_expressions, walk, walk_steps
from ml.pipelines.target import PLACEHOLDERS

PARAMETER_TYPES: dict[str, type | tuple[type, ...]] = {
    "String": str,
    "Integer": int,
    "Float": (int, float),
    "Boolean": bool,
}

Branch = tuple[tuple[str, str], ...]


def check_document(definition: Json, steps: list[Json]) -> Iterator[str]:
    """Version, size, and step names that are unique."""
    if definition.get("Version") != "2020-12-01":
        yield f"Version is {definition.get('Version')!r}: write 2020-12-01, the only one"
    if not steps:
        yield "Steps is empty"
    names = [step.get("Name") for step in steps]
    yield from (
        f"{name}: two steps have this name" for name in sorted({n for n in names if names.count(n) > 1}, key=str)
    )
    limit = request_shape("CreatePipeline").members["PipelineDefinition"].metadata["max"]
    size = len(json.dumps(definition))
    if size > limit:
        yield f"the definition has {size} bytes, more than the {limit} that CreatePipeline takes"


def check_parameters(definition: Json) -> Iterator[str]:
    """Names, types, defaults, and that each parameter is used."""
    parameters = definition.get("Parameters", [])
    names = [parameter.get("Name") for parameter in parameters]
    used = {value["Get"] for value in walk(definition.get("Steps", [])) if is_expression(value) and "Get" in value}
    for parameter in parameters:
        name, kind = parameter.get("Name"), parameter.get("Type")
        if names.count(name) > 1:
            yield f"parameter {name} is declared twice"
        if kind not in PARAMETER_TYPES:
            yield f"parameter {name} has type {kind!r}: write one of {', '.join(PARAMETER_TYPES)}"
            continue
        default = parameter.get("DefaultValue")
        if default is not None and (
            not isinstance(default, PARAMETER_TYPES[kind]) or (kind != "Boolean" and isinstance(default, bool))
        ):
            yield f"parameter {name} is a {kind}, its default {default!r} is not"
        if "EnumValues" in parameter and default not in (None, *parameter["EnumValues"]):
            yield f"parameter {name} has a default {default!r} that its EnumValues do not permit"
        if f"Parameters.{name}" not in used:
            yield f"parameter {name} is declared and never used"


def check_text(definition: Json) -> Iterator[str]:
    """Nulls, placeholders that nobody fills, and values of an account that are no placeholders."""
    for value in walk(definition):
        if value is None:
            yield "a member is null: leave it out"
        if not isinstance(value, str):
            continue
        for placeholder in re.findall(r"\$\{([^}]*)\}?", value):
            if placeholder not in PLACEHOLDERS:
                known = ", ".join(sorted(PLACEHOLDERS))
                yield f"{value!r} has the placeholder {placeholder!r}, which nothing fills; known are {known}"
        literal = re.sub(r"\$\{[^}]*\}", "", value)
        if re.search(r"arn:aws|(?<!\d)\d{12}(?!\d)|\.amazonaws\.com", literal):
            yield f"{value!r} belongs to one account or region: use a placeholder"
        if re.match(r"s3://(?!\$\{)", value):
            yield f"{value!r} names a bucket: use a placeholder"


def check_cycles(steps: list[Json]) -> Iterator[str]:
    """Steps that wait for themselves."""
    needs = {step.get("Name", ""): referenced_steps(step) for step in steps}

    def reaches(start: str, name: str, seen: set[str]) -> bool:
        for other in needs.get(name, ()):
            if other == start or (other not in seen and reaches(start, other, seen | {other})):
                return True
        return False

    yield from (f"{name}: waits for itself" for name in sorted(needs) if reaches(name, name, set()))


def check_branches(steps: list[Json]) -> Iterator[str]:
    """Steps that need what may never run: a step of a branch that is not around them."""
    branches = dict(_branches(steps, ()))
    for step in walk_steps(steps):
        here = branches.get(step.get("Name", ""), ())
        for name in sorted(referenced_steps(step)):
            there = branches.get(name, ())
            if here[: len(there)] != there:
                yield f"{step.get('Name')}: needs {name}, which runs only in {there[-1][1]} of {there[-1][0]}"


def _branches(steps: list[Json], around: Branch) -> Iterator[tuple[str, Branch]]:
    """Name of each step, and the conditions and their branches that it is in, the outermost first."""
    for step in steps:
        yield step.get("Name", ""), around
        if step.get("Type") == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                inner = step.get("Arguments", {}).get(branch, [])
                yield from _branches(inner, (*around, (step.get("Name", ""), branch)))


def referenced_steps(step: Json) -> set[str]:
    """Names of the steps that must end before this one starts."""
    found = {name for name in step.get("DependsOn", []) if isinstance(name, str)}
    for value in own_expressions(step):
        if is_expression(value) and str(value.get("Get", "")).startswith("Steps."):
            found.add(value["Get"].split(".")[1])
    return found
