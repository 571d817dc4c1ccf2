"""Expressions of a pipeline definition: ``Get``, ``Std:Join`` and ``Std:JsonGet``.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.sagemaker.state import Document

OPERATORS = ("Get", "Std:Join", "Std:JsonGet")
EXECUTION_VARIABLES = (
    "CurrentDateTime",
    "PipelineArn",
    "PipelineExecutionArn",
    "PipelineExecutionId",
    "PipelineName",
    "StartDateTime",
)
_TOKEN = re.compile(r"\.?([\w:-]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
# By which member the elements of a list answer to a name: Outputs['train'].
_LIST_KEYS = ("OutputName", "InputName", "ChannelName", "MetricName", "Name")


class ExpressionError(Exception):
    """An expression that means nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a ``Get`` names: ``Steps.Train.ModelArtifacts.S3ModelArtifacts``."""

    root: str  # Parameters, Execution or Steps
    name: str
    path: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: object) -> Reference:
        """Raises :class:`ExpressionError`."""
        tokens = parse_path(text) if isinstance(text, str) else []
        if len(tokens) < 2 or tokens[0] not in ("Parameters", "Execution", "Steps"):
            raise ExpressionError(f"'{text}' is not a reference to Parameters, Execution or Steps")
        return cls(str(tokens[0]), str(tokens[1]), tuple(tokens[2:]))

    @property
    def property_file(self) -> str | None:
        """The property file's name, where this names one."""
        return str(self.path[1]) if len(self.path) == 2 and self.path[0] == "PropertyFiles" else None


def parse_path(text: str) -> list[str | int]:
    """``a.b['c'][0]`` as ``["a", "b", "c", 0]``. Raises :class:`ExpressionError`."""
    tokens: list[str | int] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise ExpressionError(f"'{text}' is not a path")
        name, index, single, double = match.groups()
        tokens.append(int(index) if index is not None else next(t for t in (name, single, double) if t is not None))
        position = match.end()
    return tokens


def is_expression(value: object) -> bool:
    """Whether a value of a definition stands for another."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in OPERATORS


def references(value: object) -> Iterator[Reference]:
    """Every reference inside a value. Raises :class:`ExpressionError`."""
    if isinstance(value, dict):
        if is_expression(value) and "Get" in value:
            yield Reference.parse(value["Get"])
            return
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def walk(value: Any, path: tuple[str | int, ...] | list[str | int], shown: str) -> Any:
    """What a path leads to in a document. Raises :class:`ExpressionError`."""
    for token in path:
        if isinstance(value, dict) and str(token) in value:
            value = value[str(token)]
        elif isinstance(value, list) and isinstance(token, int) and token < len(value):
            value = value[token]
        elif isinstance(value, list) and isinstance(token, str):
            named = [e for e in value if isinstance(e, dict) and token in (e.get(key) for key in _LIST_KEYS)]
            if not named:
                raise ExpressionError(f"{shown} has no value: there is no '{token}'")
            value = named[0]
        else:
            raise ExpressionError(f"{shown} has no value: there is no '{token}'")
    return value


def as_text(value: object) -> str:
    """A value as ``Std:Join`` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ExpressionError(f"Std:Join takes strings, numbers and booleans, not {value}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolver:
    """Turns expressions into the values that they have in one execution."""

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    step_properties: Callable[[str], Document]
    read_property_file: Callable[[str, str], Any]  # step name, property file name
    read_json: Callable[[str], Any]  # S3 URI

    def resolve(self, value: Any) -> Any:
        """The value with every expression in it replaced. Raises :class:`ExpressionError`."""
        if is_expression(value):
            operator, operand = next(iter(value.items()))
            if operator == "Get":
                return self._get(Reference.parse(operand), operand)
            if operator == "Std:Join":
                return as_text(operand.get("On", "")).join(as_text(self.resolve(v)) for v in operand["Values"])
            return self._json_get(operand)
        if isinstance(value, dict):
            return {name: self.resolve(member) for name, member in value.items() if member is not None}
        if isinstance(value, list):
            return [self.resolve(member) for member in value]
        return value

    def _get(self, reference: Reference, shown: str) -> Any:
        if reference.root == "Steps":
            return walk(self.step_properties(reference.name), reference.path, shown)
        values = self.parameters if reference.root == "Parameters" else self.execution
        if reference.name not in values or reference.path:
            raise ExpressionError(f"{shown} has no value")
        return values[reference.name]

    def _json_get(self, operand: Document) -> Any:
        path = self.resolve(operand["Path"])
        if "S3Uri" in operand:
            content, shown = self.read_json(self.resolve(operand["S3Uri"])), "the file"
        else:
            reference = Reference.parse(operand["PropertyFile"]["Get"])
            shown = reference.property_file or ""
            content = self.read_property_file(reference.name, shown)
        return walk(content, parse_path(path.removeprefix("$")), f"{path} of {shown}")
