"""Batches that must not be scored, made of real rows: two that cannot be read, and one that has drifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml.datasets.disturbance import lose_values, shift_population, swap_columns

if TYPE_CHECKING:
    import pandas as pd

ROWS = 96
MALIGNANT = 0.65  # of all rows 0.46 are
MISSING = 0.3


def drift(held_out: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A batch to score in which the model must not be trusted: three things have changed since it was trained.

    More of the patients are ill, Shape and Margin come in the wrong order, and Density is often not recorded.
    """
    label = held_out.columns[-1]
    shares = {"1": MALIGNANT, "0": 1 - MALIGNANT}
    batch = shift_population(held_out, label, shares, ROWS, seed).drop(columns=label)
    swapped = swap_columns(batch.reset_index(drop=True), "Shape", "Margin")
    return lose_values(swapped, "Density", MISSING, seed)


def add_header(features: pd.DataFrame) -> pd.DataFrame:
    """The batch as the replaced system's "outliers" file has it: no outliers, but a header row, and numbers as 4.0.

    It is a file that no model can score, to see that it is refused, and that it does not count as drift.
    """
    return features.rename(columns={"BI-RADS": "BIRADS"}).map(lambda cell: f"{cell}.0" if cell else cell)


def break_lines(batch: pd.DataFrame, seed: int) -> list[str]:
    """The batch's lines with five of them spoilt, as hands and exports do.

    A word for a number, a question mark for a missing value, a quoted decimal comma, a line with one value too many,
    and one with one too few.
    """
    lines = [",".join(row) for row in batch.itertuples(index=False)]
    places = sorted(batch.reset_index(drop=True).sample(n=5, random_state=seed).index)
    word, question, comma, long, short = places
    for place, cell in ((word, "unknown"), (question, "?"), (comma, '"3,0"')):
        cells = lines[place].split(",")
        lines[place] = ",".join([*cells[:2], cell, *cells[3:]])
    lines[long] += ",1"
    lines[short] = lines[short].rpartition(",")[0]
    return lines
