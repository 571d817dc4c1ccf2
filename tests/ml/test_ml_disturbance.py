"""Each disturbance does what it says and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from ml.datasets import disturbance

BATCH = pd.DataFrame(
    {"Age": ["60", "", "95"] * 20, "Shape": ["1"] * 60, "Margin": ["5"] * 60, "Ill": ["0", "1", "1"] * 20}
)


def test_swapped_columns_hold_each_others_values() -> None:
    swapped = disturbance.swap_columns(BATCH, "Shape", "Margin")
    assert (set(swapped["Shape"]), set(swapped["Margin"])) == ({"5"}, {"1"})
    assert list(swapped.columns) == list(BATCH.columns)
    assert swapped["Age"].equals(BATCH["Age"])


@pytest.mark.parametrize(("column", "rate", "missing"), [("Shape", 0.3, 18), ("Age", 0.5, 30), ("Age", 0.1, 20)])
def test_values_are_lost_up_to_the_rate_and_never_found(column: str, rate: float, missing: int) -> None:
    lost = disturbance.lose_values(BATCH, column, rate, seed=1)
    assert (lost[column] == "").sum() == missing
    assert ((lost[column] == "") >= (BATCH[column] == "")).all()
    assert lost.drop(columns=column).equals(BATCH.drop(columns=column))
    assert lost.equals(disturbance.lose_values(BATCH, column, rate, seed=1))


def test_shifted_population_has_the_shares_and_repeats_rows_only_where_they_are_too_few() -> None:
    numbered = BATCH.assign(row=range(60))
    shifted = disturbance.shift_population(numbered, "Ill", {"1": 0.8, "0": 0.2}, size=50, seed=1)
    assert (shifted["Ill"] == "1").sum() == 40
    assert shifted["row"].is_unique
    crowded = disturbance.shift_population(numbered, "Ill", {"1": 0.4, "0": 0.6}, size=50, seed=1)
    assert len(crowded) == 50
    assert crowded[crowded["Ill"] == "1"]["row"].is_unique
    assert not crowded["row"].is_unique


def test_ages_grow_to_the_maximum_and_missing_ones_stay_missing() -> None:
    older = disturbance.grow_older(BATCH, "Age", years=10, maximum=100)
    assert list(older["Age"][:3]) == ["70", "", "100"]
