"""The batch check's reading and its tests, on rows whose answer is known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ml.steps import baseline, batch_check

COLUMNS = [batch_check.Column("Age", "numeric", 0, 120), batch_check.Column("Shape", "nominal", 1, 4)]
DESCRIBED = [baseline.Column(*column) for column in COLUMNS]
# 400 training rows: ages 20 to 99, four shapes of unequal frequency, every fortieth shape unknown.
TRAINING = [
    (20.0 + row % 80, None if row % 40 == 0 else float((1, 1, 2, 2, 3, 4, 4, 4)[row % 8])) for row in range(400)
]
STATISTICS = baseline.describe(DESCRIBED, TRAINING)
USABLE = "".join(f"{20 + row % 80},{(1, 1, 2, 2, 3, 4, 4, 4)[row % 8]}\n" for row in range(80))


def baselines() -> list[batch_check.Baseline]:
    entries = zip(COLUMNS, STATISTICS["features"], strict=True)
    return [batch_check.read_baseline(column, entry) for column, entry in entries]


@pytest.fixture
def judge(tmp_path: Path) -> Any:
    """Check a batch of these bytes, or of several files."""

    def check(*contents: str | bytes, significance: float = 0.01) -> dict[str, Any]:
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return batch_check.check(tmp_path, COLUMNS, baselines(), significance)

    return check


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("", ["0.csv: is empty"]),
        ("Age,Shape\n50,2\n", ["0.csv, line 1: is a header; a batch to score has none"]),
        ("Age,Shape\n50,2\n51,x\n", ["0.csv, line 1: is a header", "0.csv, line 3, column 2 (Shape): is not"]),
        ("\ufeff50,2\n", ["0.csv, line 1: begins with a byte order mark; write plain UTF-8"]),
        ("50,2\n51\n52,2,0\n", ["0.csv, line 2: has 1 values; write 2: Age,Shape", "0.csv, line 3: has 3 values"]),
        ("50,2\n\n52,2\n", ["0.csv, line 2: is empty; write 2: Age,Shape"]),
        ("50,2\n51,many\n", ["0.csv, line 2, column 2 (Shape): is not a number; write a number"]),
        ("50,?\n", ["0.csv, line 1, column 2 (Shape): is not a number; leave it empty where the value is missing"]),
        ("50, \n", ["0.csv, line 1, column 2 (Shape): is not a number; leave it empty where the value is missing"]),
        ('50,2\n"51",2\n', ["0.csv, line 2, column 1 (Age): is not a number; write a number"]),
        ("inf,2\n", ["0.csv, line 1, column 1 (Age): is not a number"]),
        ("5_0,2\n", ["0.csv, line 1, column 1 (Age): is not a number"]),
        (b"50,2\n51,2\n\xff,2\n", ["0.csv, line 3: is not UTF-8 text"]),
        ("50,2\n".encode("utf-16"), ["0.csv, line 1: is not UTF-8 text"]),
        ("50,2,1\nx,2\n", ["0.csv, line 1: has 3 values; write 2", "0.csv, line 2, column 1 (Age): is not a number"]),
    ],
)
def test_what_the_model_cannot_read_is_bad_input_with_its_place(
    judge: Any, content: str | bytes, problems: list[str]
) -> None:
    report = judge(content)["batch_check"]
    assert report["verdict"] == "bad-input"
    assert len(report["problems"]) == len(problems)
    for found, expected in zip(report["problems"], problems, strict=True):
        assert found.startswith(expected)
    assert report["problems"][0] in report["summary"]


@pytest.mark.parametrize(
    "content", [USABLE, USABLE.replace("\n", "\r\n"), USABLE.rstrip("\n"), USABLE.replace(",", ".0,")]
)
def test_layouts_that_the_model_reads_are_ok(judge: Any, content: str) -> None:
    report = judge(content)["batch_check"]
    assert (report["verdict"], report["rows"], report["problems"]) == ("ok", 80, [])
    assert report["summary"] == "80 rows, and none of 2 features has drifted."


def test_missing_value_at_a_windows_line_end_is_missing(judge: Any) -> None:
    written = judge("50,\r\n51,2\r\n52,\r")
    assert written["batch_check"]["problems"] == []
    assert written["statistics"]["features"][1]["string_statistics"]["common"] == {"num_present": 1, "num_missing": 2}


def test_every_file_of_the_batch_is_read_and_named(judge: Any) -> None:
    report = judge(USABLE, "50,x\n")["batch_check"]
    assert report["rows"] == 81
    assert report["problems"] == ["1.csv, line 1, column 2 (Shape): is not a number; write a number"]


def test_lines_are_counted_over_the_blocks_of_a_file(judge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_check, "BLOCK_BYTES", 64)
    whole = judge(USABLE)["batch_check"]
    lines = USABLE.splitlines()
    lines[59] = "60,x"
    report = judge("\n".join(lines))["batch_check"]
    assert (whole["verdict"], whole["rows"], report["rows"]) == ("ok", 80, 80)
    assert report["problems"] == ["0.csv, line 60, column 2 (Shape): is not a number; write a number"]


def test_problems_and_summary_are_limited_and_hold_no_cell(judge: Any) -> None:
    content = "".join(f"{number},secret{number}\n" for number in range(200))
    written = judge(content)
    report = written["batch_check"]
    assert len(report["problems"]) == 20
    assert report["summary"].startswith("20 or more problems. ")
    assert len(report["summary"]) == batch_check.LONGEST_SUMMARY
    assert "secret" not in json.dumps(written)
    assert report["rows"] == 200


def test_folder_without_files_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(batch_check.CheckError, match="has no files"):
        batch_check.check(tmp_path, COLUMNS, baselines(), 0.01)


def test_value_out_of_range_or_of_no_category_counts_as_missing(judge: Any) -> None:
    statistics = judge("50,2\n121,5\n-1,0\n52,2.5\n,\n")["statistics"]
    age, shape = statistics["features"]
    assert age["numerical_statistics"]["common"] == {"num_present": 2, "num_missing": 3}
    assert shape["string_statistics"]["common"] == {"num_present": 1, "num_missing": 4}


def test_moved_shares_are_drift_of_that_feature_alone(judge: Any) -> None:
    report = judge("".join(f"{20 + row % 80},{1 + row % 2}\n" for row in range(80)))
    found = report["batch_check"]
    assert found["verdict"] == "drift"
    age, shape = found["features"]
    assert (age["drifted"], shape["drifted"]) == (False, True)
    assert shape["distribution"]["distance"] == pytest.approx(150 / 390, abs=0.001)
    assert shape["change"].startswith("Shape: shares moved by 0.38 (chi-square, p = ")
    assert found["summary"].startswith("1 of 2 features drifted in 80 rows. Shape: shares moved by 0.38")
    (violation,) = report["constraint_violations"]["violations"]
    assert violation == {
        "feature_name": "Shape",
        "constraint_check_type": "baseline_drift_check",
        "description": shape["change"],
    }
    assert [each["share"] for each in shape["distribution"]["batch"]] == [0.5, 0.5, 0, 0]


def test_moved_numbers_are_drift(judge: Any) -> None:
    found = judge("".join(f"{60 + row % 40},{(1, 1, 2, 2, 3, 4, 4, 4)[row % 8]}\n" for row in range(80)))["batch_check"]
    age, shape = found["features"]
    assert (age["drifted"], shape["drifted"]) == (True, False)
    assert age["distribution"]["test"] == "kolmogorov-smirnov"
    assert age["distribution"]["distance"] == pytest.approx(0.5)
    bins = {each["value"]: each["share"] for each in age["distribution"]["batch"]}
    assert bins["60-70"] == bins["90-100"] == 0.25
    assert bins["10-20"] == bins["50-60"] == 0


def test_more_missing_values_than_chance_gives_are_drift(judge: Any) -> None:
    lines = USABLE.splitlines()
    emptied = [line if number % 5 else f"{line.split(',')[0]}," for number, line in enumerate(lines)]
    report = judge("\n".join(emptied))
    shape = report["batch_check"]["features"][1]
    assert (shape["missing"]["drifted"], shape["missing"]["batch_rate"]) == (True, 0.2)
    assert (report["batch_check"]["verdict"], shape["drifted"], shape["distribution"]["drifted"]) == (
        "drift",
        True,
        False,
    )
    assert shape["change"].startswith("Shape: 20.0% of the values are missing, 2.5% in training (p = ")
    kinds = [each["constraint_check_type"] for each in report["constraint_violations"]["violations"]]
    assert kinds == ["completeness_check"]


@pytest.mark.parametrize(("missing", "rows"), [(0, 48), (4, 48), (20, 48), (48, 48), (30_500, 1_000_000)])
def test_missing_values_are_judged_by_fishers_exact_test(missing: int, rows: int) -> None:
    known = batch_check.Baseline(np.array([1.0]), np.array([388]), 12, 0.0)
    table = [[missing, rows - missing], [12, 388]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert batch_check.compare_missing(known, missing, rows) == pytest.approx(expected, rel=1e-5)


def test_fewer_missing_values_than_in_training_are_no_drift() -> None:
    known = batch_check.Baseline(np.array([1.0]), np.array([300]), 100, 0.0)
    assert batch_check.compare_missing(known, 0, 200) == pytest.approx(1.0)


def test_missing_rate_of_few_training_rows_is_not_taken_for_the_true_one() -> None:
    """A binomial test with the training rows' rate would alarm on almost any large batch."""
    known = batch_check.Baseline(np.array([1.0]), np.array([388]), 12, 0.0)
    large = 1_000_000
    assert batch_check.compare_missing(known, round(0.04 * large), large) > 0.05
    assert stats.binom.sf(round(0.04 * large) - 1, large, 12 / 400) < 1e-99
    assert batch_check.compare_missing(known, round(0.1 * large), large) < 1e-6


def test_significance_is_shared_by_the_features(judge: Any) -> None:
    report = judge(USABLE, significance=0.05)["batch_check"]
    assert report["significance"] == 0.05
    assert {feature["distribution"]["threshold"] for feature in report["features"]} == {0.025}
    assert {feature["missing"]["threshold"] for feature in report["features"]} == {0.025}


def test_chi_square_is_scipys_where_the_counts_are_large() -> None:
    before, now = np.array([200, 150, 50]), np.array([90, 40, 20])
    statistic, p_value = batch_check.compare_categories(before, now)
    expected = stats.chi2_contingency(np.array([before, now]))
    assert (statistic, p_value) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


def test_permutation_p_is_the_exact_one_where_counts_are_small() -> None:
    before, now = np.array([390, 10]), np.array([44, 4])
    statistic, p_value = batch_check.compare_categories(before, now)
    total = stats.hypergeom(448, 14, 48)
    # Of all ways to deal 14 rare rows to 448, those that are at least as far from what is expected.
    table = [np.array([[400 - (14 - k), 14 - k], [48 - k, k]]) for k in range(15)]
    exact = sum(total.pmf(k) for k in range(15) if batch_check.chi_square(table[k]) >= statistic - 1e-9)
    assert p_value == pytest.approx(exact, rel=0.1)
    assert batch_check.compare_categories(before, now) == (statistic, p_value)
    # Far from chance, it is told from any threshold that a few features share.
    assert batch_check.compare_categories(before, np.array([20, 10]))[1] < 0.0002
    large = np.array([390_000_000, 9_000_000, 1])
    assert 0 < batch_check.compare_categories(np.array([390, 10, 1]), large)[1] <= 1


def test_kolmogorov_smirnov_distance_is_scipys(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    for shift in (0, 3, 15):
        batch = np.clip(np.round(generator.normal(60 + shift, 15, 150), 1), 0, 120)
        training = np.clip(np.round(generator.normal(60, 15, 500)), 0, 120)
        described = baseline.describe_column(DESCRIBED[0], training.tolist())
        feature = batch_check.Feature(COLUMNS[0], batch_check.read_baseline(COLUMNS[0], described))
        values, counts = np.unique(batch, return_counts=True)
        feature.add(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        distance, p_value = batch_check.compare_numbers(feature.baseline, feature.places)
        expected = stats.ks_2samp(batch, training, method="asymp")
        assert distance == pytest.approx(expected.statistic)
        assert p_value == pytest.approx(expected.pvalue, rel=0.35, abs=0.01)


def test_large_baseline_is_read_from_its_sketch_with_what_that_leaves_open() -> None:
    ages = [float(number % 100) for number in range(100_000)]
    known = batch_check.read_baseline(COLUMNS[0], baseline.describe_column(DESCRIBED[0], ages))
    assert known.present == 100_000
    assert 0 < known.resolution < 0.002
    shares = np.cumsum(known.counts) / known.present
    assert np.abs(shares - (known.values + 1) / 100).max() <= known.resolution


def test_statistics_of_a_batch_are_those_of_the_baselines_script(judge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_check, "BLOCK_BYTES", 64)
    cells = [line.split(",") for line in USABLE.splitlines()]
    rows = [tuple(float(cell) for cell in row) for row in cells]
    ours, theirs = judge(USABLE)["statistics"], baseline.describe(DESCRIBED, rows)
    assert ours["dataset"] == theirs["dataset"]
    assert ours["features"][1] == theirs["features"][1]
    found, expected = (each["features"][0]["numerical_statistics"] for each in (ours, theirs))
    for name in ("mean", "sum", "std_dev", "min", "max"):
        assert found[name] == pytest.approx(expected[name])
    assert found["distribution"]["kll"]["sketch"] == expected["distribution"]["kll"]["sketch"]
    assert sum(bucket["count"] for bucket in found["distribution"]["kll"]["buckets"]) == 80


def test_sketch_of_many_values_is_small_and_keeps_the_quantiles() -> None:
    sketch = batch_check.Sketch()
    generator = np.random.default_rng(1)
    for block in np.split(generator.permutation(200_000).astype(float), 40):
        sketch.add(block)
    weighted = sorted((value, 2**level) for level, values in enumerate(sketch.levels) for value in values)
    assert sum(weight for _, weight in weighted) == 200_000
    assert sum(map(len, sketch.levels)) < 8 * batch_check.SKETCH_SIZE
    rank, worst = 0, 0.0
    for value, weight in weighted:
        rank += weight
        worst = max(worst, abs(rank - value) / 200_000)
    assert worst < 0.001


@pytest.mark.parametrize(
    ("minimum", "maximum", "edges"),
    [
        (0, 120, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]),
        (18, 96, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (0, 1, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        (-5, 5, [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5]),
        (0, 1000, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]),
    ],
)
def test_bins_for_people_have_round_edges_that_cover_the_range(
    minimum: float, maximum: float, edges: list[float]
) -> None:
    found = batch_check.bin_edges(batch_check.Column("x", "numeric", minimum, maximum))
    assert found == pytest.approx(np.array(edges))


class Job:
    """The script in a process of its own, on folders as the job mounts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("batch", "statistics", "constraints"):
            (folder / name).mkdir()
        self.constraints = json.dumps(baseline.constrain(DESCRIBED, STATISTICS))
        (folder / "statistics" / "statistics.json").write_text(json.dumps(STATISTICS))
        (folder / "constraints" / "constraints.json").write_text(self.constraints)
        (folder / "batch" / "batch.csv").write_text(USABLE)

    def run(self) -> subprocess.CompletedProcess[str]:
        names = {
            "input": "batch",
            "statistics": "statistics",
            "constraints": "constraints",
            "output": "check",
            "scored": "scored",
        }
        settings = {"significance": "0.01", "execution-id": "e1", "input-data": "s3://b/k", "model-package-arn": "arn"}
        paths = {name: str(self.folder / folder) for name, folder in names.items()}
        given = [part for name, value in (paths | settings).items() for part in (f"--{name}", value)]
        columns = [part for column in COLUMNS for part in ("--column", ":".join(map(str, column)))]
        command = [sys.executable, batch_check.__file__, *given, *columns]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def read(self, name: str) -> Any:
        return json.loads((self.folder / "check" / f"{name}.json").read_text())


@pytest.mark.parametrize(("content", "verdict"), [(USABLE, "ok"), ("1,1\n" * 80, "drift"), ("x\n", "bad-input")])
def test_every_verdict_is_a_success_of_the_job_and_writes_four_files(
    tmp_path: Path, content: str, verdict: str
) -> None:
    job = Job(tmp_path)
    (tmp_path / "batch" / "batch.csv").write_text(content)
    done = job.run()
    assert (done.returncode, done.stderr) == (0, "")
    report = job.read("batch_check")
    assert report["verdict"] == verdict
    assert done.stdout == f"{verdict}: {report['summary']}\n"
    assert (report["execution_id"], report["input"], report["model_package_arn"]) == ("e1", "s3://b/k", "arn")
    assert (tmp_path / "check" / "constraints.json").read_text() == job.constraints
    assert job.read("statistics")["features"][0]["name"] == "Age"
    assert bool(job.read("constraint_violations")["violations"]) == (verdict != "ok")
    assert len(list((tmp_path / "check").iterdir())) == 4
    scored = [path.read_text() for path in (tmp_path / "scored").iterdir()]
    assert scored == ([USABLE] if verdict == "ok" else [])


def test_what_is_scored_is_the_batch_without_values_out_of_range(tmp_path: Path) -> None:
    folder, scored = tmp_path / "batch", tmp_path / "scored"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.csv").write_bytes(b"50,2\r\n555,9\r\n-1,4\r\n,\r\n")
    (folder / "b.csv").write_text(USABLE)
    verdict = batch_check.check(folder, COLUMNS, baselines(), 0.01, scored)["batch_check"]["verdict"]
    assert verdict == "ok"
    assert (scored / "sub" / "a.csv").read_text() == "50,2\n,\n,4\n,\n"
    assert (scored / "b.csv").read_text() == USABLE


def test_baseline_of_other_columns_fails_the_job_without_a_verdict(tmp_path: Path) -> None:
    job = Job(tmp_path)
    (tmp_path / "statistics" / "statistics.json").write_text(json.dumps({"features": [{"name": "Weight"}]}))
    done = job.run()
    assert done.returncode == 1
    assert "statistics.json is of Weight, not of Age,Shape" in done.stderr
    assert not (tmp_path / "check").exists()
