"""From the engine's events to what changes in one stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops.engine_noise import strip
from mlops.review import cost_basis
from mlops.review.model import CREATE, DELETE, IMPORT, REPLACE, SAME, UPDATE, ResourceChange, StackReview
from mlops.review.values import readable

if TYPE_CHECKING:
    from pulumi.automation import events

# A replacement is told three times: as what is made, what is deleted, and both together.
FOLDED = {
    "create-replacement": REPLACE,
    "delete-replaced": REPLACE,
    "read-replacement": REPLACE,
    "import-replacement": REPLACE,
    "discard-replaced": REPLACE,
}
SHOWN = (CREATE, UPDATE, REPLACE, DELETE, IMPORT)
REFRESH = "refresh"
MANDATORY = "mandatory"
TOP_LEVEL = re.compile(r"^[^.\[]+")


@dataclass
class Collector:
    """Listens to one preview or to one refresh that is only a preview; then :meth:`finish` says what it found."""

    stack: str
    found: dict[str, ResourceChange] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def on_event(self, event: events.EngineEvent) -> None:
        """Take in one event, in the order in which the engine sends them."""
        if event.resource_pre_event:
            step = event.resource_pre_event.metadata
            if _operation(step) == REFRESH:
                self.refreshed.add(step.urn)
            else:
                self._keep(step)
        # What a refresh found is told only when it is over; its operation is then what happened to the resource.
        elif event.res_outputs_event and event.res_outputs_event.metadata.urn in self.refreshed:
            self.refreshed.discard(event.res_outputs_event.metadata.urn)
            self._keep(event.res_outputs_event.metadata)
        elif event.policy_event:
            self._on_policy(event.policy_event)

    def finish(
        self,
        error: str | None,
        plan_digest: str | None = None,
        state_digest: str | None = None,
        commit: str | None = None,
    ) -> StackReview:
        """What was found, in an order that does not depend on the engine's; ``error`` is why the preview failed."""
        ordered = sorted(self.found.values(), key=lambda change: (change.type, change.name))
        return StackReview(
            stack=self.stack,
            changes=tuple(change for change in ordered if change.operation in SHOWN),
            unchanged=tuple(change for change in ordered if change.operation == SAME and cost_basis.matters(change)),
            violations=tuple(sorted(set(self.violations))),
            advice=tuple(sorted(set(self.advice))),
            error=strip(error) if error else None,
            plan_digest=plan_digest,
            state_digest=state_digest,
            commit=commit,
        )

    def _keep(self, step: events.StepEventMetadata) -> None:
        state = step.new or step.old
        operation = FOLDED.get(_operation(step), _operation(step))
        # A component is no resource of AWS, and a provider none at all.
        if step.type.startswith("pulumi:") or state is None or not state.custom:
            return
        known = self.found.get(step.urn)
        if operation == REPLACE and known is not None and known.operation == REPLACE:
            return
        properties = tuple(sorted(step.detailed_diff or step.diffs or ()))
        old, new = _inputs(step.old, properties), _inputs(step.new, properties)
        forces = {TOP_LEVEL.findall(key)[0] for key in step.keys or ()}
        self.found[step.urn] = ResourceChange(
            operation=operation,
            type=step.type,
            name=step.urn.split("::")[-1],
            old={} if operation == SAME else old,
            new={} if operation == DELETE else new,
            properties=properties,
            forces=tuple(sorted(forces)),
            retained=bool(step.old and step.old.retain_on_delete),
        )

    def _on_policy(self, event: events.PolicyEvent) -> None:
        # The first line is the rule's own description.
        message = strip(event.message).split("\n", maxsplit=1)[-1].strip()
        kept = self.violations if event.enforcement_level == MANDATORY else self.advice
        kept.append(f"[{event.policy_name}] {message}")


def _operation(step: events.StepEventMetadata) -> str:
    return str(getattr(step.op, "value", step.op))


def _inputs(state: events.StepEventStateMetadata | None, properties: tuple[str, ...]) -> Mapping[str, Any]:
    """What was asked for; where a property that differs is only told by the cloud, also what the cloud told."""
    if state is None:
        return {}
    inputs, outputs = dict(state.inputs or {}), state.outputs or {}
    for path in properties:
        key = TOP_LEVEL.findall(path)[0]
        if key not in inputs and key in outputs:
            inputs[key] = outputs[key]
    found = readable(inputs)
    return found if isinstance(found, Mapping) else {}
