"""Describe the raw training rows as the baseline for later batches; runs in the scikit-learn container.

Writes statistics.json and constraints.json in Model Monitor's formats, but does not use Model Monitor, which takes no
new customers. Missing values are counted, not imputed: on imputed rows almost any raw batch would be a violation.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-statistics.html
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html
"""

import argparse
import csv
import json
import math
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

SKETCH_SIZE = 2048  # most values that one level of a sketch holds
SKETCH_SHRINKAGE = 0.64  # Model Monitor's own parameter, which readers of the format expect
BUCKETS = 10


class BaselineError(Exception):
    """The training rows cannot be described; the message says why."""


class Column(NamedTuple):
    """A feature; ``kind`` is ordinal, nominal or numeric."""

    name: str
    kind: str
    minimum: float
    maximum: float


def parse_column(text: str) -> Column:
    """Read ``name:kind:minimum:maximum``, the form in which the definition names a column."""
    name, kind, minimum, maximum = text.split(":")
    return Column(name, kind, float(minimum), float(maximum))


def format_category(value: float) -> str:
    """A category as the raw files write it: 3, not 3.0."""
    return f"{value:.12g}"


def infer_type(values: Sequence[float], kind: str) -> str:
    """Model Monitor's name for the type: a nominal column's numbers are names."""
    if not values:
        return "Unknown"
    if kind == "nominal":
        return "String"
    return "Integral" if all(value == math.floor(value) for value in values) else "Fractional"


def count_buckets(values: Sequence[float], buckets: int) -> List[Dict[str, float]]:
    """Counts in equally wide buckets from least to greatest value; the last one includes its upper bound."""
    low, high = min(values), max(values)
    edges = [low + (high - low) * number / buckets for number in range(buckets)] + [high]
    counts = [0] * buckets
    for value in values:
        place = 0 if high == low else min(int((value - low) / (high - low) * buckets), buckets - 1)
        counts[place] += 1
    return [
        {"lower_bound": edges[number], "upper_bound": edges[number + 1], "count": float(counts[number])}
        for number in range(buckets)
    ]


def sketch_levels(values: Sequence[float], size: int = SKETCH_SIZE) -> List[List[float]]:
    """Quantile sketch: a value at level n stands for 2**n rows. Up to ``size`` rows it holds them all."""
    levels = []
    current = sorted(values)
    while len(current) > size:
        even = len(current) - len(current) % 2
        levels.append(current[even:])
        current = current[len(levels) % 2 : even : 2]
    levels.append(current)
    return levels


def describe_column(column: Column, cells: Sequence[Optional[float]]) -> Dict[str, Any]:
    """One feature's entry in statistics.json."""
    values = [cell for cell in cells if cell is not None]
    common = {"num_present": len(values), "num_missing": len(cells) - len(values)}
    kind = infer_type(values, column.kind)
    entry: Dict[str, Any] = {"name": column.name, "inferred_type": kind}
    if kind in ("Integral", "Fractional"):
        mean = math.fsum(values) / len(values)
        entry["numerical_statistics"] = {
            "common": common,
            "mean": mean,
            "sum": math.fsum(values),
            "std_dev": math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)),
            "min": min(values),
            "max": max(values),
            "distribution": {
                "kll": {
                    "buckets": count_buckets(values, BUCKETS),
                    "sketch": {
                        "parameters": {"c": SKETCH_SHRINKAGE, "k": float(SKETCH_SIZE)},
                        "data": sketch_levels(values),
                    },
                }
            },
        }
    else:
        categories = sorted(set(values))
        entry["string_statistics"] = {
            "common": common,
            "distinct_count": float(len(categories)),
            "distribution": {
                "categorical": {
                    "buckets": [
                        {"value": format_category(category), "count": values.count(category)} for category in categories
                    ]
                }
            },
        }
    return entry


def describe(columns: Sequence[Column], rows: Sequence[Sequence[Optional[float]]]) -> Dict[str, Any]:
    """Content of statistics.json."""
    return {
        "version": 0.0,
        "dataset": {"item_count": len(rows)},
        "features": [describe_column(column, [row[number] for row in rows]) for number, column in enumerate(columns)],
    }


def constrain(columns: Sequence[Column], statistics: Dict[str, Any]) -> Dict[str, Any]:
    """Content of constraints.json: type, completeness, sign or permitted categories of each feature."""
    features = []
    for column, entry in zip(columns, statistics["features"]):
        numbers = entry.get("numerical_statistics")
        common = (numbers or entry["string_statistics"])["common"]
        constraint: Dict[str, Any] = {
            "name": column.name,
            "inferred_type": entry["inferred_type"],
            "completeness": common["num_present"] / (common["num_present"] + common["num_missing"]),
        }
        if numbers:
            constraint["num_constraints"] = {"is_non_negative": numbers["min"] >= 0}
        else:
            # What the model's file permits, not only what the training rows happen to hold.
            permitted = range(math.ceil(column.minimum), math.floor(column.maximum) + 1)
            constraint["string_constraints"] = {"domains": [str(category) for category in permitted]}
        features.append(constraint)
    return {
        "version": 0.0,
        "features": features,
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
                "categorical_comparison_threshold": 0.1,
                "categorical_drift_method": "LInfinity",
            },
        },
    }


def read_rows(folder: Path, columns: Sequence[Column]) -> List[Tuple[Optional[float], ...]]:
    """Rows of every CSV file in ``folder``, each with a header that names the columns in order."""
    names = [column.name for column in columns]
    rows: List[Tuple[Optional[float], ...]] = []
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if header != names:
                raise BaselineError("{} has columns {}, not {}".format(path.name, ",".join(header), ",".join(names)))
            rows.extend(tuple(float(cell) if cell else None for cell in row) for row in reader if row)
    if not rows:
        raise BaselineError("there are no training rows")
    return rows


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Paths and settings; the pipeline's definition gives every one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True, help="folder of raw training rows with a header")
    parser.add_argument("--output", type=Path, required=True, help="folder for statistics.json and constraints.json")
    parser.add_argument("--column", type=parse_column, action="append", required=True, help="name:kind:minimum:maximum")
    return parser.parse_args(arguments)


def main() -> None:
    """Read the training rows and write both files."""
    options = parse_arguments()
    try:
        rows = read_rows(options.input, options.column)
    except BaselineError as error:
        sys.exit(f"no baseline: {error}")
    statistics = describe(options.column, rows)
    constraints = constrain(options.column, statistics)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, content in (("statistics", statistics), ("constraints", constraints)):
        (options.output / (name + ".json")).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    print(f"described {len(options.column)} features of {len(rows)} rows")


if __name__ == "__main__":
    main()
