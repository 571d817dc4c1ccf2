"""SageMaker Model Monitor's data-quality analyzer for CSV, run as a program on what stands for ``/opt/ml``.

The container's contract: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html
What it writes: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-outputs.html
What it checks: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
Its sketches and distances are those of Deequ, which it is built on: https://github.com/awslabs/deequ
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
from collections import Counter
from pathlib import Path

from sandbox.sagemaker.algorithms.data_quality_types import Columns, Document, infer, numbers
from sandbox.sagemaker.algorithms.data_quality_violations import violations
from sandbox.sagemaker.algorithms.xgboost_training import InputError, fail, log

_BUCKETS = 10


def read(folder: Path, *, header: bool) -> Columns:
    """Every CSV file in the folder, by column; without a header columns are ``_c0``, ``_c1`` and so on."""
    names: list[str] = []
    rows: list[list[str]] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                lines = [line for line in csv.reader(file) if line]
            if header:
                names = lines.pop(0) if lines else names
            rows += lines
    if not rows:
        raise InputError("The dataset has no rows")
    names = names or [f"_c{number}" for number in range(max(map(len, rows)))]
    return {name: [row[at] if at < len(row) else "" for row in rows] for at, name in enumerate(names)}


def describe(columns: Columns) -> Document:
    """``statistics.json``."""
    count = len(next(iter(columns.values())))
    return {"version": 0.0, "dataset": {"item_count": count}, "features": [_feature(*one) for one in columns.items()]}


def _feature(name: str, cells: list[str]) -> Document:
    present = [cell for cell in cells if cell]
    common = {"num_present": len(present), "num_missing": len(cells) - len(present)}
    kind = infer(cells)
    if kind not in ("Integral", "Fractional"):
        counts = Counter(present)
        buckets = [{"value": value, "count": counts[value]} for value in sorted(counts)]
        distribution = {"categorical": {"buckets": buckets}}
        found = {"common": common, "distinct_count": float(len(counts)), "distribution": distribution}
        return {"name": name, "inferred_type": kind, "string_statistics": found}
    values = sorted(numbers(cells))
    mean = math.fsum(values) / len(values)
    width = (values[-1] - values[0]) / _BUCKETS
    filled = Counter(min(int((value - values[0]) / width), _BUCKETS - 1) if width else 0 for value in values)
    buckets = [
        {"lower_bound": values[0] + at * width, "upper_bound": values[0] + (at + 1) * width, "count": float(filled[at])}
        for at in range(_BUCKETS)
    ]
    sketch = {"parameters": {"c": 0.64, "k": 2048.0}, "data": [values]}
    found = {
        "common": common,
        "mean": mean,
        "sum": math.fsum(values),
        "std_dev": math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)),
        "min": values[0],
        "max": values[-1],
        "distribution": {"kll": {"buckets": buckets, "sketch": sketch}},
    }
    return {"name": name, "inferred_type": kind, "numerical_statistics": found}


def suggest(statistics: Document) -> Document:
    """``constraints.json`` as Model Monitor suggests it."""
    features = []
    for feature in statistics["features"]:
        numerical = feature.get("numerical_statistics")
        common = (numerical or feature["string_statistics"])["common"]
        constraint = {
            "name": feature["name"],
            "inferred_type": feature["inferred_type"],
            "completeness": common["num_present"] / (common["num_present"] + common["num_missing"]),
        }
        if numerical:
            constraint["num_constraints"] = {"is_non_negative": numerical["min"] >= 0}
        features.append(constraint)
    thresholds = {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    }
    config = {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": thresholds,
    }
    return {"version": 0.0, "features": features, "monitoring_config": config}


def analyze() -> None:
    """Do what the environment asks for; paths in it stand for those of the container already."""
    options = json.loads(os.environ.get("dataset_format", "{}"))  # noqa: SIM112 - the contract's names
    if set(options) != {"csv"}:
        raise InputError(f"The sandbox's analyzer reads CSV only, not {', '.join(options) or 'nothing'}")
    columns = read(Path(os.environ["dataset_source"]), header=bool(options["csv"].get("header")))  # noqa: SIM112
    output = Path(os.environ["output_path"])  # noqa: SIM112
    statistics = describe(columns)
    files = {"statistics": statistics, "constraints": suggest(statistics)}
    baseline = [os.environ.get(name) for name in ("baseline_statistics", "baseline_constraints")]
    if all(baseline):
        found = violations(columns, *(json.loads(Path(str(path)).read_text()) for path in baseline))
        files["constraint_violations"] = {"violations": found}
        log(f"[INFO] {len(found)} violations")
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (output / f"{name}.json").write_text(json.dumps(content))


if __name__ == "__main__":
    _root = Path(sys.argv[1])
    try:
        analyze()
    except Exception as _error:
        fail(_root, str(_error))
