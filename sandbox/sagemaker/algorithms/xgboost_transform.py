"""Batch inference with an XGBoost artifact, run as a program on what stands for ``/opt/ml``.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.sagemaker.algorithms.xgboost_training import InputError, fail, light_import, log


def payloads(path: Path, options: dict[str, Any]) -> Iterator[bytes]:
    """The file in the requests that batch transform would make: whole records, within the payload limit."""
    limit = options["MaxPayloadBytes"]
    if options["SplitType"] == "None":
        if path.stat().st_size > limit:
            raise InputError(f"{path.name} is larger than MaxPayloadInMB and SplitType is None")
        yield path.read_bytes()
        return
    with path.open("rb") as file:
        if options["BatchStrategy"] == "SingleRecord":
            yield from (_within(line, limit, path) for line in file if line.strip())
            return
        rest = b""
        while block := file.read(limit - len(rest)):
            whole, line_end, rest = (rest + block).rpartition(b"\n")
            if whole.strip():
                yield whole + line_end
            # Not one record ends in what a request may hold, unless it is the file's last.
            if len(rest) >= limit:
                _within(rest + file.read(1), limit, path)
        if rest.strip():
            yield rest


def _within(record: bytes, limit: int, path: Path) -> bytes:
    if len(record) > limit:
        raise InputError(f"A record of {path.name} is larger than MaxPayloadInMB")
    return record


def parse(payload: bytes, width: int, name: str) -> Any:
    """A matrix of 32-bit floats, NaN where a field is empty. Raises :class:`InputError` as the container does."""
    import numpy  # noqa: PLC0415

    text = payload.replace(b"\r\n", b"\n").replace(b",,", b",nan,").replace(b",,", b",nan,")
    text = text.replace(b"\n,", b"\nnan,").replace(b",\n", b",nan\n")
    if text.startswith(b","):
        text = b"nan" + text
    if text.endswith(b","):
        text += b"nan"
    try:
        rows = numpy.loadtxt(io.BytesIO(text), dtype=numpy.float32, delimiter=",", comments=None, ndmin=2)
    except ValueError as error:
        raise InputError(f"Unable to parse {name}: {error}. The input must be CSV without a header.") from None
    if rows.shape[1] != width:
        raise InputError(f"{name}: the model takes {width} features, and a record has {rows.shape[1]}")
    return rows


def predict(booster: Any, payload: bytes, name: str) -> list[str]:
    """One line of predictions per record."""
    predicted = booster.inplace_predict(parse(payload, booster.num_features(), name), missing=float("nan"))
    if predicted.ndim > 1:
        return [",".join(map(str, row)) for row in predicted.tolist()]
    return list(map(str, predicted.tolist()))


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
            for payload in payloads(root / "batch" / name, options):
                predictions = predict(booster, payload, name)
                file.write("\n".join(predictions) + end)
                count += len(predictions)
        log(f"[INFO] {name}: {count} records")


if __name__ == "__main__":
    light_import()
    _root = Path(sys.argv[1])
    try:
        transform(_root)
    except Exception as _error:
        fail(_root, str(_error).partition("\nStack trace")[0])
