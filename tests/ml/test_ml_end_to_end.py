"""The scripts run as the committed definition runs them, on the real data, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import xgboost

from ml import lint, model
from ml.datasets import mammographic_masses as dataset
from ml.steps import evaluate_model

# All in one worker: the fixture trains.
pytestmark = pytest.mark.xdist_group("ml-end-to-end")

STEPS = Path(evaluate_model.__file__).parent
DEFINITION = Path(lint.__file__).parent / "definitions" / "mammography-severity" / "train.json"
EXPRESSIONS = {"Execution.PipelineExecutionId": "abc123", "Parameters.InputDataUrl": "s3://data/train-dataset/"}


class Machine:
    """A folder that stands for a job's /opt/ml/processing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps = {step["Name"]: step for step in lint.walk_steps(json.loads(DEFINITION.read_text())["Steps"])}

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a processing step's script with the definition's arguments."""
        application = self.steps[name]["Arguments"]["AppSpecification"]
        arguments = [
            EXPRESSIONS[argument["Get"]]
            if isinstance(argument, dict)
            else argument.replace("/opt/ml/processing", str(self.folder))
            for argument in application["ContainerArguments"]
        ]
        script = STEPS / Path(application["ContainerEntrypoint"][1]).name
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)

    def train(self) -> None:
        """Train as the built-in algorithm does with the definition's hyperparameters, and pack the artifact."""
        settings = dict(self.steps["Mammo-Train"]["Arguments"]["HyperParameters"])
        rounds = int(settings.pop("num_round"))
        labels, features = evaluate_model.read_test_set(self.folder / "train")
        booster = xgboost.train({**settings, "nthread": 1}, xgboost.DMatrix(features, label=labels), rounds)
        (self.folder / "model").mkdir(exist_ok=True)
        booster.save_model(self.folder / "booster.ubj")
        with tarfile.open(self.folder / "model" / "model.tar.gz", "w:gz") as archive:
            archive.add(self.folder / "booster.ubj", evaluate_model.BOOSTER)

    def read(self, file: str) -> Any:
        """A JSON file that a step wrote."""
        return json.loads((self.folder / file).read_text())

    def tables(self) -> dict[str, bytes]:
        """Every CSV file that preprocessing wrote."""
        names = ("train", "validation", "test", "baseline")
        return {name: (self.folder / name / f"{name}.csv").read_bytes() for name in names}


@pytest.fixture(scope="module")
def machine(source: dataset.Source, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """What the whole pipeline leaves behind in dev, on part 1 of the data."""
    ready = Machine(tmp_path_factory.mktemp("processing"))
    files = {path.name: path for path in dataset.prepare(tmp_path_factory.mktemp("data"), source)}
    (ready.folder / "raw").mkdir()
    files[dataset.PART1_FILE].rename(ready.folder / "raw" / dataset.PART1_FILE)
    for name in ("Mammo-PreProcessing", "train", "Mammo-Eval", "baseline"):
        if name == "train":
            ready.train()
            continue
        (ready.folder / "rows").mkdir(exist_ok=True)
        if name == "baseline":
            (ready.folder / "rows" / "baseline.csv").write_bytes(ready.tables()["baseline"])
            # Its output has the name of a split that a job of its own wrote.
            (ready.folder / "baseline").rename(ready.folder / "split-baseline")
            done = ready.run("Mammo-DataQualityCheck")
        else:
            done = ready.run(name)
        assert done.returncode == 0, done.stderr
    (ready.folder / "baseline").rename(ready.folder / "quality")
    (ready.folder / "split-baseline").rename(ready.folder / "baseline")
    return ready


def test_splits_have_their_fractions_and_both_labels(machine: Machine, source: dataset.Source) -> None:
    tables = {name: table.decode().splitlines() for name, table in machine.tables().items()}
    sizes = {name: len(lines) for name, lines in tables.items()}
    assert sizes["baseline"] == sizes["train"] + 1
    if source.is_complete:
        assert sizes == {"train": 576, "validation": 123, "test": 123, "baseline": 577}
    shares = [
        sum(line.startswith("1,") for line in tables[name]) / sizes[name] for name in ("train", "validation", "test")
    ]
    assert max(shares) - min(shares) < 0.02


def test_missing_values_stay_missing(machine: Machine, source: dataset.Source) -> None:
    rows = [line.split(",") for line in machine.tables()["train"].decode().splitlines()]
    assert {len(row) for row in rows} == {6}
    assert {row[0] for row in rows} == {"0", "1"}
    assert any("" in row for row in rows) or not source.is_complete


def test_model_is_good_and_passes_its_gate(machine: Machine, settings: model.Model) -> None:
    metrics = machine.read("evaluation/evaluation.json")["binary_classification_metrics"]
    assert metrics["auc"]["value"] >= 0.85
    assert metrics["auc_lower_bound"]["value"] >= settings.evaluation.auc_threshold
    assert metrics["auc_lower_bound"]["value"] < metrics["auc"]["value"] < metrics["auc_upper_bound"]["value"]
    assert metrics["accuracy"]["value"] >= 0.78
    assert metrics["brier_score"]["value"] <= 0.15


def test_report_says_what_it_is_of(machine: Machine, settings: model.Model) -> None:
    report = machine.read("evaluation/evaluation.json")
    assert report["evaluation"] == {
        "execution_id": "abc123",
        "input_data": "s3://data/train-dataset/",
        "confidence": settings.evaluation.confidence,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
        "bootstrap_seed": settings.evaluation.bootstrap_seed,
        "decision_threshold": settings.evaluation.decision_threshold,
    }
    tests = len(machine.tables()["test"].splitlines())
    assert report["dataset"]["item_count"] == tests
    assert sum(entry["count"] for entry in report["calibration"]["bins"]) == tests


def test_gate_reads_a_number_that_the_report_has(machine: Machine) -> None:
    (condition,) = machine.steps["Mammo-CheckAUCScore"]["Arguments"]["Conditions"]
    value = machine.read("evaluation/evaluation.json")
    for name in condition["LeftValue"]["Std:JsonGet"]["Path"].split("."):
        value = value[name]
    assert isinstance(value, float)


def test_baseline_describes_the_raw_training_rows(machine: Machine, settings: model.Model) -> None:
    statistics, constraints = machine.read("quality/statistics.json"), machine.read("quality/constraints.json")
    names = list(settings.feature_names)
    assert [feature["name"] for feature in statistics["features"]] == names
    assert [feature["name"] for feature in constraints["features"]] == names
    rows = [line.split(",") for line in machine.tables()["baseline"].decode().splitlines()[1:]]
    assert statistics["dataset"]["item_count"] == len(rows)
    for number, feature in enumerate(statistics["features"]):
        common = (feature.get("numerical_statistics") or feature["string_statistics"])["common"]
        assert common["num_missing"] == sum(row[number] == "" for row in rows)


def test_files_and_their_order_do_not_change_the_split(machine: Machine, tmp_path: Path) -> None:
    header, *rows = (machine.folder / "raw" / dataset.PART1_FILE).read_text().splitlines()
    other = Machine(tmp_path)
    (tmp_path / "raw" / "later").mkdir(parents=True)
    (tmp_path / "raw" / "z.csv").write_text("\n".join([header, *rows[:300:-1]]) + "\n")
    (tmp_path / "raw" / "later" / "a.csv").write_text("\n".join(rows[300::-1]) + "\n")
    assert other.run("Mammo-PreProcessing").returncode == 0
    assert other.tables() == machine.tables()


def test_malformed_file_ends_the_job_with_file_and_line(tmp_path: Path) -> None:
    broken = Machine(tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "new.csv").write_text("5,67,3,5,3,1\n5,67,3,5\n")
    done = broken.run("Mammo-PreProcessing")
    assert done.returncode == 1
    assert "new.csv, line 2: 4 values, not the 6 of BI-RADS,Age,Shape,Margin,Density,Severity" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "train").exists()


def test_missing_artifact_ends_the_job_with_a_message(machine: Machine, tmp_path: Path) -> None:
    broken = Machine(tmp_path)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "test.csv").write_bytes(machine.tables()["test"])
    (tmp_path / "model").mkdir()
    done = broken.run("Mammo-Eval")
    assert done.returncode == 1
    assert "the model cannot be judged: model.tar.gz cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
