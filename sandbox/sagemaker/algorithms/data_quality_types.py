"""What Model Monitor takes a cell of a CSV file for."""

from __future__ import annotations

import re
from typing import Any

Document = dict[str, Any]
Columns = dict[str, list[str]]  # an empty cell is a missing value
_INTEGRAL = re.compile(r"[-+]? ?\d+")
_FRACTIONAL = re.compile(r"[-+]? ?\d+(?:\.\d+|(?:\.\d+)?[Ee][-+]?\d+)")


def type_of(cell: str) -> str:
    """Model Monitor's type of one cell."""
    if _INTEGRAL.fullmatch(cell):
        return "Integral"
    return "Fractional" if _FRACTIONAL.fullmatch(cell) else "String"


def infer(cells: list[str]) -> str:
    """The type that all present cells have."""
    kinds = {type_of(cell) for cell in cells if cell}
    if not kinds:
        return "Unknown"
    return "String" if "String" in kinds else "Fractional" if "Fractional" in kinds else "Integral"


def numbers(cells: list[str]) -> list[float]:
    """The cells that are numbers."""
    return [float(cell.replace(" ", "")) for cell in cells if type_of(cell) != "String"]
