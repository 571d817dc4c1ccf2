"""SageMaker's API model as botocore ships it: requests are checked against it and answers are cut to it."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker import aws
from sandbox.sagemaker.state import Document

# (value, shape, path) -> True when the value stands for something that only the execution will know.
Placeholder = Callable[[Any, Any, str], bool]


@functools.cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """The model's pattern for Python; None for the few that use Java syntax which Python lacks."""
    # CustomerMetadataKey's pattern repeats the end anchor; its length limits say the same.
    text = re.sub(r"\$\{\d+,\d+\}$", "", text)
    if r"\p{" in text and r"\p{P}" in text:
        return re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]*")
    text = text.replace(r"\p{L}\p{Z}\p{N}_", r"\w\s").replace(r"\p{Alnum}", "a-zA-Z0-9")
    try:
        return re.compile(text)
    except re.error:
        return None


def camel(name: str) -> str:
    """A member as AWS names it in a validation message: ``modelPackageGroupName``."""
    return name[:1].lower() + name[1:]


class Api:
    """Operations and shapes of SageMaker."""

    def __init__(self) -> None:
        self.model = aws.service_model("sagemaker")
        self.operations = frozenset(self.model.operation_names)

    def input_shape(self, operation: str) -> Any:
        """The shape of an operation's request."""
        return self.model.operation_model(operation).input_shape

    def output_shape(self, operation: str) -> Any:
        """The shape of an operation's answer."""
        return self.model.operation_model(operation).output_shape

    def check(self, operation: str, parameters: Document) -> None:
        """Raise ``ValidationException`` in AWS's wording when a request breaks the model."""
        found = violations(self.input_shape(operation), parameters)
        if found:
            plural = "s" if len(found) > 1 else ""
            raise ServiceError(
                "ValidationException", f"{len(found)} validation error{plural} detected: {'; '.join(found)}"
            )

    def answer(self, operation: str, document: Document) -> Document:
        """The members of a document that an operation's answer has."""
        return _cut(document, self.output_shape(operation).members)

    def summaries(self, operation: str, member: str, documents: list[Document]) -> list[Document]:
        """Documents cut to the summary shape in an operation's answer."""
        members = self.output_shape(operation).members[member].member.members
        return [_cut(document, members) for document in documents]


def _cut(document: Document, members: Document) -> Document:
    return {name: document[name] for name in members if document.get(name) is not None}


def violations(shape: Any, value: Any, path: str = "", placeholder: Placeholder | None = None) -> list[str]:
    """Each way in which a value breaks its shape, worded as AWS words it."""
    if placeholder is not None and placeholder(value, shape, path):
        return []
    check = _CHECKS.get(shape.type_name)
    return check(shape, value, path, placeholder) if check else []


def _failed(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}"


def _structure(shape: Any, value: Any, path: str, placeholder: Placeholder | None) -> list[str]:
    if not isinstance(value, dict):
        return [_failed(value, path, "be a structure")]
    dot = f"{path}." if path else ""
    found = [f"Unknown parameter '{dot}{camel(name)}'" for name in value if name not in shape.members]
    found += [
        _failed(None, dot + camel(name), "not be null") for name in shape.required_members if value.get(name) is None
    ]
    for name, member in value.items():
        if name in shape.members and member is not None:
            found += violations(shape.members[name], member, dot + camel(name), placeholder)
    return found


def _list(shape: Any, value: Any, path: str, placeholder: Placeholder | None) -> list[str]:
    if not isinstance(value, list):
        return [_failed(value, path, "be a list")]
    found = _length(shape, len(value), value, path)
    for index, member in enumerate(value, 1):
        found += violations(shape.member, member, f"{path}.{index}.member", placeholder)
    return found


def _map(shape: Any, value: Any, path: str, placeholder: Placeholder | None) -> list[str]:
    if not isinstance(value, dict):
        return [_failed(value, path, "be a map")]
    found = _length(shape, len(value), value, path)
    for key, member in value.items():
        found += violations(shape.key, key, f"{path}.key")
        found += violations(shape.value, member, f"{path}.{key}.member", placeholder)
    return found


def _string(shape: Any, value: Any, path: str, _: Placeholder | None) -> list[str]:
    if not isinstance(value, str):
        return [_failed(value, path, "be a string")]
    found = _length(shape, len(value), value, path)
    if shape.enum and value not in shape.enum:
        found.append(_failed(value, path, f"satisfy enum value set: [{', '.join(shape.enum)}]"))
    pattern = shape.metadata.get("pattern")
    compiled = _pattern(pattern) if pattern else None
    if compiled and not compiled.fullmatch(value):
        found.append(_failed(value, path, f"satisfy regular expression pattern: {pattern}"))
    return found


def _length(shape: Any, length: int, value: Any, path: str) -> list[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        return [_failed(value, path, f"have length greater than or equal to {low}")]
    if high is not None and length > high:
        return [_failed(value, path, f"have length less than or equal to {high}")]
    return []


def _number(shape: Any, value: Any, path: str, _: Placeholder | None) -> list[str]:
    integral = shape.type_name in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if integral else (int, float)):
        return [_failed(value, path, f"be {'an integer' if integral else 'a number'}")]
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        return [_failed(value, path, f"have value greater than or equal to {low}")]
    if high is not None and value > high:
        return [_failed(value, path, f"have value less than or equal to {high}")]
    return []


def _boolean(_: Any, value: Any, path: str, __: Placeholder | None) -> list[str]:
    return [] if isinstance(value, bool) else [_failed(value, path, "be a boolean")]


def _timestamp(_: Any, value: Any, path: str, __: Placeholder | None) -> list[str]:
    known = isinstance(value, int | float | datetime.datetime) and not isinstance(value, bool)
    return [] if known else [_failed(value, path, "be a timestamp")]


_CHECKS: dict[str, Callable[[Any, Any, str, Placeholder | None], list[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
}
