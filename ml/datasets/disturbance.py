"""What goes wrong with a batch, one thing at a time, done to real rows with a seed.

Frames hold the cells as text, an empty one for a missing value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def swap_columns(batch: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The batch as an export writes it that has two columns in the wrong order."""
    return batch.assign(**{first: batch[second], second: batch[first]})


def lose_values(batch: pd.DataFrame, column: str, rate: float, seed: int) -> pd.DataFrame:
    """The batch with further values of a column missing, until ``rate`` of all rows have none."""
    present = batch.index[batch[column] != ""]
    wanted = round(rate * len(batch)) - (len(batch) - len(present))
    lost = present.to_series().sample(n=max(wanted, 0), random_state=seed).index
    return batch.assign(**{column: batch[column].mask(batch.index.isin(lost), "")})


def shift_population(rows: pd.DataFrame, column: str, shares: dict[str, float], size: int, seed: int) -> pd.DataFrame:
    """Rows of which each given value of ``column`` has its share: patients of another clinic, their values untouched.

    Drawn without replacement while there are enough rows, so that no row is told twice unless it has to be.
    """
    import pandas as pd  # noqa: PLC0415  # half a second

    parts = []
    for value, share in shares.items():
        pool, number = rows[rows[column] == value], round(share * size)
        parts.append(pool.sample(n=number, replace=number > len(pool), random_state=seed))
    return pd.concat(parts).sample(frac=1, random_state=seed)


def grow_older(batch: pd.DataFrame, column: str, years: int, maximum: int) -> pd.DataFrame:
    """The batch with everybody older, nobody beyond the maximum."""
    return batch.assign(**{column: [str(min(int(cell) + years, maximum)) if cell else "" for cell in batch[column]]})
