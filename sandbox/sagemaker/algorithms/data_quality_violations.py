"""What of a dataset does not keep a baseline's constraints, by Model Monitor's rules.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
Distances are those of Deequ, which it is built on: https://github.com/awslabs/deequ
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from sandbox.sagemaker.algorithms.data_quality_types import Columns, Document, numbers, type_of

_FITS = {
    "Integral": {"Integral"},
    "Fractional": {"Integral", "Fractional"},
    "String": {"Integral", "Fractional", "String"},
}
_ROBUST_FACTOR = 1.8  # of the Kolmogorov-Smirnov bound that "Robust" takes off a distance


def violations(columns: Columns, statistics: Document, constraints: Document) -> list[Document]:
    """What of the dataset does not keep the baseline's constraints."""
    expected = {one["name"]: one for one in constraints["features"]}
    described = {one["name"]: one for one in statistics["features"]}
    config = constraints["monitoring_config"]
    found = []
    if len(columns) != len(expected):
        kind = "extra" if len(columns) > len(expected) else "missing"
        text = f"There are {kind} columns in current dataset. Number of columns in current dataset: {len(columns)}, "
        text += f"Number of columns in baseline constraints: {len(expected)}"
        found.append(_violation(f"{kind.capitalize()} columns", f"{kind}_column_check", text))
    for name, cells in columns.items():
        if name in expected:
            found += _column_violations(name, cells, described.get(name), expected[name], config)
    return found


def _violation(feature: str, kind: str, text: str) -> Document:
    return {"feature_name": feature, "constraint_check_type": kind, "description": text}


def _column_violations(name: str, cells: list[str], base: Document | None, one: Document, config: Document) -> Any:
    present = [cell for cell in cells if cell]
    fitting = _FITS.get(one["inferred_type"])
    share = sum(type_of(cell) in fitting for cell in present) / len(present) if fitting and present else 1.0
    if share < config["datatype_check_threshold"]:
        yield _violation(
            name,
            "data_type_check",
            f"Data type match requirement is not met. Expected data type: {one['inferred_type']}, Expected match: "
            f"{config['datatype_check_threshold']:.1%}. Observed: Only {share:.1%} of data is {one['inferred_type']}.",
        )
    completeness = len(present) / len(cells)
    if completeness < one["completeness"]:
        yield _violation(
            name,
            "completeness_check",
            f"Data completeness requirement is not met. Expected completeness: {one['completeness']:.1%}. "
            f"Observed: {completeness:.1%}.",
        )
    if one.get("num_constraints", {}).get("is_non_negative") and any(value < 0 for value in numbers(present)):
        yield _violation(name, "non_negative_check", "Values are required to be non-negative, and some are not.")
    domains = one.get("string_constraints", {}).get("domains")
    share = sum(cell in domains for cell in present) / len(present) if domains and present else 1.0
    if share < config["domain_content_threshold"]:
        yield _violation(
            name,
            "categorical_values_check",
            f"Value domain requirement is not met. Expected match: {config['domain_content_threshold']:.1%}. "
            f"Observed: Only {share:.1%} of values are in the baseline domain.",
        )
    limits = config["distribution_constraints"]
    if base and present and limits["perform_comparison"] == "Enabled":
        categorical = "string_statistics" in base
        limit = limits["categorical_comparison_threshold" if categorical else "comparison_threshold"]
        drift = distance(present, base, robust=limits.get("comparison_method") == "Robust")
        if drift > limit:
            text = f"Baseline drift distance: {drift} exceeds threshold: {limit}"
            yield _violation(name, "baseline_drift_check", text)


def distance(present: list[str], base: Document, *, robust: bool) -> float:
    """The greatest difference of two distributions; ``robust`` takes off what chance explains."""
    if "string_statistics" in base:
        buckets = base["string_statistics"]["distribution"]["categorical"]["buckets"]
        before, now = Counter({one["value"]: one["count"] for one in buckets}), Counter(present)
        total_before, total = sum(before.values()), len(present)
        found = max(abs(now[key] / total - before[key] / total_before) for key in before | now)
    else:
        levels = base["numerical_statistics"]["distribution"]["kll"]["sketch"]["data"]
        weights = Counter[float]()
        for level, items in enumerate(levels):
            for item in items:
                weights[item] += 2**level
        values = Counter(numbers(present))
        total_before, total = sum(weights.values()), sum(values.values())
        if not total:
            return 0.0
        found = share_before = share = 0.0
        for value in sorted(weights | values):
            share_before += weights[value] / total_before
            share += values[value] / total
            found = max(found, abs(share - share_before))
    chance = _ROBUST_FACTOR * math.sqrt((total + total_before) / (total * total_before)) if robust else 0.0
    return max(0.0, found - chance)
