"""The scripts run as the committed definition runs them, on the real data, each in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xgboost

from ml import lint, model
from ml.datasets import mammographic_masses as dataset
from ml.steps import evaluate_model

# All in one worker: the fixture trains.
pytestmark = pytest.mark.xdist_group("ml-end-to-end")

SCRIPTS = Path(evaluate_model.__file__).parent
DEFINITIONS = SCRIPTS.parent / "definitions" / "mammography-severity"


def read_steps(definition: str) -> dict[str, Any]:
    """Every step of a committed definition by name, those in branches included."""
    steps = json.loads((DEFINITIONS / f"{definition}.json").read_text())["Steps"]
    return {step["Name"]: step for step in lint.walk_steps(steps)}


STEPS = read_steps("train") | read_steps("inference")
EXPRESSIONS = {
    "Execution.PipelineExecutionId": "abc123",
    "Parameters.InputDataUrl": "s3://data/train-dataset/",
    "Parameters.transform_input": "s3://data/batch.csv",
    "Steps.Mammo-LatestApprovedModel.OutputParameters['model_package_arn']": "arn:aws:sagemaker:::model-package/g/1",
}


class Job:
    """A processing job in a folder that stands for its /opt/ml/processing."""

    def __init__(self, name: str, folder: Path, step: dict[str, Any] | None = None) -> None:
        self.step = step or STEPS[name]
        self.folder = folder

    def give(self, part: str, content: Path) -> None:
        """Mount the content of a folder."""
        shutil.copytree(content, self.folder / part)

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run the step's script with the arguments that the definition gives it."""
        application = self.step["Arguments"]["AppSpecification"]
        arguments = [
            EXPRESSIONS[argument["Get"]]
            if isinstance(argument, dict)
            else argument.replace("/opt/ml/processing", str(self.folder))
            for argument in application["ContainerArguments"]
        ]
        script = SCRIPTS / Path(application["ContainerEntrypoint"][1]).name
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)

    def succeed(self) -> None:
        """Run, and show what the script said if it failed."""
        done = self.run()
        assert done.returncode == 0, done.stderr

    def read(self, file: str) -> Any:
        """A JSON file that the script wrote."""
        return json.loads((self.folder / file).read_text())

    def tables(self) -> dict[str, bytes]:
        """Every CSV file that preprocessing wrote."""
        names = ("train", "validation", "test", "baseline")
        return {name: (self.folder / name / f"{name}.csv").read_bytes() for name in names}


def train_model(train: Path, artifact: Path) -> None:
    """Train as the built-in algorithm does, with the definition's hyperparameters, and pack the artifact."""
    settings = dict(STEPS["Mammo-Train"]["Arguments"]["HyperParameters"])
    rounds = int(settings.pop("num_round"))
    labels, features = evaluate_model.read_test_set(train)
    booster = xgboost.train({**settings, "nthread": 1}, xgboost.DMatrix(features, label=labels), rounds)
    artifact.mkdir()
    booster.save_model(artifact / "booster.ubj")
    with tarfile.open(artifact / "model.tar.gz", "w:gz") as archive:
        archive.add(artifact / "booster.ubj", evaluate_model.BOOSTER)


@dataclass
class Execution:
    """The processing jobs of one execution in dev, on part 1 of the data."""

    files: dict[str, Path]
    preprocessing: Job
    evaluation: Job
    quality: Job


@pytest.fixture(scope="module")
def execution(source: dataset.Source, tmp_path_factory: pytest.TempPathFactory) -> Execution:
    """Every step of the pipeline, run once."""
    folder = tmp_path_factory.mktemp("execution")
    files = {path.name: path for path in dataset.prepare(folder / "data", source)}
    jobs = Execution(
        files,
        Job("Mammo-PreProcessing", folder / "preprocessing"),
        Job("Mammo-Eval", folder / "evaluation"),
        Job("Mammo-DataQualityCheck", folder / "quality"),
    )
    (jobs.preprocessing.folder / "raw").mkdir(parents=True)
    shutil.copy(files[dataset.PART1_FILE], jobs.preprocessing.folder / "raw")
    jobs.preprocessing.succeed()
    train_model(jobs.preprocessing.folder / "train", folder / "model")
    jobs.evaluation.give("model", folder / "model")
    jobs.evaluation.give("test", jobs.preprocessing.folder / "test")
    jobs.evaluation.succeed()
    jobs.quality.give("rows", jobs.preprocessing.folder / "baseline")
    jobs.quality.succeed()
    return jobs


def test_splits_have_their_fractions_and_both_labels(execution: Execution, source: dataset.Source) -> None:
    tables = {name: table.decode().splitlines() for name, table in execution.preprocessing.tables().items()}
    sizes = {name: len(lines) for name, lines in tables.items()}
    assert sizes["baseline"] == sizes["train"] + 1
    if source.is_complete:
        assert sizes == {"train": 576, "validation": 123, "test": 123, "baseline": 577}
    shares = [
        sum(line.startswith("1,") for line in tables[name]) / sizes[name] for name in ("train", "validation", "test")
    ]
    assert max(shares) - min(shares) < 0.02


def test_missing_values_stay_missing(execution: Execution, source: dataset.Source) -> None:
    rows = [line.split(",") for line in execution.preprocessing.tables()["train"].decode().splitlines()]
    assert {len(row) for row in rows} == {6}
    assert {row[0] for row in rows} == {"0", "1"}
    assert any("" in row for row in rows) or not source.is_complete


def test_model_is_good_and_passes_its_gate(execution: Execution, settings: model.Model) -> None:
    metrics = execution.evaluation.read("evaluation/evaluation.json")["binary_classification_metrics"]
    assert metrics["auc"]["value"] >= 0.85
    assert metrics["auc_lower_bound"]["value"] >= settings.evaluation.auc_threshold
    assert metrics["auc_lower_bound"]["value"] < metrics["auc"]["value"] < metrics["auc_upper_bound"]["value"]
    assert metrics["accuracy"]["value"] >= 0.78
    assert metrics["brier_score"]["value"] <= 0.15


def test_report_says_what_it_is_of(execution: Execution, settings: model.Model) -> None:
    report = execution.evaluation.read("evaluation/evaluation.json")
    assert report["evaluation"] == {
        "execution_id": "abc123",
        "input_data": "s3://data/train-dataset/",
        "confidence": settings.evaluation.confidence,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
        "bootstrap_seed": settings.evaluation.bootstrap_seed,
        "decision_threshold": settings.evaluation.decision_threshold,
    }
    tests = len(execution.preprocessing.tables()["test"].splitlines())
    assert report["dataset"]["item_count"] == tests
    assert sum(entry["count"] for entry in report["calibration"]["bins"]) == tests


def test_gate_reads_a_number_that_the_report_has(execution: Execution) -> None:
    (condition,) = STEPS["Mammo-CheckAUCScore"]["Arguments"]["Conditions"]
    value = execution.evaluation.read("evaluation/evaluation.json")
    for name in condition["LeftValue"]["Std:JsonGet"]["Path"].split("."):
        value = value[name]
    assert isinstance(value, float)


def test_baseline_describes_the_raw_training_rows(execution: Execution, settings: model.Model) -> None:
    statistics, constraints = (
        execution.quality.read("baseline/statistics.json"),
        execution.quality.read("baseline/constraints.json"),
    )
    names = list(settings.feature_names)
    assert [feature["name"] for feature in statistics["features"]] == names
    assert [feature["name"] for feature in constraints["features"]] == names
    rows = [line.split(",") for line in execution.preprocessing.tables()["baseline"].decode().splitlines()[1:]]
    assert statistics["dataset"]["item_count"] == len(rows)
    for number, feature in enumerate(statistics["features"]):
        common = (feature.get("numerical_statistics") or feature["string_statistics"])["common"]
        assert common["num_missing"] == sum(row[number] == "" for row in rows)


@pytest.mark.parametrize(
    ("file", "verdict", "words"),
    [
        (dataset.BATCH_FILE, "ok", "none of 5 features has drifted"),
        (dataset.OUTLIERS_FILE, "bad-input", "line 1: is a header"),
        (dataset.DRIFTED_FILE, "drift", "features drifted in 96 rows. Shape: "),
        (dataset.MALFORMED_FILE, "bad-input", "5 problems. "),
    ],
)
def test_each_batch_gets_the_verdict_that_it_was_made_for(
    execution: Execution, tmp_path: Path, file: str, verdict: str, words: str
) -> None:
    check = Job("Mammo-BatchCheck", tmp_path)
    (tmp_path / "batch").mkdir()
    shutil.copy(execution.files[file], tmp_path / "batch")
    check.give("statistics", execution.quality.folder / "baseline")
    check.give("constraints", execution.quality.folder / "baseline")
    check.succeed()
    report = check.read("check/batch_check.json")
    assert (report["verdict"], report["execution_id"], report["input"]) == (verdict, "abc123", "s3://data/batch.csv")
    assert words in report["summary"]
    assert report["model_package_arn"] == "arn:aws:sagemaker:::model-package/g/1"
    assert bool(report["features"]) == (verdict != "bad-input")
    if verdict == "drift":
        drifted = [feature["name"] for feature in report["features"] if feature["drifted"]]
        assert {"Shape", "Margin"} <= set(drifted)


def test_baseline_for_model_monitor_has_the_same_rows_and_no_header(execution: Execution, tmp_path: Path) -> None:
    other = Job("Mammo-PreProcessing", tmp_path, read_steps("train-model-monitor")["Mammo-PreProcessing"])
    other.give("raw", execution.preprocessing.folder / "raw")
    other.succeed()
    plain, headerless = execution.preprocessing.tables(), other.tables()
    assert headerless["baseline"] == plain["baseline"].partition(b"\n")[2]
    assert {name: plain[name] for name in ("train", "test")} == {name: headerless[name] for name in ("train", "test")}


def test_files_and_their_order_do_not_change_the_split(execution: Execution, tmp_path: Path) -> None:
    header, *rows = (execution.preprocessing.folder / "raw" / dataset.PART1_FILE).read_text().splitlines()
    other = Job("Mammo-PreProcessing", tmp_path)
    (tmp_path / "raw" / "later").mkdir(parents=True)
    (tmp_path / "raw" / "z.csv").write_text("\n".join([header, *rows[:300:-1]]) + "\n")
    (tmp_path / "raw" / "later" / "a.csv").write_text("\n".join(rows[300::-1]) + "\n")
    assert other.run().returncode == 0
    assert other.tables() == execution.preprocessing.tables()


def test_malformed_file_ends_the_job_with_file_and_line(tmp_path: Path) -> None:
    broken = Job("Mammo-PreProcessing", tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "new.csv").write_text("5,67,3,5,3,1\n5,67,3,5\n")
    done = broken.run()
    assert done.returncode == 1
    assert "new.csv, line 2: 4 values, not the 6 of BI-RADS,Age,Shape,Margin,Density,Severity" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "train").exists()


def test_missing_artifact_ends_the_job_with_a_message(execution: Execution, tmp_path: Path) -> None:
    broken = Job("Mammo-Eval", tmp_path)
    broken.give("test", execution.preprocessing.folder / "test")
    (tmp_path / "model").mkdir()
    done = broken.run()
    assert done.returncode == 1
    assert "the model cannot be judged: model.tar.gz cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
