"""Batch inference with an XGBoost artifact, run as a program on what stands for ``/opt/ml``.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.sagemaker.algorithms.xgboost_training import InputError, fail, light_import, log


def payloads(path: Path, options: dict[str, Any]) -> Iterator[list[bytes]]:
    """The file's records in the requests that batch transform would make, each within the payload limit."""
    limit, records, size = options["MaxPayloadBytes"], list[bytes](), 0
    if options["SplitType"] == "None":
        if path.stat().st_size > limit:
            raise InputError(f"{path.name} is larger than MaxPayloadInMB and SplitType is None")
        yield [line for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
        return
    single = options["BatchStrategy"] == "SingleRecord"
    with path.open("rb") as file:
        for line in file:
            if not line.strip():
                continue
            if len(line) > limit:
                raise InputError(f"A record of {path.name} is larger than MaxPayloadInMB")
            if records and (single or size + len(line) > limit):
                yield records
                records, size = [], 0
            records.append(line)
            size += len(line)
    if records:
        yield records


def predict(booster: Any, records: list[bytes], name: str) -> str:
    """One line of predictions per record."""
    import numpy  # noqa: PLC0415

    width = booster.num_features()
    try:
        rows = [[float(field) if field.strip() else float("nan") for field in r.split(b",")] for r in records]
    except ValueError as error:
        raise InputError(f"Unable to parse {name}: {error}. The input must be CSV without a header.") from None
    wrong = next((row for row in rows if len(row) != width), None)
    if wrong is not None:
        raise InputError(f"{name}: the model takes {width} features, and a record has {len(wrong)}")
    predicted = booster.inplace_predict(numpy.array(rows, dtype=numpy.float32), missing=float("nan"))
    if predicted.ndim > 1:
        return "\n".join(",".join(map(str, row)) for row in predicted.tolist())
    return "\n".join(map(str, predicted.tolist()))


def transform(root: Path) -> None:
    """Write ``transformed/<file>.out`` for each file below ``batch``."""
    import xgboost  # noqa: PLC0415

    options = json.loads((root / "config/transform.json").read_text())
    model = root / "model/xgboost-model"
    if not model.is_file():
        raise InputError("The model's archive has no file xgboost-model")
    booster = xgboost.Booster(model_file=bytearray(model.read_bytes()))
    end = "\n" if options["AssembleWith"] == "Line" else ""
    for name in options["Files"]:
        target = root / "transformed" / f"{name}.out"
        target.parent.mkdir(parents=True, exist_ok=True)
        count = 0
        with target.open("w", encoding="utf-8") as file:
            for records in payloads(root / "batch" / name, options):
                file.write(predict(booster, records, name) + end)
                count += len(records)
        log(f"[INFO] {name}: {count} records")


if __name__ == "__main__":
    light_import()
    _root = Path(sys.argv[1])
    try:
        transform(_root)
    except Exception as _error:
        fail(_root, str(_error).partition("\nStack trace")[0])
