"""What differs between two definitions of a SageMaker pipeline, step by step.

The definition's schema: https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops.review import step_difference, wording
from mlops.review.step_facts import branches

STEP_REFERENCE = re.compile(r'"Steps\.([A-Za-z0-9-]+)')
NOT_KNOWN = "the definition is not known before the deployment"
Step = Mapping[str, Any]


@dataclass(frozen=True)
class _Place:
    """A step, and the condition step and branch that hold it."""

    step: Step
    parent: str | None
    branch: str | None


def differences(old: str | None, new: str | None) -> list[str]:
    """One line for each difference; none where the two mean the same."""
    before, after = _read(old), _read(new)
    if old == new:
        return []
    if (old and before is None) or (new and after is None):
        return [NOT_KNOWN]
    if before is None or after is None:
        known, verb = (after, "new") if before is None else (before, "deleted")
        return [_summary(known or {}, verb)]
    steps = {key: item for key, item in before.items() if key not in ("Parameters", "Steps")}
    rest = step_difference.differences(
        steps, {key: item for key, item in after.items() if key not in ("Parameters", "Steps")}
    )
    return [*_parameters(before, after), *_steps(before, after), *rest]


def _read(text: str | None) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


def _summary(definition: Mapping[str, Any], verb: str) -> str:
    places = _places(definition)
    names = wording.enumerate_some(list(places), 12)
    return f"{verb} pipeline of {wording.counted(len(places), 'step')}: {names}"


def _parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = ({one["Name"]: one for one in side.get("Parameters", ())} for side in (before, after))
    for name in _in_order(old, new):
        if name not in old:
            default = new[name].get("DefaultValue")
            told = f"default {wording.value(default)}" if default is not None else "no default"
            yield f"parameter {name} added ({new[name].get('Type')}, {told})"
        elif name not in new:
            yield f"parameter {name} removed"
        else:
            words = {"DefaultValue": "default", "EnumValues": "allowed values", "Type": "type"}
            for key in sorted(old[name].keys() | new[name].keys()):
                left, right = old[name].get(key), new[name].get(key)
                if left != right:
                    yield f"parameter {name} {words.get(key, key)} {wording.change(left, right)}"


def _steps(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = _places(before), _places(after)
    for name in _in_order(old, new):
        if name not in old:
            place = new[name]
            # What is in the branches of a new condition step is told with that step.
            if place.parent is None or place.parent in old:
                yield _membership(place, f"step {name} added", f"gains step {name}", _nature(place, new))
        elif name not in new:
            place = old[name]
            if place.parent is None or place.parent in new:
                kind = str(place.step.get("Type"))
                yield _membership(place, f"step {name} removed", f"loses step {name}", kind)
        else:
            yield from _step(name, old[name], new[name])


def _step(name: str, old: _Place, new: _Place) -> Iterator[str]:
    if (old.parent, old.branch) != (new.parent, new.branch):
        yield f"{name}: moved from {_where(old)} to {_where(new)}"
    yield from (f"{name}: {line}" for line in step_difference.differences(old.step, new.step))


def _membership(place: _Place, own: str, branch: str, told: str) -> str:
    return f"{own} ({told})" if place.parent is None else f"{place.parent}: {place.branch} {branch} ({told})"


def _where(place: _Place) -> str:
    return "the top" if place.parent is None else f"{place.parent}'s {place.branch}"


def _nature(place: _Place, steps: Mapping[str, _Place]) -> str:
    """A new step's type, the steps that it waits for, and what its branches hold."""
    arguments = {key: item for key, item in place.step.items() if key != "Arguments" or not _inside(place.step)}
    text = json.dumps(arguments) + json.dumps(place.step.get("Arguments", {}).get("Conditions", []))
    waits = {*STEP_REFERENCE.findall(text), *place.step.get("DependsOn", ())} & steps.keys()
    after = f", after {wording.enumerate_some(sorted(waits))}" if waits else ""
    held = "".join(f"; {branch}: {wording.enumerate_some(names)}" for branch, names in _inside(place.step).items())
    return f"{place.step.get('Type')}{after}{held}"


def _inside(step: Step) -> dict[str, list[str]]:
    return {branch: [str(one.get("Name")) for one in steps] for branch, steps in branches(step) if steps}


def _places(definition: Mapping[str, Any]) -> dict[str, _Place]:
    return dict(_walk(definition.get("Steps", ()), None, None))


def _walk(steps: Sequence[Step], parent: str | None, branch: str | None) -> Iterator[tuple[str, _Place]]:
    for step in steps:
        name = str(step.get("Name"))
        yield name, _Place(step, parent, branch)
        for inner, held in branches(step):
            yield from _walk(held, name, inner)


def _in_order(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [*new, *(name for name in old if name not in new)]
