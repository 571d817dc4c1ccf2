"""Conditions of a Condition step.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-condition
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.sagemaker.expressions import ExpressionError, Resolver
from sandbox.sagemaker.state import Document

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_MEMBERS = {
    **{kind: {"Type", "LeftValue", "RightValue"} for kind in _COMPARISONS},
    "In": {"Type", "QueryValue", "Values"},
    "Not": {"Type", "Expression"},
    "Or": {"Type", "Conditions"},
}


def holds(condition: Document, resolver: Resolver) -> bool:
    """Whether a condition holds. Raises :class:`ExpressionError` for values that cannot be compared."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Expression"], resolver)
    if kind == "Or":
        return any(holds(one, resolver) for one in condition["Conditions"])
    if kind == "In":
        return resolver.resolve(condition["QueryValue"]) in resolver.resolve(condition["Values"])
    left, right = resolver.resolve(condition["LeftValue"]), resolver.resolve(condition["RightValue"])
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    if not numbers and type(left) is not type(right):
        raise ExpressionError(f"{kind} cannot compare {left!r} with {right!r}")
    return _COMPARISONS[kind](left, right)


def problems(arguments: Document) -> Iterator[str]:
    """What is wrong with a Condition step's arguments."""
    for member in arguments.keys() - {"Conditions", "IfSteps", "ElseSteps"}:
        yield f"Unknown Argument member '{member}'"
    if not arguments.get("Conditions"):
        yield "a Condition step needs Conditions"
    for condition in arguments.get("Conditions") or []:
        yield from _condition_problems(condition)


def _condition_problems(condition: object) -> Iterator[str]:
    kind = condition.get("Type") if isinstance(condition, dict) else None
    if not isinstance(condition, dict) or kind not in _MEMBERS:
        yield f"Unknown condition Type '{kind}'"
    elif condition.keys() != _MEMBERS[kind]:
        yield f"a condition of Type {kind} takes {', '.join(sorted(_MEMBERS[kind]))}"
    elif kind == "Not":
        yield from _condition_problems(condition["Expression"])
    elif kind == "Or":
        for one in condition["Conditions"]:
            yield from _condition_problems(one)
