"""A model's file: what is read from it, and how a wrong one is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ml import model

GOOD = (model.MODELS / "mammography-severity.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", model.names())
def test_every_committed_model_loads(name: str) -> None:
    assert model.load(name).features


def test_names_and_columns_are_those_of_the_replaced_system(settings: model.Model) -> None:
    assert settings.model_name == "mammography-severity-model"
    assert settings.package_group_name == "mammo-severity-model-package"
    assert settings.train_pipeline_name == "mammo-severity-train-pipeline"
    assert settings.inference_pipeline_name == "mammo-severity-inference-pipeline"
    assert settings.column_names == ("BI-RADS", "Age", "Shape", "Margin", "Density", "Severity")
    assert settings.train_prefix == "mammography-severity-model/data/train-dataset/"
    assert settings.batch_prefix == "mammography-severity-model/data/batch-dataset/"
    assert settings.script_prefix == "mammography-severity-model/scripts/"


def test_settings_cannot_be_changed(settings: model.Model) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.model_name = "another"


def test_importing_it_loads_neither_pandas_nor_boto3() -> None:
    code = (
        "import sys, ml.model; ml.model.load('mammography-severity');"
        "print([name for name in ('pandas', 'numpy', 'boto3', 'botocore') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(model.ModelFileError, match=r"no model 'churn'.* mammography-severity"):
        model.load("churn")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('step_prefix = "Mammo"', 'steps_prefix = "Mammo"', "steps_prefix: is not a setting"),
        ('step_prefix = "Mammo"', "", "step_prefix: is missing; write it"),
        ('kind = "ordinal"', 'kind = "ranked"', "features.0.kind: should be 'ordinal', 'nominal' or 'numeric'"),
        ("maximum = 120", "maximum = 0", "features.1: minimum 0 must be less than maximum 0"),
        ('name = "Age"', 'name = "Shape"', "written twice: Shape"),
        ("maximum = 1        #", "maximum = 2        #", "the label of binary:logistic is 0 or 1"),
        ("train_fraction = 0.7", "train_fraction = 0.9", "must leave rows for the test split"),
        ("auc_threshold = 0.78", "auc_threshold = 0.5", "auc_threshold: should be greater than 0.5"),
        ("auc_threshold = 0.78", 'auc_threshold = "high"', "auc_threshold: should be a valid number, not 'high'"),
        (
            'processing_type = "ml.m5.xlarge"',
            'processing_type = "m5.xlarge"',
            "instances.processing_type: String should",
        ),
        ('model_name = "mammography', 'model_name = "mammography_', "model_name: String should match pattern"),
        ("[split]", "[split", "is not TOML"),
    ],
)
def test_wrong_setting_is_refused_with_what_to_write(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (tmp_path / "wrong.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(model.ModelFileError) as refusal:
        model.load("wrong", tmp_path)
    assert message in str(refusal.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("eta = 0.2", "eta = true").replace('kind = "numeric"', 'kind = "number"')
    (tmp_path / "wrong.toml").write_text(text, encoding="utf-8")
    with pytest.raises(model.ModelFileError) as refusal:
        model.load("wrong", tmp_path)
    assert "features.1.kind" in str(refusal.value)
    assert "hyperparameters.eta" in str(refusal.value)
