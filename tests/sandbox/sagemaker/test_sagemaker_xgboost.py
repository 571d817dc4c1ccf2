"""The built-in algorithm: trained, refused, and applied in a batch."""

from __future__ import annotations

import io
import json
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest
import xgboost
from sagemaker_definitions import KEY, XGBOOST, create, definition, get, run, step, training, wait_for_job
from sagemaker_host import DEV, SandboxHost

from sandbox.sagemaker.algorithms import xgboost_training
from sandbox.sagemaker.algorithms.xgboost_training import InputError, converted, read_csv
from sandbox.sagemaker.algorithms.xgboost_transform import parse, payloads, predict


def table(count: int, seed: int) -> str:
    generator = random.Random(seed)
    rows = [(generator.random(), generator.random()) for _ in range(count)]
    return "".join(f"{int(a + b > 1)},{a:.4f},{'' if b < 0.05 else format(b, '.4f')}\n" for a, b in rows)


def train(host: SandboxHost, name: str, train: str, validation: str = "", **hyperparameters: str) -> Any:
    host.objects["bucket/train/data.csv"] = train.encode()
    channels = {"train": "s3://bucket/train"}
    if validation:
        host.objects["bucket/validation/data.csv"] = validation.encode()
        channels["validation"] = "s3://bucket/validation"
    client = host.client()
    client.create_training_job(TrainingJobName=name, **training(channels, **hyperparameters))
    return wait_for_job(host, client, "training", name)


def artifact(host: SandboxHost, job: Any) -> bytes:
    return host.objects[job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://")]


def booster(host: SandboxHost, job: Any, folder: Path) -> Any:
    with tarfile.open(fileobj=io.BytesIO(artifact(host, job))) as archive:
        archive.extractall(folder, filter="data")
    return xgboost.Booster(model_file=bytearray((folder / "xgboost-model").read_bytes()))


def test_training_twice_gives_the_same_bytes_and_the_metrics_of_the_last_round(
    host: SandboxHost, tmp_path: Path
) -> None:
    data, validation = table(300, 1), table(100, 2)
    options = {"max_depth": "3", "eta": "0.2", "subsample": "0.7", "min_child_weight": "2", "gamma": "0.5", "seed": "7"}
    first = train(host, "first", data, validation, **options)
    assert first["TrainingJobStatus"] == first["SecondaryStatus"] == "Completed", first
    assert first["ModelArtifacts"]["S3ModelArtifacts"] == "s3://bucket/models/first/output/model.tar.gz"
    assert host.encryption["bucket/models/first/output/model.tar.gz"] == KEY
    transitions = [one["Status"] for one in first["SecondaryStatusTransitions"]]
    assert transitions == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    metrics = {one["MetricName"]: one["Value"] for one in first["FinalMetricDataList"]}
    assert metrics.keys() == {"train:auc", "validation:auc"} and metrics["validation:auc"] > 0.9
    (stream,) = [name for name in host.logs if name.startswith("/aws/sagemaker/TrainingJobs:first/algo-1-")]
    last = [line for line in host.logs[stream] if line.startswith("[4]")]
    assert last == [f"[4]#011train-auc:{metrics['train:auc']:.5f}#011validation-auc:{metrics['validation:auc']:.5f}"]

    second = train(host, "second", data, validation, **options)
    assert artifact(host, first) == artifact(host, second)
    model = booster(host, first, tmp_path / "model")
    assert (model.num_boosted_rounds(), model.num_features()) == (5, 2)


def test_early_stopping_keeps_the_best_round(tmp_path: Path) -> None:
    hyperparameters = {"objective": "binary:logistic", "num_round": "200", "early_stopping_rounds": "3", "seed": "1"}
    (tmp_path / "input/config").mkdir(parents=True)
    (tmp_path / "model").mkdir()
    (tmp_path / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    channels = {name: {"ContentType": "text/csv"} for name in ("train", "validation")}
    (tmp_path / "input/config/inputdataconfig.json").write_text(json.dumps(channels))
    for seed, name in enumerate(channels):
        (tmp_path / "input/data" / name).mkdir(parents=True)
        (tmp_path / "input/data" / name / "data.csv").write_text(table(200, seed))
    xgboost_training.train(tmp_path)
    model = xgboost.Booster(model_file=bytearray((tmp_path / "model/xgboost-model").read_bytes()))
    assert 1 <= model.num_boosted_rounds() < 200


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("label,a,b\n1,2,3\n", "data.csv line 1: could not convert string to float: 'label'"),
        ("1,2,3\n0,1\n", "data.csv line 2: 2 columns, where 3 came before"),
        (",2,3\n", "A label, which is the first column, is missing"),
        ("\n", "There is no data"),
    ],
)
def test_data_that_cannot_be_used_says_where(tmp_path: Path, data: str, reason: str) -> None:
    (tmp_path / "data.csv").write_text(data)
    with pytest.raises(InputError, match=reason):
        read_csv([tmp_path / "data.csv"], labelled=True)


def test_an_empty_field_is_a_missing_value(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2,\n0,,4\n")
    matrix = read_csv([tmp_path / "data.csv"], labelled=True)
    assert (matrix.num_row(), matrix.num_col(), matrix.num_nonmissing()) == (2, 2, 2)
    assert matrix.get_label().tolist() == [1.0, 0.0]


def test_an_algorithm_that_refuses_its_input_fails_the_job(host: SandboxHost) -> None:
    job = train(host, "job", "1,2\n", eta="2")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: Hyperparameter eta: invalid value '2', exit code: 1"


def test_hyperparameters_are_strings_of_the_right_type() -> None:
    assert converted({"num_round": "10", "eta": "0.3", "objective": "binary:logistic"}) == {
        "num_round": 10,
        "eta": 0.3,
        "objective": "binary:logistic",
    }
    for given, message in (
        ({}, "num_round is missing"),
        ({"num_round": "ten"}, "num_round: invalid value 'ten'"),
        ({"num_round": "1", "rounds": "1"}, "Extraneous hyperparameter found: rounds"),
    ):
        with pytest.raises(InputError, match=message):
            converted(given)


def score(model_data_url: str) -> str:
    """A pipeline that makes a model and applies it to every object below ``s3://bucket/batch/``."""
    model = {
        "PrimaryContainer": {"Image": XGBOOST, "ModelDataUrl": model_data_url},
        "ExecutionRoleArn": f"arn:aws:iam::{DEV}:role/job",
        "EnableNetworkIsolation": True,
    }
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/batch/"}}
    transform = {
        "ModelName": get("Steps.Create.ModelName"),
        "MaxPayloadInMB": 1,
        "TransformInput": {"ContentType": "text/csv", "SplitType": "Line", "DataSource": source},
        "TransformOutput": {
            "S3OutputPath": "s3://bucket/scores",
            "AssembleWith": "Line",
            "Accept": "text/csv",
            "KmsKeyId": KEY,
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    return definition(step("Create", "Model", model), step("Score", "Transform", transform))


def test_a_batch_is_scored_line_by_line_as_the_model_scores_it(host: SandboxHost, tmp_path: Path) -> None:
    job = train(host, "job", table(300, 1), seed="1")
    generator = random.Random(3)
    rows = [[round(generator.random(), 6), round(generator.random(), 6)] for _ in range(60_000)]
    text = "".join(f"{a:.6f},{b:.6f}\n" for a, b in rows)
    host.objects["bucket/batch/large.csv"] = text.encode()  # over a megabyte: several payloads
    host.objects["bucket/batch/sub/one.csv"] = b"0.5,\n"
    execution = run(host, create(host, score(job["ModelArtifacts"]["S3ModelArtifacts"])))
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    scores = [float(line) for line in host.objects["bucket/scores/large.csv.out"].decode().splitlines()]
    assert len(host.objects["bucket/scores/sub/one.csv.out"].splitlines()) == 1
    assert host.encryption["bucket/scores/large.csv.out"] == KEY
    expected = booster(host, job, tmp_path / "model").predict(xgboost.DMatrix(rows))
    assert scores == pytest.approx(expected.tolist(), abs=1e-6)

    model = booster(host, job, tmp_path / "again")
    for record, reason in (
        (b"a,b\n1,2\n", "CSV without a header"),
        (b"1,2\n1,2,3\n", "CSV without a header"),
        (b"?,2\n", "CSV without a header"),
        (b"1,2,3\n", "takes 2 features, and a record has 3"),
    ):
        with pytest.raises(InputError, match=reason):
            predict(model, record, "data.csv")


def test_an_empty_field_is_a_missing_value_wherever_it_stands() -> None:
    rows = parse(b",2,\r\n1,,\n,,3\n,,", 3, "data.csv")
    nothing = float("nan")
    expected = [[nothing, 2, nothing], [1, nothing, nothing], [nothing, nothing, 3], [nothing, nothing, nothing]]
    assert str(rows.tolist()) == str([[float(value) for value in row] for row in expected])


def test_a_payload_keeps_the_limit_and_the_strategy(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("1,2\n3,4\n\n5,6\n")
    options = {"MaxPayloadBytes": 8, "SplitType": "Line", "BatchStrategy": "MultiRecord"}
    assert list(payloads(path, options)) == [b"1,2\n3,4\n", b"\n5,6\n"]
    single = {**options, "BatchStrategy": "SingleRecord"}
    assert list(payloads(path, single)) == [b"1,2\n", b"3,4\n", b"5,6\n"]
    for wrong in ({**options, "SplitType": "None"}, {**options, "MaxPayloadBytes": 3}):
        with pytest.raises(InputError, match="larger than MaxPayloadInMB"):
            list(payloads(path, wrong))
