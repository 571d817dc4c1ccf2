"""A step's arguments, checked as a request of the API that the step calls."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from ml.lint.api import OPERATIONS, request_shape
from ml.lint.content import Json, is_expression
from ml.lint.form import ORDER_CONDITIONS
from ml.pipelines.target import stand_in

# Members that the service sets itself and refuses in a definition.
REFUSED = {"RegisterModel": frozenset({"ModelPackageName", "CertifyForMarketplace"})}
SHAPE_TYPES = {
    "string": frozenset({"String"}),
    "integer": frozenset({"Integer"}),
    "long": frozenset({"Integer"}),
    "float": frozenset({"Integer", "Float"}),
    "double": frozenset({"Integer", "Float"}),
    "boolean": frozenset({"Boolean"}),
}
SAMPLE = asdict(stand_in("us-east-1", "111122223333", "444455556666", "sample"))


def check_request(step: Json, parameters: Json) -> Iterator[str]:
    """Arguments as a request of the API that the step calls."""
    kind = step.get("Type", "")
    if kind not in OPERATIONS:
        if kind == "Condition":
            yield from check_condition_types(step, parameters)
        return
    operation, automatic_name, _ = OPERATIONS[kind]
    shape = request_shape(operation)
    arguments = step.get("Arguments", {})
    for member in sorted(REFUSED.get(kind, frozenset()) & arguments.keys()):
        yield f"{member} is set by the service: remove it"
    findings: list[str] = []
    request = resolve(arguments, shape, operation, parameters, findings)
    yield from findings
    if automatic_name in shape.members and automatic_name not in request:
        request[automatic_name] = "made-up-by-the-service"
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        yield from (f"{operation}: {line}" for line in report.generate_report().splitlines())


def check_condition_types(step: Json, parameters: Json) -> Iterator[str]:
    """An order needs numbers on both sides."""
    for condition in step.get("Arguments", {}).get("Conditions", []):
        if condition.get("Type") not in ORDER_CONDITIONS:
            continue
        for side in ("LeftValue", "RightValue"):
            value = condition.get(side)
            kind = parameter_type(value, parameters)
            if isinstance(value, str) or kind in ("String", "Boolean"):
                yield f"{condition['Type']} compares numbers; its {side} is a {kind or 'String'}"


def parameter_type(value: Any, parameters: Json) -> str | None:
    """Type of the parameter that an expression is; None where it is not one."""
    match = re.fullmatch(r"Parameters\.([\w-]+)", value.get("Get", "")) if is_expression(value) else None
    return parameters.get(match[1], {}).get("Type") if match else None


def resolve(value: Any, shape: Shape, place: str, parameters: Json, findings: list[str]) -> Any:
    """Replace expressions and placeholders by values that the API would take, and check literal text on the way."""
    if is_expression(value):
        kind = parameter_type(value, parameters)
        wanted = SHAPE_TYPES.get(shape.type_name)
        if wanted is None:
            findings.append(f"{place} wants a {shape.type_name}; an expression gives one value")
        elif kind is not None and kind not in wanted:
            findings.append(f"{place} wants a {shape.type_name}; the parameter {value['Get']} is a {kind}")
        return {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True}.get(shape.type_name, "s3://x/y")
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        return {
            name: resolve(member, shape.members[name], f"{place}.{name}", parameters, findings)
            if name in shape.members
            else member
            for name, member in value.items()
        }
    if isinstance(value, dict) and isinstance(shape, MapShape):
        return {
            fill(name): resolve(member, shape.value, f"{place}.{name}", parameters, findings)
            for name, member in value.items()
        }
    if isinstance(value, list) and isinstance(shape, ListShape):
        most = shape.metadata.get("max")
        if most is not None and len(value) > most:
            findings.append(f"{place} has {len(value)} members, more than {most}")
        return [resolve(member, shape.member, f"{place}[{n}]", parameters, findings) for n, member in enumerate(value)]
    if isinstance(value, str) and isinstance(shape, StringShape):
        findings.extend(check_string(fill(value), shape, place))
        return fill(value)
    return value


def fill(text: str) -> str:
    """The text with samples in place of its placeholders."""
    return re.sub(r"\$\{(\w+)\}", lambda match: SAMPLE.get(match[1], match[0]), text)


def check_string(text: str, shape: Shape, place: str) -> Iterator[str]:
    """Length, pattern and permitted values, which botocore's own validation leaves to the service."""
    most = shape.metadata.get("max")
    if most is not None and len(text) > most:
        yield f"{place} has {len(text)} characters, more than {most}: {text!r}"
    permitted = shape.metadata.get("enum")
    if permitted and text not in permitted:
        yield f"{place} is {text!r}, none of {', '.join(permitted)}"
    pattern = compile_pattern(shape.metadata.get("pattern", ""))
    if pattern is not None and not pattern.fullmatch(text):
        yield f"{place} is {text!r}, which does not match {pattern.pattern}"


@functools.cache
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """The API's pattern; None where it has none, or one that Python cannot read (they are Java's)."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None
