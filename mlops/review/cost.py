"""What schedules, retraining and keys cost in a month, before and after a change, at the prices of prices.toml."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlops.review import wording
from mlops.review.cost_basis import KEY, PIPELINE, SCHEDULE, WEEKLY_CAP, variables
from mlops.review.frequency import runs_per_month
from mlops.review.model import StackReview
from mlops.review.step_facts import branches

PRICES = Path(__file__).with_name("prices.toml")
RESOURCES = ("ProcessingResources", "ResourceConfig", "TransformResources")
Inputs = Mapping[str, Any]


@dataclass
class Monthly:
    """One side of the estimate, in dollars a month."""

    scheduled: float = 0.0
    retraining: float = 0.0
    keys: float = 0.0
    left_out: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)

    @property
    def total(self) -> float:
        """All that has a price."""
        return self.scheduled + self.retraining + self.keys


@dataclass(frozen=True)
class Estimate:
    """Both sides."""

    before: Monthly
    after: Monthly

    def lines(self) -> list[str]:
        """The estimate in words: the figures, what they assume, and what they leave out; none where nothing costs."""
        prices, before, after = _prices(), self.before, self.after
        left_out = sorted(before.left_out | after.left_out)
        if not (before.total or after.total or left_out):
            return []
        parts = [
            f"{name} {_dollars(old, new)}"
            for name, old, new in (
                ("schedules", before.scheduled, after.scheduled),
                ("retraining at its weekly cap", before.retraining, after.retraining),
                ("keys", before.keys, after.keys),
            )
            if old or new
        ]
        kinds = list(prices["minutes"].items())[:3]
        minutes = f"{', '.join(str(count) for _, count in kinds)} min a {', '.join(kind for kind, _ in kinds)} job"
        assumed = (
            f"Assumed: {minutes}; {prices['region']} prices of {prices['as_of']}; no manual runs, storage, requests"
        )
        stays = "" if parts and " → " in "".join(parts) else "stays "
        lines = [
            f"{stays}{_dollars(before.total, after.total)} a month: {', '.join(parts) or 'nothing with a price'}",
            assumed,
        ]
        elsewhere = sorted((before.regions | after.regions) - {prices["region"], ""})
        if elsewhere:
            lines.append(f"Prices are those of {prices['region']}, not of {', '.join(elsewhere)}")
        return [*lines, *([wording.enumerate_some(left_out, 3)] if left_out else [])]


def estimate(reviews: Sequence[StackReview]) -> Estimate:
    """What the resources of these stacks cost, as they are and as they are to be."""
    return Estimate(*(_monthly([_Stack.of(review, new=new) for review in reviews]) for new in (False, True)))


@dataclass
class _Stack:
    """On one side of a stack's change: definitions by pipeline, schedules, training runs a week, keys."""

    definitions: dict[str, Any] = field(default_factory=dict)
    schedules: list[Inputs] = field(default_factory=list)
    weekly_trainings: dict[str, float] = field(default_factory=dict)
    keys: int = 0
    regions: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, review: StackReview, *, new: bool) -> _Stack:
        found = cls()
        changed = [(change, change.new if new else change.old) for change in review.changes]
        for change, inputs in [*changed, *((change, change.new) for change in review.unchanged)]:
            if not inputs:
                continue
            if change.type == PIPELINE:
                found.definitions[str(inputs.get("pipelineName"))] = inputs.get("pipelineDefinition")
                found.regions.add(str(inputs.get("region", "")))
            elif change.type == SCHEDULE:
                found.schedules.append(inputs)
            elif change.type == KEY:
                found.keys += 1
            elif WEEKLY_CAP in variables(inputs):
                found.weekly_trainings |= _trainings(variables(inputs))
        return found


def _monthly(stacks: Iterable[_Stack]) -> Monthly:
    prices, found = _prices(), Monthly()
    for stack in stacks:
        found.keys += stack.keys * prices["month"]["key"]
        found.regions |= stack.regions
        runs: dict[str, float] = {}
        for schedule in stack.schedules:
            name, expression = _pipeline_of(schedule), str(schedule.get("scheduleExpression"))
            if name in stack.definitions and schedule.get("state", "ENABLED") == "ENABLED":
                monthly = runs_per_month(expression)
                if monthly is None:
                    found.left_out.add(f"schedule {expression} cannot be read, left out")
                runs[name] = runs.get(name, 0.0) + (monthly or 0.0)
        for name, count in runs.items():
            found.scheduled += count * _execution(name, stack.definitions.get(name), found.left_out)
        for name, weekly in stack.weekly_trainings.items():
            count = weekly * prices["assumed"]["weeks_per_month"]
            found.retraining += count * _execution(name, stack.definitions.get(name), found.left_out)
    return found


def _pipeline_of(schedule: Inputs) -> str:
    """What a schedule starts; a pipeline that is made with it has no ARN yet, but its schedule has its name.

    infra/automation/inference_schedule.py names it so.
    """
    arn = str((schedule.get("target") or {}).get("arn"))
    return arn.rsplit("/", 1)[1] if ":pipeline/" in arn else str(schedule.get("name"))


def _trainings(settings: Mapping[str, Any]) -> dict[str, float]:
    """Train pipelines that the retrain gate starts, with the cap of each."""
    try:
        pipelines = json.loads(str(settings.get("PIPELINES", "{}")))
        return {str(one["train_pipeline"]): float(settings[WEEKLY_CAP]) for one in pipelines.values()}
    except (ValueError, KeyError):
        return {}


def _execution(name: str, text: Any, left_out: set[str]) -> float:
    """The price of one execution, along the dearest branches."""
    try:
        definition = json.loads(text)
    except (ValueError, TypeError):
        left_out.add(f"{name}: its definition is not known before the deployment, left out")
        return 0.0
    defaults = {one["Name"]: one.get("DefaultValue") for one in definition.get("Parameters", ())}
    return _steps(definition.get("Steps", ()), defaults, left_out)


def _steps(steps: Sequence[Inputs], defaults: Inputs, left_out: set[str]) -> float:
    total = 0.0
    for step in steps:
        inner = [_steps(held, defaults, left_out) for _, held in branches(step)]
        total += _job(step, defaults, left_out) + max(inner, default=0.0)
    return total


def _job(step: Inputs, defaults: Inputs, left_out: set[str]) -> float:
    prices, arguments = _prices(), step.get("Arguments")
    minutes = prices["minutes"].get(step.get("Type"))
    held = (
        next((arguments[key] for key in RESOURCES if key in arguments), None) if isinstance(arguments, dict) else None
    )
    if minutes is None or held is None:
        return 0.0
    cluster = held.get("ClusterConfig", held)
    kind, count = (_resolved(cluster.get(key), defaults) for key in ("InstanceType", "InstanceCount"))
    if kind not in prices["hour"] or not isinstance(count, int):
        left_out.add(f"no price known for {kind}, left out")
        return 0.0
    return float(count * minutes / 60 * prices["hour"][kind])


def _resolved(given: Any, defaults: Inputs) -> Any:
    """A literal, or the default of the parameter that is asked for."""
    if isinstance(given, Mapping):
        return defaults.get(str(given.get("Get", "")).removeprefix("Parameters."))
    return given


def _dollars(old: float, new: float) -> str:
    before, after = f"${old:,.2f}", f"${new:,.2f}"
    return before if before == after else f"{before} → {after}"


@lru_cache(maxsize=1)
def _prices() -> dict[str, Any]:
    return tomllib.loads(PRICES.read_text(encoding="utf-8"))
