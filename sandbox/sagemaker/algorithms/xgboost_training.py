"""The built-in XGBoost algorithm, run as a program on what stands for ``/opt/ml``.

Hyperparameters: https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_BOOLEAN = {"0": 0, "1": 1, "true": 1, "false": 0}


def log(line: str) -> None:
    """Print one line, as the container's log shows it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class InputError(Exception):
    """Hyperparameters or data that the algorithm cannot use."""


def _integer(low: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        value = int(text)
        if value < low:
            raise ValueError
        return value

    return convert


def _number(low: float, high: float = float("inf")) -> Callable[[str], float]:
    def convert(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return convert


def _one_of(*choices: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return convert


PARAMETERS: dict[str, Callable[[str], Any]] = {
    "alpha": _number(0),
    "base_score": float,
    "booster": _one_of("gbtree", "gblinear", "dart"),
    "colsample_bylevel": _number(0, 1),
    "colsample_bynode": _number(0, 1),
    "colsample_bytree": _number(0, 1),
    "early_stopping_rounds": _integer(1),
    "eta": _number(0, 1),
    "eval_metric": str,
    "gamma": _number(0),
    "grow_policy": _one_of("depthwise", "lossguide"),
    "lambda": _number(0),
    "max_bin": _integer(2),
    "max_delta_step": _number(0),
    "max_depth": _integer(0),
    "max_leaves": _integer(0),
    "min_child_weight": _number(0),
    "nthread": _integer(1),
    "num_class": _integer(2),
    "num_parallel_tree": _integer(1),
    "num_round": _integer(1),
    "objective": str,
    "scale_pos_weight": float,
    "seed": int,
    "seed_per_iteration": lambda text: _BOOLEAN[text.lower()],
    "subsample": _number(0, 1),
    "tree_method": _one_of("auto", "exact", "approx", "hist"),
    "verbosity": _integer(0),
}


def converted(hyperparameters: dict[str, str]) -> dict[str, Any]:
    """The hyperparameters as XGBoost takes them. Raises :class:`InputError` as the algorithm does."""
    if "num_round" not in hyperparameters:
        raise InputError("Required hyperparameter num_round is missing")
    values: dict[str, Any] = {}
    for name, text in hyperparameters.items():
        if name not in PARAMETERS:
            raise InputError(f"Extraneous hyperparameter found: {name}")
        try:
            values[name] = PARAMETERS[name](text)
        except (ValueError, KeyError):
            raise InputError(f"Hyperparameter {name}: invalid value '{text}'") from None
    return values


def read_csv(paths: Iterable[Path], *, labelled: bool) -> Any:
    """A DMatrix of CSV files without a header, label first; an empty field is a missing value."""
    import numpy  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    values, width, rows = array("f"), 0, 0
    for path in paths:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                fields = line.rstrip("\r\n").split(",")
                width = width or len(fields)
                rows += 1
                try:
                    if len(fields) != width:
                        raise ValueError(f"{len(fields)} columns, where {width} came before")
                    values.extend([float(field) if field.strip() else float("nan") for field in fields])
                except ValueError as error:
                    raise InputError(f"Failed to load csv data: {path.name} line {number}: {error}") from None
    if not rows:
        raise InputError("There is no data: the channel has no rows")
    table = numpy.frombuffer(values, dtype=numpy.float32).reshape(rows, width)
    if not labelled:
        return xgboost.DMatrix(table)
    if numpy.isnan(table[:, 0]).any():
        raise InputError("A label, which is the first column, is missing")
    return xgboost.DMatrix(table[:, 1:], label=table[:, 0])


def _channel(root: Path, name: str) -> Any:
    configured = json.loads((root / "input/config/inputdataconfig.json").read_text())
    if name not in configured:
        return None
    content_type = (configured[name].get("ContentType") or "text/libsvm").split(";")[0]
    if content_type not in ("text/csv", "csv"):
        raise InputError(f"The sandbox reads channels of content type text/csv only, not {content_type}")
    folder = root / "input/data" / name
    return read_csv(sorted(path for path in folder.rglob("*") if path.is_file()), labelled=True)


def train(root: Path) -> None:
    """Train on the channels and save ``model/xgboost-model``."""
    values = converted(json.loads((root / "input/config/hyperparameters.json").read_text()))
    import xgboost  # noqa: PLC0415  (after the hyperparameters, which may be refused, because it is slow)

    matrices = {name: matrix for name in ("train", "validation") if (matrix := _channel(root, name)) is not None}
    if "train" not in matrices:
        raise InputError("The channel 'train' is required")
    log(f"[INFO] Train matrix has {matrices['train'].num_row()} rows and {matrices['train'].num_col()} columns")
    if "validation" in matrices:
        log(f"[INFO] Validation matrix has {matrices['validation'].num_row()} rows")

    class Log(xgboost.callback.TrainingCallback):
        """Prints each round as the container does: its log shows tabs as ``#011``."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            scores = [
                f"#011{data}-{metric}:{history[-1]:.5f}"
                for data, metrics in evals_log.items()
                for metric, history in metrics.items()
            ]
            log(f"[{epoch}]{''.join(scores)}")
            return False

    callbacks: list[Any] = [Log()]
    rounds, patience = values.pop("num_round"), values.pop("early_stopping_rounds", None)
    if patience:
        if "validation" not in matrices:
            raise InputError("early_stopping_rounds needs the channel 'validation'")
        callbacks.append(xgboost.callback.EarlyStopping(rounds=patience, data_name="validation", save_best=True))
    if "eval_metric" in values:
        values["eval_metric"] = values["eval_metric"].split(",")
    booster = xgboost.train(
        values,
        matrices["train"],
        num_boost_round=rounds,
        evals=[(matrix, name) for name, matrix in matrices.items()],
        callbacks=callbacks,
        verbose_eval=False,
    )
    (root / "model/xgboost-model").write_bytes(booster.save_raw("ubj"))


def light_import() -> None:
    """Keep XGBoost from importing pandas and scikit-learn, unused here: it starts three times as fast."""
    for name in ("pandas", "sklearn"):
        sys.modules.update({name: None})  # type: ignore[dict-item]


def fail(root: Path, reason: str) -> None:
    """End as a container does that cannot go on: the reason in ``output/failure``, exit code 1."""
    log(f"[ERROR] {reason}")
    (root / "output/failure").write_text(reason)
    raise SystemExit(1)


if __name__ == "__main__":
    light_import()
    _root = Path(sys.argv[1])
    try:
        train(_root)
    except Exception as _error:
        fail(_root, str(_error).partition("\nStack trace")[0])
