"""Every name that our plugin knows is one of pulumi_aws's, and every input of pulumi_aws is either known or refused."""

from __future__ import annotations

import importlib
import inspect

import pytest

from sandbox.provider.types import TYPES

INPUTS_OF_ALL_TYPES = {"region", "tags"}


def wire_names(cls: type) -> set[str]:
    """The names by which a generated class's properties travel."""
    found = set()
    for name, member in vars(cls).items():
        if isinstance(member, property) and member.fget is not None:
            found.add(getattr(member.fget, "_pulumi_name", None) or name)
    return found


def generated(pulumi_type: str) -> tuple[set[str], set[str], set[str]]:
    """Inputs, required inputs and outputs of a type in pulumi_aws."""
    _, module, class_name = pulumi_type.split(":")
    package = module.partition("/")[0].replace("lambda", "lambda_")
    resource = getattr(importlib.import_module(f"pulumi_aws.{package}"), class_name)
    source = importlib.import_module(resource.__module__)
    # A class of that name may also be the nested block of another type, imported here.
    arguments = getattr(source, f"{class_name}InitArgs", None) or getattr(source, f"{class_name}Args")
    signature = inspect.signature(arguments.__init__)
    names = {
        member: getattr(vars(arguments)[member].fget, "_pulumi_name", None) or member
        for member in vars(arguments)
        if isinstance(vars(arguments)[member], property)
    }
    required = {
        names[name]
        for name, parameter in signature.parameters.items()
        if parameter.default is inspect.Parameter.empty and name in names
    }
    return wire_names(arguments), required, wire_names(resource)


@pytest.mark.parametrize("pulumi_type", TYPES)
def test_properties_are_pulumi_awss(pulumi_type: str) -> None:
    kind = TYPES[pulumi_type]
    inputs, required, outputs = generated(pulumi_type)
    known = set(kind.all_properties()) - {"tagsAll"}
    assert known - inputs == set(), "we accept what pulumi_aws does not have"
    assert inputs - known - kind.refused == set(), "neither known nor refused"
    assert kind.refused & known == set()
    assert kind.refused - inputs == set(), "refused, but no input of pulumi_aws"
    assert {name for name, found in kind.all_properties().items() if found.required} == required
    assert set(kind.all_outputs()) - outputs == set()
    assert ("tagsAll" in outputs) == kind.tagged
    assert ("region" in inputs) == kind.regional


def test_every_types_key_is_its_name() -> None:
    assert all(pulumi_type == kind.pulumi_type for pulumi_type, kind in TYPES.items())
