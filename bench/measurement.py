"""One measured value beside its goal, and the table of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


class MeasurementError(Exception):
    """Something could not be measured; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A value that should be at most ``goal``, both in ``unit``; ``details`` are what it was made of."""

    name: str
    value: float
    goal: float
    unit: str
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the value is within its goal."""
        return self.value <= self.goal

    def as_document(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "name": self.name,
            "value": self.value,
            "goal": self.goal,
            "unit": self.unit,
            "is_met": self.is_met,
            "details": dict(self.details),
        }


def show_table(measurements: Sequence[Measurement], console: Console) -> None:
    """A row for each measurement, and a paler one for each of its details."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("measurement")
    for column in ("value", "goal"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("met")
    for measurement in measurements:
        table.add_row(
            measurement.name,
            f"{measurement.value:.3g} {measurement.unit}".strip(),
            f"≤ {measurement.goal:g} {measurement.unit}".strip(),
            "yes" if measurement.is_met else "NO",
        )
        for name, value in measurement.details.items():
            table.add_row(f"  {name}", f"{value:.3g}", style="dim")
    console.print(table)
