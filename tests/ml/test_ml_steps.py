"""The container scripts' functions on a few rows."""

from __future__ import annotations

import ast
import io
import json
import math
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml.steps import baseline, evaluate_model, raw_preprocess

STEPS = Path(raw_preprocess.__file__).parent
SCRIPTS = sorted(path for path in STEPS.glob("*.py") if path.name != "__init__.py")
IN_THE_CONTAINERS = {"numpy", "scipy", "xgboost"}
FEATURES = [raw_preprocess.Column("Age", 0, 120), raw_preprocess.Column("Shape", 1, 4)]
LABEL = raw_preprocess.Column("Severity", 0, 1)


def parse(text: str) -> list[raw_preprocess.Row]:
    return raw_preprocess.parse_lines("a.csv", io.StringIO(text), FEATURES, LABEL)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_has_the_syntax_of_python_3_8(script: Path) -> None:
    tree = ast.parse(script.read_text(), feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            assert node.value.id not in {"list", "dict", "tuple", "set", "frozenset", "type"}, ast.unparse(node)
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"removeprefix", "removesuffix", "readlink", "is_relative_to"}, ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            assert node.module != "__future__"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_needs_nothing_installed_and_no_network(script: Path) -> None:
    modules = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").split(".")[0])
    assert modules <= set(sys.stdlib_module_names) | IN_THE_CONTAINERS
    assert not modules & {"socket", "urllib", "http", "ssl", "subprocess"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_names_no_folder_of_the_container(script: Path) -> None:
    assert "/opt/ml" not in script.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "50,2,1\n?,3,0\n",
        "Age,Shape,Severity\n50,2,1\n?,3,0\n",
        "Severity,Age,Shape\n1,50,2\n0,?,3\n",
        "0,1,2\n50,2,1\n,3,0\n",
        "Age,Shape,Severity\r\n 50 ,2,1\r\n\r\n?,3,0\r\n",
    ],
    ids=["no header", "header", "other order", "header of numbers", "spaces, blank line, CRLF"],
)
def test_every_layout_gives_the_same_rows(text: str) -> None:
    assert parse(text) == [(50.0, 2.0, 1.0), (None, 3.0, 0.0)]


def test_value_out_of_range_counts_as_missing() -> None:
    assert parse("121,2,1\n-1,5,0\n") == [(None, 2.0, 1.0), (None, None, 0.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("50,2,1\n50,2\n", "a.csv, line 2: 2 values, not the 3 of Age,Shape,Severity"),
        ("50,2,1\nold,2,1\n", "a.csv, line 2: Age is 'old'; write a number, or ? where it is missing"),
        ("50,2,1\nnan,2,1\n", "a.csv, line 2: Age is 'nan'"),
        ("50,2,2\n", "a.csv, line 1: the label Severity is '2'; write 0 or 1"),
        ("50,2,?\n", "a.csv, line 1: the label Severity is '?'"),
        ("Years,Shape,Severity\n50,2,1\n", "a.csv, line 1: Age is 'Years'"),
        ("50,2,1\nAge,Shape,Severity\n", "a.csv, line 2: Age is 'Age'"),
    ],
)
def test_malformed_row_is_named_by_file_and_line(text: str, message: str) -> None:
    with pytest.raises(raw_preprocess.MalformedDataError) as refusal:
        parse(text)
    assert message in str(refusal.value)


def test_mistakes_of_all_files_are_named_together_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.csv").write_text("x,2,1\n" * 30)
    (tmp_path / "below" / "b.CSV").write_text("50,2\n")
    (tmp_path / "notes.txt").write_text("not data")
    with pytest.raises(raw_preprocess.MalformedDataError) as refusal:
        raw_preprocess.read_rows(tmp_path, FEATURES, LABEL)
    lines = str(refusal.value).splitlines()
    assert lines[0].startswith("a.csv, line 1")
    assert lines[-1] == "and 11 more"


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeffAge,Shape,Severity\n50,2,1\n", encoding="utf-8")
    assert raw_preprocess.read_rows(tmp_path, FEATURES, LABEL) == {"a.csv": [(50.0, 2.0, 1.0)]}
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe5\x000\x00")
    with pytest.raises(raw_preprocess.MalformedDataError, match=r"a\.csv: is not UTF-8 text"):
        raw_preprocess.read_rows(tmp_path, FEATURES, LABEL)


def test_prefix_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Age,Shape,Severity\n")
    with pytest.raises(
        raw_preprocess.MalformedDataError, match="no rows: put CSV files with columns Age,Shape,Severity"
    ):
        raw_preprocess.read_rows(tmp_path, FEATURES, LABEL)


def test_split_is_stratified_seeded_and_loses_no_row() -> None:
    rows = [(float(age), None, float(age % 4 == 0)) for age in range(100)]
    first = raw_preprocess.split_rows(rows, 0.7, 0.15, seed=1)
    again = raw_preprocess.split_rows(rows[::-1], 0.7, 0.15, seed=1)
    other = raw_preprocess.split_rows(rows, 0.7, 0.15, seed=2)
    assert first == again
    assert first != other
    assert [len(split) for split in first] == [71, 15, 14]
    assert [sum(row[-1] or 0 for row in split) for split in first] == [18, 4, 3]
    assert sorted(row[0] or 0 for split in first for row in split) == [float(age) for age in range(100)]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(raw_preprocess.MalformedDataError, match="2 rows with label 0 are too few for three splits"):
        raw_preprocess.split_rows([(1.0, 1.0, 0.0)] * 2 + [(1.0, 1.0, 1.0)] * 10, 0.7, 0.15, seed=1)
    with pytest.raises(raw_preprocess.MalformedDataError, match="0 rows with label 1"):
        raw_preprocess.split_rows([(1.0, 1.0, 0.0)] * 20, 0.7, 0.15, seed=1)


def test_label_comes_first_and_missing_is_empty() -> None:
    rows: list[raw_preprocess.Row] = [(50.0, None, 1.0), (0.1, 2.0, 0.0)]
    assert raw_preprocess.to_label_first(rows) == [["1", "50", ""], ["0", "0.1", "2"]]
    assert raw_preprocess.to_features(rows) == [["50", ""], ["0.1", "2"]]


def test_auc_is_that_of_the_probabilities_ties_included() -> None:
    labels = np.array([0, 0, 1, 1, 0, 1])
    scores = np.array([0.1, 0.4, 0.4, 0.8, 0.4, 0.2])
    counts = evaluate_model.count_by_score(labels, scores)
    assert evaluate_model.area_under_curve(*counts) == pytest.approx(roc_auc_score(labels, scores))


def test_interval_holds_the_auc_and_is_seeded() -> None:
    generator = np.random.default_rng(0)
    labels = (generator.random(200) < 0.4).astype(int)
    scores = np.clip(generator.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    counts = evaluate_model.count_by_score(labels, scores)
    first = evaluate_model.bootstrap_interval(*counts, 0.95, 500, seed=3)
    assert first == evaluate_model.bootstrap_interval(*counts, 0.95, 500, seed=3)
    assert first != evaluate_model.bootstrap_interval(*counts, 0.95, 500, seed=4)
    assert first.lower < evaluate_model.area_under_curve(*counts) < first.upper
    wider = evaluate_model.bootstrap_interval(*counts, 0.99, 500, seed=3)
    assert wider.lower < first.lower


def test_bootstrap_resamples_rows_within_each_label() -> None:
    """Its spread is that of resampling rows, done here the long way."""
    generator = np.random.default_rng(1)
    positives, negatives = generator.normal(0.6, 0.2, 40), generator.normal(0.4, 0.2, 50)
    labels = np.repeat([1, 0], [40, 50])
    # No two of these values are equal, so the area is the share of pairs in which the positive is greater.
    slow = [
        np.greater.outer(generator.choice(positives, 40), generator.choice(negatives, 50)).mean() for _ in range(400)
    ]
    counts = evaluate_model.count_by_score(labels, np.r_[positives, negatives])
    fast = evaluate_model.bootstrap_interval(*counts, 0.95, 1000, seed=1)
    assert fast.lower == pytest.approx(np.percentile(slow, 2.5), abs=0.025)
    assert fast.standard_deviation == pytest.approx(np.std(slow), rel=0.2)


@pytest.fixture
def report() -> dict[str, Any]:
    labels = np.array([0, 0, 1, 1])
    scores = np.array([0.1, 0.6, 0.55, 0.9])
    return evaluate_model.evaluate(labels, scores, 0.95, 200, 1, 0.5, 2)


def test_report_has_sagemakers_layout(report: dict[str, Any]) -> None:
    metrics = report["binary_classification_metrics"]
    assert metrics["auc"] == {"value": 0.75, "standard_deviation": pytest.approx(0.25, abs=0.1)}
    assert metrics["accuracy"] == {"value": 0.75, "standard_deviation": "NaN"}
    assert metrics["brier_score"]["value"] == pytest.approx((0.01 + 0.36 + 0.2025 + 0.01) / 4)
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 1}, "1": {"0": 0, "1": 2}}
    assert metrics["receiver_operating_characteristic_curve"] == {
        "false_positive_rates": [0.0, 0.0, 0.5, 0.5, 1.0],
        "true_positive_rates": [0.0, 0.5, 0.5, 1.0, 1.0],
    }
    assert metrics["precision_recall_curve"]["precisions"] == pytest.approx([1, 1, 1 / 2, 2 / 3, 1 / 2])
    assert report["dataset"] == {"item_count": 4, "positive_count": 2, "negative_count": 2}
    assert report["calibration"]["bins"][0] == {
        "lower_bound": 0.0,
        "upper_bound": 0.5,
        "count": 1,
        "mean_prediction": 0.1,
        "observed_rate": 0.0,
    }
    json.dumps(report, allow_nan=False)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([1, 1], [0.1, 0.2], "rows of both labels"),
        ([0, 2], [0.1, 0.2], "labels must be 0 or 1"),
        ([0, 1], [0.1, 1.2], "must be probabilities"),
        ([0, 1], [0.1], "2 labels, but 1 scores"),
    ],
)
def test_model_that_cannot_be_judged_is_not(labels: list[int], scores: list[float], message: str) -> None:
    with pytest.raises(evaluate_model.EvaluationError, match=message):
        evaluate_model.evaluate(np.array(labels), np.array(scores), 0.95, 200, 1, 0.5, 2)


def test_empty_cell_of_the_test_split_is_missing_not_zero(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("1,50,\n0,,2\n")
    labels, features = evaluate_model.read_test_set(tmp_path)
    assert labels.tolist() == [1, 0]
    np.testing.assert_array_equal(features, [[50, np.nan], [np.nan, 2]])
    (tmp_path / "test.csv").write_text("")
    with pytest.raises(evaluate_model.EvaluationError, match="the test split is empty"):
        evaluate_model.read_test_set(tmp_path)


def test_artifact_is_found_and_a_damaged_one_refused(tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"not an archive")
    with pytest.raises(evaluate_model.EvaluationError, match="cannot be read"):
        evaluate_model.read_artifact(tmp_path)
    (tmp_path / "file").write_bytes(b"booster")
    with tarfile.open(archive, "w:gz") as files:
        files.add(tmp_path / "file", "other")
    with pytest.raises(evaluate_model.EvaluationError, match="holds no xgboost-model"):
        evaluate_model.read_artifact(tmp_path)
    with tarfile.open(archive, "w:gz") as files:
        files.add(tmp_path / "file", "./xgboost-model")
    assert evaluate_model.read_artifact(tmp_path) == b"booster"


COLUMNS = [baseline.Column("Age", "numeric", 0, 120), baseline.Column("Shape", "nominal", 1, 4)]
ROWS = [(30.0, 1.0), (None, 1.0), (50.0, 3.0)]


def test_statistics_count_missing_values_and_keep_the_distribution() -> None:
    age, shape = baseline.describe(COLUMNS, ROWS)["features"]
    numbers = age["numerical_statistics"]
    assert age["inferred_type"] == "Integral"
    assert numbers["common"] == {"num_present": 2, "num_missing": 1}
    assert (numbers["mean"], numbers["std_dev"], numbers["min"], numbers["max"]) == (40, 10, 30, 50)
    assert sum(bucket["count"] for bucket in numbers["distribution"]["kll"]["buckets"]) == 2
    assert numbers["distribution"]["kll"]["sketch"]["data"] == [[30.0, 50.0]]
    assert shape["inferred_type"] == "String"
    assert shape["string_statistics"]["distribution"]["categorical"]["buckets"] == [
        {"value": "1", "count": 2},
        {"value": "3", "count": 1},
    ]


def test_constraints_permit_what_the_model_permits() -> None:
    constraints = baseline.constrain(COLUMNS, baseline.describe(COLUMNS, ROWS))
    age, shape = constraints["features"]
    assert age == {
        "name": "Age",
        "inferred_type": "Integral",
        "completeness": pytest.approx(2 / 3),
        "num_constraints": {"is_non_negative": True},
    }
    assert shape["string_constraints"] == {"domains": ["1", "2", "3", "4"]}
    assert constraints["monitoring_config"]["evaluate_constraints"] == "Enabled"


def test_column_without_values_has_an_unknown_type() -> None:
    (age,) = baseline.describe(COLUMNS[:1], [(None,), (None,)])["features"]
    assert age["inferred_type"] == "Unknown"
    assert age["string_statistics"]["common"] == {"num_present": 0, "num_missing": 2}


@pytest.mark.parametrize("count", [1, 8, 9, 100, 1001])
def test_sketch_stands_for_every_row_and_keeps_the_median(count: int) -> None:
    levels = baseline.sketch_levels([float(value) for value in range(count)], size=8)
    weighted = sorted(value for level, values in enumerate(levels) for value in values for _ in range(2**level))
    assert len(weighted) == count
    assert all(len(level) <= 8 for level in levels)
    assert math.isclose(weighted[count // 2], count / 2, abs_tol=max(1, count * 0.1))


def test_buckets_hold_equal_values() -> None:
    buckets = baseline.count_buckets([3.0, 3.0], 10)
    assert [bucket["count"] for bucket in buckets] == [2.0] + [0.0] * 9


def test_baseline_of_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "baseline.csv").write_text("Shape,Age\n1,30\n")
    with pytest.raises(baseline.BaselineError, match="has columns Shape,Age, not Age,Shape"):
        baseline.read_rows(tmp_path, COLUMNS)
    (tmp_path / "baseline.csv").write_text("Age,Shape\n")
    with pytest.raises(baseline.BaselineError, match="no training rows"):
        baseline.read_rows(tmp_path, COLUMNS)
