"""Steps that end at once and do nothing, for measuring what goes on around them."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.sagemaker.definition import Step
from sandbox.sagemaker.state import Document


class StubbedSteps:
    """In the place of a ``StepRunner``: every step succeeds, every condition holds."""

    def run(self, step: Step, report: Callable[[Document], None]) -> Document:
        if step.type == "Condition":
            report({"Condition": {"Outcome": "True"}})
        return {}

    def arguments(self, step: Step) -> Document:
        return step.arguments

    def stop(self) -> None:
        """Nothing runs."""
