"""How long it takes to fill the committed definition of a train pipeline with an account's values."""

from __future__ import annotations

import statistics
import time

from bench.measurement import Measurement
from infra.pipelines import compiled
from infra.pipelines.definition import fill, placeholders
from mlops.project import load_settings

REPEATS = 50
GOAL_MS = 50.0


def measure() -> list[Measurement]:
    """The median of many times, reading the file included."""
    model = load_settings()["dev"].models[0]
    values = {name: f"value-of-{name}" for name in placeholders(compiled.template(model, "train"))}
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        fill(compiled.template(model, "train"), values)
        taken.append(1000 * (time.perf_counter() - started))
    return [
        Measurement(name="fill the train definition", value=statistics.median(taken), goal=GOAL_MS, unit="ms"),
    ]
