"""Rules of a step's own form: name, type, conditions, message, property files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ml.lint.api import OPERATIONS
from ml.lint.content import Json, get_path, output_names

STEP_TYPES = frozenset({*OPERATIONS, "Condition", "Fail", "Lambda"})
ORDER_CONDITIONS = frozenset({"GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"})
LONGEST_MESSAGE = 3072
CONDITIONS = ORDER_CONDITIONS | {"Equals"}


def check_step(step: Json, _parameters: Json) -> Iterator[str]:
    """A step's own form: name, type, caching, branches, conditions, message."""
    if not re.fullmatch(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,63}", step.get("Name", "")):
        yield "a step's name has 1 to 64 letters, digits and inner hyphens"
    kind = step.get("Type")
    if kind not in STEP_TYPES:
        yield f"the type {kind!r} is none of {', '.join(sorted(STEP_TYPES))}"
    if "CacheConfig" in step:
        yield "caches: after new files arrive under the input prefix it would not run; remove CacheConfig"
    arguments = step.get("Arguments", {})
    if kind == "Condition":
        if not arguments.get("Conditions"):
            yield "has no Conditions"
        if not arguments.get("IfSteps") and not arguments.get("ElseSteps"):
            yield "has neither IfSteps nor ElseSteps"
        for condition in arguments.get("Conditions", []):
            if condition.get("Type") not in CONDITIONS:
                yield f"the condition {condition.get('Type')!r} is none of {', '.join(sorted(CONDITIONS))}"
            elif "LeftValue" not in condition or "RightValue" not in condition:
                yield f"the condition {condition['Type']} needs LeftValue and RightValue"
    if kind == "Fail":
        yield from check_message(arguments.get("ErrorMessage"))


def check_message(message: Any) -> Iterator[str]:
    """A message that says something, and whose own words leave room for what it quotes.

    https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html
    """
    if not message:
        yield "fails without an ErrorMessage"
    parts = get_path(message, "Std:Join.Values") or [message]
    words = sum(len(part) for part in parts if isinstance(part, str))
    if words > LONGEST_MESSAGE:
        yield f"its ErrorMessage has {words} characters of its own, more than {LONGEST_MESSAGE}"


def check_property_files(step: Json, _parameters: Json) -> Iterator[str]:
    """Property files that are written by an output of the step."""
    files = step.get("PropertyFiles", [])
    if files and step.get("Type") != "Processing":
        yield f"a {step.get('Type')} step has no PropertyFiles"
        return
    outputs = output_names(step)
    for file in files:
        if file.get("OutputName") not in outputs:
            output = file.get("OutputName")
            yield f"property file {file.get('PropertyFileName')} is in output {output!r}, none of {outputs}"
        if not file.get("FilePath") or file["FilePath"].startswith("/"):
            yield f"property file {file.get('PropertyFileName')} needs a FilePath relative to its output"
