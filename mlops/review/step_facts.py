"""A step of a SageMaker pipeline definition as facts: each property under its path, things that have names by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from mlops.review import wording

Path = tuple[str, ...]
Facts = dict[Path, Any]

SCRIPT: Path = ("script",)
CONDITION: Path = ("Conditions",)
BRANCHES = {"IfSteps": "if-branch", "ElseSteps": "else-branch"}
# What the entries of these lists are known by.
NAME_KEYS = ("InputName", "OutputName", "ChannelName", "PropertyFileName", "Name")
# The input through which the SDK's processors bring a script (ml/pipelines/processing.py).
CODE_INPUT = "code"
COMPARISONS = {
    "Equals": "=",
    "GreaterThan": ">",
    "GreaterThanOrEqualTo": "≥",
    "LessThan": "<",
    "LessThanOrEqualTo": "≤",
}


def facts(step: Mapping[str, Any]) -> Facts:
    """The step's own facts; the steps of its branches, its name and its nature have their own lines."""
    found: Facts = {}
    for path, value in _walk(step, ()):
        if path[-1] in ("Name", *BRANCHES) and len(path) <= 2:
            continue
        found[path] = value
    _take_script(found)
    return found


def branches(step: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The branches of a condition step, by what they are called."""
    arguments = step.get("Arguments")
    if isinstance(arguments, Mapping):
        for key, name in BRANCHES.items():
            if isinstance(arguments.get(key), list):
                yield name, arguments[key]


def in_words(condition: Any) -> str:
    """A condition step's condition."""
    match condition:
        case {"Type": kind, "LeftValue": left, "RightValue": right}:
            return f"{wording.in_full(left)} {COMPARISONS.get(kind, kind)} {wording.in_full(right)}"
        case {"Type": "Not", "Expression": inner}:
            return f"not ({in_words(inner)})"
        case {"Type": "Or", "Conditions": list(several)}:
            return f"({' or '.join(map(in_words, several))})"
        case {"Type": "In", "QueryValue": value, "Values": list(values)}:
            return f"{wording.in_full(value)} in {', '.join(map(wording.in_full, values))}"
    return wording.in_full(condition)


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    last = path[-1] if path else ""
    if last == "Conditions":
        yield CONDITION, " and ".join(map(in_words, value)) if isinstance(value, list) else value
    elif last == "CacheConfig" and isinstance(value, Mapping):
        yield ("CacheConfig",), f"on for {value.get('ExpireAfter', 'ever')}" if value.get("Enabled") else "off"
    elif last == "ContainerArguments" and isinstance(value, list):
        yield from ((("ContainerArguments", flag), given) for flag, given in _arguments(value).items())
    elif isinstance(value, Mapping) and not _is_expression(value):
        for key, item in value.items():
            yield from _walk(item, (*path, str(key)))
    elif isinstance(value, list) and (named := _by_name(value, last)):
        for name, item in named.items():
            yield from _walk(item, (*path, name))
    else:
        yield path, value


def _is_expression(value: Mapping[str, Any]) -> bool:
    return len(value) <= 1 and all(str(key) == "Get" or str(key).startswith("Std:") for key in value)


def _by_name(values: list[Any], parent: str) -> dict[str, Any]:
    """The entries of a list by their names; nothing unless each has one of its own."""
    if parent in BRANCHES or not all(isinstance(value, Mapping) for value in values):
        return {}
    if parent == "RetryPolicies":
        named = {", ".join(map(_exception, value.get("ExceptionType", ()))): _without(value, "ExceptionType")
                 for value in values}  # fmt: skip
    else:
        keys = [next((key for key in NAME_KEYS if key in value), None) for value in values]
        if None in keys:
            return {}
        named = {str(value[key]): _without(value, str(key)) for value, key in zip(values, keys, strict=True)}
    return named if len(named) == len(values) else {}


def _exception(name: str) -> str:
    return name.rsplit(".", maxsplit=1)[-1]


def _without(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != key}


def _arguments(values: list[Any]) -> dict[str, Any]:
    """A command line as flags with their values; what stands before the first flag is under its position."""
    found: dict[str, list[Any]] = {}
    flags = [isinstance(value, str) and value.startswith("--") for value in values]
    for position, (is_flag, value) in enumerate(zip(flags, values, strict=True)):
        if is_flag:
            found.setdefault(value, [])
        elif position == 0:
            found[f"#{position + 1}"] = [value]
    for (_, (before_is_flag, before)), (position, (is_flag, value)) in pairwise(
        enumerate(zip(flags, values, strict=True))
    ):
        if not is_flag:
            found.setdefault(before if before_is_flag else f"#{position + 1}", []).append(value)
    return {flag: given[0] if len(given) == 1 else given or True for flag, given in found.items()}


def _take_script(found: Facts) -> None:
    """Turn the input that brings the script, and the entry point that names it, into one fact."""
    prefix = ("Arguments", "ProcessingInputs", CODE_INPUT)
    uri = found.get((*prefix, "S3Input", "S3Uri"))
    if not isinstance(uri, str):
        return
    found[SCRIPT] = found.pop((*prefix, "S3Input", "S3Uri"))
    entry = ("Arguments", "AppSpecification", "ContainerEntrypoint")
    name = PurePosixPath(uri).name
    if isinstance(found.get(entry), list):
        found[entry] = [
            "{script}" if isinstance(part, str) and PurePosixPath(part).name == name else part for part in found[entry]
        ]
