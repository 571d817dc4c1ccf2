"""A pipeline definition, parsed into steps with their dependencies, and refused where AWS would refuse it.

https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker.expressions import ExpressionError, references
from sandbox.sagemaker.state import Document

STEP_TYPES = (
    "Processing",
    "Training",
    "Transform",
    "Model",
    "RegisterModel",
    "Condition",
    "Fail",
    "Lambda",
    "QualityCheck",
)
_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_ROOT = {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "Steps"}
_TYPES: dict[str, tuple[type, ...]] = {"String": (str,), "Integer": (int,), "Float": (int, float), "Boolean": (bool,)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step: ``condition`` and ``branch`` say whose IfSteps or ElseSteps it is in."""

    name: str
    type: str
    document: Document
    dependencies: frozenset[str]
    condition: str | None
    branch: str | None

    @property
    def arguments(self) -> Document:
        """The step's Arguments."""
        arguments: Document = self.document.get("Arguments", {})
        return arguments


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """Parameters by name, and steps by name in an order in which they may run."""

    parameters: dict[str, Document]
    steps: dict[str, Step]

    @classmethod
    def parse(cls, text: str) -> Definition:
        """The definition's structure. Raises :class:`ServiceError` (``ValidationException``)."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise refusal(f"It is not JSON: {error}") from None
        if not isinstance(document, dict):
            raise refusal("Expecting start of Json Object.")
        if document.get("Version") != "2020-12-01":
            raise refusal(f"Unsupported Version '{document.get('Version')}': it must be '2020-12-01'.")
        for member in document.keys() - _ROOT:
            raise refusal(f"Unknown member '{member}'.")
        if document.get("PipelineExperimentConfig"):
            raise refusal("The sandbox does not implement PipelineExperimentConfig: set it to null.")
        return cls(parameters=_parameters(document.get("Parameters") or []), steps=_steps(document.get("Steps")))

    def overridden(self, given: list[Document]) -> dict[str, Any]:
        """The parameters' values in one execution. Raises :class:`ServiceError` for what does not fit."""
        values = {name: p["DefaultValue"] for name, p in self.parameters.items() if "DefaultValue" in p}
        for one in given:
            name, text = one["Name"], one["Value"]
            if name not in self.parameters:
                raise ServiceError("ValidationException", f"Unknown parameter '{name}' in the pipeline's definition.")
            values[name] = _converted(self.parameters[name], text)
        missing = sorted(self.parameters.keys() - values.keys())
        if missing:
            raise ServiceError("ValidationException", f"Missing values for parameters: {', '.join(missing)}")
        return values


def refusal(reason: str) -> ServiceError:
    """The error that AWS answers for a definition it cannot use."""
    return ServiceError("ValidationException", f"Unable to parse pipeline definition. {reason}")


def has_type(value: object, type_name: str) -> bool:
    """Whether a JSON value fits a parameter type."""
    return isinstance(value, _TYPES[type_name]) and (type_name == "Boolean" or not isinstance(value, bool))


def _parameters(documents: list[Document]) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for document in documents:
        name = document.get("Name", "")
        if not _NAME.fullmatch(name):
            raise refusal(f"Invalid parameter name '{name}'.")
        if name in found:
            raise refusal(f"Parameter names must be unique: '{name}' is defined twice.")
        for member in document.keys() - {"Name", "Type", "DefaultValue", "EnumValues", "Description", "DisplayName"}:
            raise refusal(f"Unknown member '{member}' of parameter '{name}'.")
        if document.get("Type") not in _TYPES:
            raise refusal(f"Parameter '{name}' has an unknown Type '{document.get('Type')}'.")
        default = document.get("DefaultValue")
        if default is not None:
            if not has_type(default, document["Type"]):
                raise refusal(f"DefaultValue of parameter '{name}' is not of type {document['Type']}: {default!r}.")
            if document.get("EnumValues") and default not in document["EnumValues"]:
                raise refusal(f"DefaultValue of parameter '{name}' is not one of its EnumValues: {default!r}.")
        found[name] = {member: value for member, value in document.items() if value is not None}
    return found


def _converted(parameter: Document, text: str) -> Any:
    name, kind = parameter["Name"], parameter["Type"]
    value: Any = text
    try:
        if kind == "Integer":
            value = int(text)
        elif kind == "Float":
            value = float(text)
        elif kind == "Boolean":
            value = {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        raise ServiceError(
            "ValidationException", f"Value '{text}' of parameter '{name}' is not of type {kind}."
        ) from None
    if "EnumValues" in parameter and value not in parameter["EnumValues"]:
        allowed = ", ".join(map(str, parameter["EnumValues"]))
        raise ServiceError(
            "ValidationException", f"Value '{text}' of parameter '{name}' is not in enum value set: [{allowed}]"
        )
    return value


def _nested(
    documents: object, condition: str | None, branch: str | None
) -> Iterator[tuple[Document, str | None, str | None]]:
    if not isinstance(documents, list) or not all(isinstance(document, dict) for document in documents):
        raise refusal("Expecting start of Json Array of steps.")
    for document in documents:
        yield document, condition, branch
        if document.get("Type") == "Condition":
            arguments = document.get("Arguments") or {}
            for member in ("IfSteps", "ElseSteps"):
                yield from _nested(arguments.get(member) or [], document.get("Name"), member)


def _steps(documents: object) -> dict[str, Step]:
    if not documents:
        raise refusal("At least one step is required.")
    nested = list(_nested(documents, None, None))
    steps: dict[str, Step] = {}
    for document, condition, branch in nested:
        name, kind = document.get("Name", ""), document.get("Type")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise refusal(f"Invalid step name '{name}': it must satisfy [A-Za-z0-9\\-_]{{1,64}}.")
        if name in steps:
            raise refusal(f"Step names must be unique: '{name}' is used twice.")
        if kind not in STEP_TYPES:
            raise refusal(f"Step '{name}': the sandbox does not implement steps of Type '{kind}'.")
        steps[name] = Step(
            name=name,
            type=kind,
            document=document,
            dependencies=_dependencies(document),
            condition=condition,
            branch=branch,
        )
    for step in steps.values():
        for other in step.dependencies:
            if other not in steps:
                raise refusal(f"Step '{step.name}' depends on step '{other}', which does not exist.")
            if steps[other].type == "Fail":
                raise refusal(f"Step '{step.name}' depends on step '{other}', which is a Fail step.")
    graph = {s.name: s.dependencies | ({s.condition} if s.condition else set()) for s in steps.values()}
    try:
        return {name: steps[name] for name in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        raise refusal(f"Steps depend on each other in a cycle: {' -> '.join(reversed(error.args[1]))}.") from None


def _dependencies(document: Document) -> frozenset[str]:
    """Steps named by DependsOn or referred to; a condition's branches look after themselves."""
    own = dict(document)
    if document.get("Type") == "Condition":
        own["Arguments"] = (document.get("Arguments") or {}).get("Conditions", [])
    explicit = own.pop("DependsOn", None) or []
    if not isinstance(explicit, list) or not all(isinstance(name, str) for name in explicit):
        raise refusal(f"Step '{document.get('Name')}': DependsOn must be a list of step names.")
    try:
        return frozenset(explicit) | {r.name for r in references(own) if r.root == "Steps"}
    except ExpressionError as error:
        raise refusal(f"Step '{document.get('Name')}': {error}.") from None
