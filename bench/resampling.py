"""Batches drawn from the real rows, disturbed or not, and what the batch check makes of each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import model
from ml.datasets import mammographic_masses as dataset
from ml.datasets.disturbance import grow_older, lose_values, shift_population, swap_columns
from ml.steps import baseline, batch_check, raw_preprocess

if TYPE_CHECKING:
    import pandas as pd

SETTINGS = model.load(dataset.MODEL)
COLUMNS = [batch_check.Column(each.name, each.kind, each.minimum, each.maximum) for each in SETTINGS.features]
RAW_COLUMNS = [raw_preprocess.Column(each.name, each.minimum, each.maximum) for each in SETTINGS.features]
NAMES = list(SETTINGS.feature_names)
LABEL = SETTINGS.label.name
# Model Monitor's own default for the distance from the baseline.
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html
FIXED_DISTANCE = 0.1

Draw = Callable[["pd.DataFrame", int, int], "pd.DataFrame"]
# Name -> how a batch of a size is drawn with a seed, and disturbed; it may take any row that is in no baseline.
DISTURBANCES: dict[str, Draw] = {
    "clean": lambda rows, size, seed: rows.sample(n=size, random_state=seed),
    "Shape and Margin swapped": lambda rows, size, seed: swap_columns(
        rows.sample(n=size, random_state=seed), "Shape", "Margin"
    ),
    "one feature 30 % missing": lambda rows, size, seed: lose_values(
        rows.sample(n=size, random_state=seed), NAMES[seed % len(NAMES)], 0.3, seed
    ),
    "everybody 10 years older": lambda rows, size, seed: grow_older(
        rows.sample(n=size, random_state=seed), "Age", 10, 120
    ),
    "65 % malignant": lambda rows, size, seed: shift_population(rows, LABEL, {"1": 0.65, "0": 0.35}, size, seed),
}


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many of the resamples alarmed: our check, and a fixed distance of 0.1."""

    resamples: int
    check: int
    fixed: int


def read_rows() -> pd.DataFrame:
    """All real rows, an empty cell for a missing value."""
    import pandas as pd  # noqa: PLC0415  # half a second

    path = dataset.fetch().path
    names = list(SETTINGS.column_names)
    return pd.read_csv(path, header=None, names=names, dtype=str, keep_default_na=False).replace("?", "")


def count_alarms(rows: pd.DataFrame, disturbance: str, size: int, seeds: range) -> Alarms:
    """Check a batch for each seed against a baseline of rows that cannot be in it."""
    ours = fixed = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            report = _check_one(rows, disturbance, size, seed, Path(folder))
            ours += report["verdict"] == "drift"
            fixed += any(_distance(feature) > FIXED_DISTANCE for feature in report["features"])
    return Alarms(len(seeds), ours, fixed)


def count_all(disturbances: list[str], sizes: list[int], resamples: int) -> dict[tuple[str, int], Alarms]:
    """Alarms by disturbance and size of the batch, on all processors."""
    rows = read_rows()
    wanted = [(disturbance, size) for disturbance in disturbances for size in sizes]
    with ProcessPoolExecutor() as pool:
        tasks = [pool.submit(count_alarms, rows, *each, range(resamples)) for each in wanted]
        return {each: task.result() for each, task in zip(wanted, tasks, strict=True)}


def _check_one(rows: pd.DataFrame, disturbance: str, size: int, seed: int, folder: Path) -> dict[str, Any]:
    # More than are drawn, so that a population can be shifted.
    held_out = rows.sample(n=max(2 * size, 150), random_state=seed)
    training = rows.drop(held_out.index).sample(frac=SETTINGS.split.train_fraction, random_state=seed)
    values = [[raw_preprocess.parse_value(cell, column) for cell in training[column.name]] for column in RAW_COLUMNS]
    statistics = baseline.describe([baseline.Column(*each) for each in COLUMNS], list(zip(*values, strict=True)))
    baselines = [
        batch_check.read_baseline(column, entry) for column, entry in zip(COLUMNS, statistics["features"], strict=True)
    ]
    batch = DISTURBANCES[disturbance](held_out, size, seed)
    batch[NAMES].to_csv(folder / "batch.csv", header=False, index=False)
    report: dict[str, Any] = batch_check.check(folder, COLUMNS, baselines, SETTINGS.batch_check.significance)
    return dict(report["batch_check"])


def _distance(feature: dict[str, Any]) -> float:
    """As Model Monitor measures it: shares of a nominal feature, cumulative ones of every other."""
    if feature["kind"] != "ordinal":
        return float(feature["distribution"]["distance"])
    before, now = ([each["share"] for each in feature["distribution"][name]] for name in ("baseline", "batch"))
    distances = [abs(a - b) for a, b in zip(accumulate(before), accumulate(now), strict=True)]
    return float(max(distances))
