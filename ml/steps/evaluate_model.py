"""Judge the trained booster on the test split and write evaluation.json; runs in the XGBoost container.

AUC comes from probabilities, with a stratified bootstrap interval: its lower bound is what the pipeline gates on.
The report has the layout of SageMaker's model quality metrics.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

import argparse
import csv
import json
import sys
import tarfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

BOOSTER = "xgboost-model"  # the name that the built-in algorithm gives its artifact
Array = Any  # numpy's own array types cannot be written in the Python of the oldest container


class EvaluationError(Exception):
    """The model cannot be judged; the message says why."""


class Interval(NamedTuple):
    """Bootstrap percentile interval and standard deviation."""

    lower: float
    upper: float
    standard_deviation: float


def count_by_score(labels: Array, scores: Array) -> Tuple[Array, Array]:
    """Positives and negatives at each distinct score, scores ascending."""
    _, place = np.unique(scores, return_inverse=True)
    size = int(place.max()) + 1
    positives = np.bincount(place[labels == 1], minlength=size)
    negatives = np.bincount(place[labels == 0], minlength=size)
    return positives, negatives


def area_under_curve(positives: Array, negatives: Array) -> float:
    """Return the share of positive-negative pairs in which the positive scores higher, ties counting half."""
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))


def bootstrap_interval(positives: Array, negatives: Array, confidence: float, samples: int, seed: int) -> Interval:
    """Resample positives and negatives separately, so that every sample has the split's own share of positives."""
    generator = np.random.RandomState(seed)  # its stream is frozen; that of default_rng may change between versions
    positive_count, negative_count = int(positives.sum()), int(negatives.sum())
    areas = [
        area_under_curve(
            generator.multinomial(positive_count, positives / positive_count),
            generator.multinomial(negative_count, negatives / negative_count),
        )
        for _ in range(samples)
    ]
    tail = 100 * (1 - confidence) / 2
    lower, upper = np.percentile(areas, [tail, 100 - tail])
    return Interval(float(lower), float(upper), float(np.std(areas, ddof=1)))


def confusion(labels: Array, scores: Array, threshold: float) -> Dict[str, Dict[str, int]]:
    """Counts by actual class, then predicted class; a score at the threshold predicts the positive class."""
    predictions = (scores >= threshold).astype(int)
    return {
        str(actual): {str(said): int(((labels == actual) & (predictions == said)).sum()) for said in (0, 1)}
        for actual in (0, 1)
    }


def curves(positives: Array, negatives: Array) -> Dict[str, Dict[str, List[float]]]:
    """ROC and precision-recall points at each distinct score, the strictest threshold first."""
    true_positives = np.cumsum(positives[::-1])
    false_positives = np.cumsum(negatives[::-1])
    recalls = true_positives / positives.sum()
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": [0.0, *(false_positives / negatives.sum()).tolist()],
            "true_positive_rates": [0.0, *recalls.tolist()],
        },
        "precision_recall_curve": {
            "precisions": [1.0, *(true_positives / (true_positives + false_positives)).tolist()],
            "recalls": [0.0, *recalls.tolist()],
        },
    }


def calibration_bins(labels: Array, scores: Array, bins: int) -> List[Dict[str, Any]]:
    """Mean prediction and observed rate of positives in equally wide bins of the score; empty bins have no rates."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    report = []
    for number in range(bins):
        inside = place == number
        entry = {"lower_bound": number / bins, "upper_bound": (number + 1) / bins, "count": int(inside.sum())}
        if inside.any():
            entry["mean_prediction"] = float(scores[inside].mean())
            entry["observed_rate"] = float(labels[inside].mean())
        report.append(entry)
    return report


def metric(value: float, standard_deviation: Optional[float] = None) -> Dict[str, Any]:
    """One metric in SageMaker's layout, which writes an unknown deviation as the text NaN."""
    return {"value": value, "standard_deviation": "NaN" if standard_deviation is None else standard_deviation}


def evaluate(  # noqa: PLR0917  # each setting comes from the model's file
    labels: Array, scores: Array, confidence: float, samples: int, seed: int, threshold: float, bins: int
) -> Dict[str, Any]:
    """Judge scores (probabilities of label 1) against labels (0 or 1)."""
    if len(labels) != len(scores):
        raise EvaluationError(f"{len(labels)} labels, but {len(scores)} scores")
    if not np.isin(labels, (0, 1)).all():
        raise EvaluationError("labels must be 0 or 1")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise EvaluationError("scores must be probabilities: train with the objective binary:logistic")
    positives, negatives = count_by_score(labels, scores)
    if not positives.sum() or not negatives.sum():
        raise EvaluationError("the test split needs rows of both labels: AUC is undefined on one")
    interval = bootstrap_interval(positives, negatives, confidence, samples, seed)
    matrix = confusion(labels, scores, threshold)
    hits, misses = matrix["1"]["1"], matrix["1"]["0"]
    false_alarms, rejections = matrix["0"]["1"], matrix["0"]["0"]
    metrics: Dict[str, Any] = {
        "auc": metric(area_under_curve(positives, negatives), interval.standard_deviation),
        "auc_lower_bound": metric(interval.lower),
        "auc_upper_bound": metric(interval.upper),
        "accuracy": metric((hits + rejections) / len(labels)),
        "brier_score": metric(float(((scores - labels) ** 2).mean())),
        "recall": metric(hits / (hits + misses)),
        "true_negative_rate": metric(rejections / (rejections + false_alarms)),
        "confusion_matrix": matrix,
    }
    if hits + false_alarms:
        metrics["precision"] = metric(hits / (hits + false_alarms))
    metrics.update(curves(positives, negatives))
    return {
        "version": 0.0,
        "dataset": {
            "item_count": len(labels),
            "positive_count": int(positives.sum()),
            "negative_count": int(negatives.sum()),
        },
        "binary_classification_metrics": metrics,
        "calibration": {"bins": calibration_bins(labels, scores, bins)},
    }


def read_test_set(folder: Path) -> Tuple[Array, Array]:
    """Labels (first column) and features of every CSV file in ``folder``; an empty cell is NaN."""
    rows: List[List[float]] = []
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows.extend([float(cell) if cell else float("nan") for cell in row] for row in csv.reader(file) if row)
    if not rows:
        raise EvaluationError("the test split is empty")
    values = np.array(rows, dtype=float)
    return values[:, 0], values[:, 1:]


def read_artifact(folder: Path) -> bytearray:
    """Bytes of the booster in ``folder``/model.tar.gz."""
    try:
        with tarfile.open(str(folder / "model.tar.gz")) as archive:
            for member in archive.getmembers():
                file = archive.extractfile(member) if Path(member.name).name == BOOSTER else None
                if file is not None:
                    return bytearray(file.read())
    except (OSError, EOFError, tarfile.TarError) as error:
        raise EvaluationError(f"model.tar.gz cannot be read: {error}") from error
    raise EvaluationError(f"model.tar.gz holds no {BOOSTER}")


def predict(artifact: bytearray, features: Array) -> Array:
    """Probabilities that the booster gives the rows."""
    import xgboost  # noqa: PLC0415  # the functions above are used where it is not installed

    booster = xgboost.Booster()
    booster.load_model(artifact)
    return booster.predict(xgboost.DMatrix(features, missing=np.nan), validate_features=False).astype(float)


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Paths and settings; the pipeline's definition gives every one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder that holds model.tar.gz")
    parser.add_argument("--test", type=Path, required=True, help="folder of label-first CSV files")
    parser.add_argument("--output", type=Path, required=True, help="folder for evaluation.json")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--bootstrap-samples", type=int, required=True)
    parser.add_argument("--bootstrap-seed", type=int, required=True)
    parser.add_argument("--decision-threshold", type=float, required=True)
    parser.add_argument("--calibration-bins", type=int, required=True)
    parser.add_argument("--execution-id", required=True, help="written into the report")
    parser.add_argument("--input-data", required=True, help="where the raw rows came from; written into the report")
    return parser.parse_args(arguments)


def main() -> None:
    """Read model and test split, judge, and write the report."""
    options = parse_arguments()
    try:
        labels, features = read_test_set(options.test)
        scores = predict(read_artifact(options.model), features)
        report = evaluate(
            labels,
            scores,
            options.confidence,
            options.bootstrap_samples,
            options.bootstrap_seed,
            options.decision_threshold,
            options.calibration_bins,
        )
    except EvaluationError as error:
        sys.exit(f"the model cannot be judged: {error}")
    report["evaluation"] = {
        "execution_id": options.execution_id,
        "input_data": options.input_data,
        "confidence": options.confidence,
        "bootstrap_samples": options.bootstrap_samples,
        "bootstrap_seed": options.bootstrap_seed,
        "decision_threshold": options.decision_threshold,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "evaluation.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    metrics = report["binary_classification_metrics"]
    print(
        "AUC {:.3f}, {:.0%} interval {:.3f} to {:.3f}, on {} rows".format(
            metrics["auc"]["value"],
            options.confidence,
            metrics["auc_lower_bound"]["value"],
            metrics["auc_upper_bound"]["value"],
            len(labels),
        )
    )


if __name__ == "__main__":
    main()
