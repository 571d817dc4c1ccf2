"""The committed definition of the train pipeline, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml import compile as compiler
from ml import lint, model
from ml.steps import baseline, evaluate_model, raw_preprocess

SCRIPTS = {
    "Mammo-PreProcessing": raw_preprocess,
    "Mammo-Eval": evaluate_model,
    "Mammo-DataQualityCheck": baseline,
}
RUN_ID = {"Get": "Execution.PipelineExecutionId"}


def steps_of(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every step by name, those in branches included."""
    return {step["Name"]: step for step in lint.walk_steps(definition["Steps"])}


def outputs_of(step: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and address expression of each output of a processing step."""
    for output in step["Arguments"]["ProcessingOutputConfig"]["Outputs"]:
        yield output["OutputName"], output["S3Output"]["S3Uri"]


def test_parameters_are_the_replaced_systems_and_one_more(definition: dict[str, Any], settings: model.Model) -> None:
    assert {p["Name"]: (p["Type"], p["DefaultValue"]) for p in definition["Parameters"]} == {
        "ProcessingInstanceType": ("String", "ml.m5.xlarge"),
        "ProcessingInstanceCount": ("Integer", 1),
        "TrainingInstanceType": ("String", "ml.m5.xlarge"),
        "ModelApprovalStatus": ("String", "PendingManualApproval"),
        "InputDataUrl": ("String", "s3://${data_bucket}/mammography-severity-model/data/train-dataset/"),
        "AucScoreThreshold": ("Float", settings.evaluation.auc_threshold),
    }


def test_steps_are_the_replaced_systems_in_its_order(definition: dict[str, Any]) -> None:
    assert [(step["Name"], step["Type"]) for step in lint.walk_steps(definition["Steps"])] == [
        ("Mammo-PreProcessing", "Processing"),
        ("Mammo-Train", "Training"),
        ("Mammo-Eval", "Processing"),
        ("Mammo-CheckAUCScore", "Condition"),
        ("Mammo-DataQualityCheck", "Processing"),
        ("Mammo-RegisterModel", "RegisterModel"),
        ("Mammo-AUCFail", "Fail"),
    ]
    arguments = steps_of(definition)["Mammo-CheckAUCScore"]["Arguments"]
    assert [step["Name"] for step in arguments["ElseSteps"]] == ["Mammo-AUCFail"]


def test_gate_is_on_the_lower_bound(definition: dict[str, Any]) -> None:
    (condition,) = steps_of(definition)["Mammo-CheckAUCScore"]["Arguments"]["Conditions"]
    assert condition == {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.Mammo-Eval.PropertyFiles.EvaluationReport"},
                "Path": "binary_classification_metrics.auc_lower_bound.value",
            }
        },
        "RightValue": {"Get": "Parameters.AucScoreThreshold"},
    }


def test_failure_names_bound_and_threshold(definition: dict[str, Any]) -> None:
    message = steps_of(definition)["Mammo-AUCFail"]["Arguments"]["ErrorMessage"]["Std:Join"]
    assert message["On"] == ""
    words = "".join(part if isinstance(part, str) else "<>" for part in message["Values"])
    assert words == (
        "The model is not registered: the lower bound of its AUC, <>, is below the threshold, <>. "
        "The report is <>/evaluation.json"
    )
    assert {"Get": "Parameters.AucScoreThreshold"} in message["Values"]


def test_hyperparameters_are_the_models(definition: dict[str, Any], settings: model.Model) -> None:
    hyperparameters = steps_of(definition)["Mammo-Train"]["Arguments"]["HyperParameters"]
    assert hyperparameters == {name: str(value) for name, value in settings.hyperparameters.items()}
    for name, value in {
        "objective": "binary:logistic",
        "eval_metric": "auc",
        "num_round": "50",
        "max_depth": "5",
        "eta": "0.2",
        "gamma": "4",
        "min_child_weight": "6",
        "subsample": "0.7",
    }.items():
        assert hyperparameters[name] == value


def test_scripts_take_the_arguments_that_the_definition_gives(definition: dict[str, Any]) -> None:
    for name, script in SCRIPTS.items():
        application = steps_of(definition)[name]["Arguments"]["AppSpecification"]
        given = [argument if isinstance(argument, str) else "value" for argument in application["ContainerArguments"]]
        options = vars(script.parse_arguments(given))
        assert None not in options.values()
        assert application["ContainerEntrypoint"][1].endswith(f"/{Path(script.__file__).name}")


def test_scripts_read_and_write_where_the_job_mounts(definition: dict[str, Any]) -> None:
    for name in SCRIPTS:
        arguments = steps_of(definition)[name]["Arguments"]
        inputs = {entry["S3Input"]["LocalPath"] for entry in arguments["ProcessingInputs"]}
        outputs = {entry["S3Output"]["LocalPath"] for entry in arguments["ProcessingOutputConfig"]["Outputs"]}
        given = {
            argument
            for argument in arguments["AppSpecification"]["ContainerArguments"]
            if isinstance(argument, str) and argument.startswith("/opt/ml")
        }
        assert given == (inputs | outputs) - {"/opt/ml/processing/input/code"}
        folders = sorted(inputs | outputs)
        assert not [1 for one in folders for other in folders if other.startswith(f"{one}/")], "a folder in another"


def test_every_output_is_encrypted_and_its_key_contains_the_execution(definition: dict[str, Any]) -> None:
    own = "s3://${data_bucket}/mammography-severity-model/executions"
    shared = "s3://${artifact_bucket}/mammography-severity-model/${environment}"
    written = {}
    for name, step in steps_of(definition).items():
        if step["Type"] == "Processing":
            key = step["Arguments"]["ProcessingOutputConfig"]["KmsKeyId"]
            written |= {(name, output): (address, key) for output, address in outputs_of(step)}
        if step["Type"] == "Training":
            config = step["Arguments"]["OutputDataConfig"]
            written[name, "model"] = (config["S3OutputPath"], config["KmsKeyId"])

    def join(prefix: str, part: str) -> dict[str, Any]:
        return {"Std:Join": {"On": "/", "Values": [prefix, RUN_ID, part]}}

    assert written == {
        **{
            ("Mammo-PreProcessing", part): (join(own, part), "${kms_key_arn}")
            for part in ("train", "validation", "test", "baseline")
        },
        ("Mammo-Train", "model"): (join(shared, "model"), "${kms_key_arn}"),
        ("Mammo-Eval", "evaluation"): (join(shared, "evaluation"), "${registry_kms_key_arn}"),
        ("Mammo-DataQualityCheck", "baseline"): (join(shared, "baseline"), "${registry_kms_key_arn}"),
    }


def test_every_job_is_isolated_limited_and_its_volume_encrypted(definition: dict[str, Any]) -> None:
    jobs = [step["Arguments"] for step in steps_of(definition).values() if step["Type"] in ("Processing", "Training")]
    assert len(jobs) == 4
    for job in jobs:
        cluster = job["ProcessingResources"]["ClusterConfig"] if "ProcessingResources" in job else job["ResourceConfig"]
        assert cluster["VolumeKmsKeyId"] == "${kms_key_arn}"
        assert job.get("NetworkConfig", job)["EnableNetworkIsolation"] is True
        assert job["StoppingCondition"]["MaxRuntimeInSeconds"] == 3600
        assert job["RoleArn"] == "${job_role_arn}"


def test_registration_carries_metrics_baselines_and_origin(definition: dict[str, Any]) -> None:
    arguments = steps_of(definition)["Mammo-RegisterModel"]["Arguments"]

    def file(step: str, output: str, name: str) -> dict[str, Any]:
        source = {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"}
        return {"ContentType": "application/json", "S3Uri": {"Std:Join": {"On": "/", "Values": [source, name]}}}

    data_quality = {
        "Statistics": file("Mammo-DataQualityCheck", "baseline", "statistics.json"),
        "Constraints": file("Mammo-DataQualityCheck", "baseline", "constraints.json"),
    }
    assert arguments["ModelPackageGroupName"] == "${model_package_group_arn}"
    assert arguments["ModelApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}
    assert arguments["ModelMetrics"]["ModelQuality"] == {
        "Statistics": file("Mammo-Eval", "evaluation", "evaluation.json")
    }
    assert arguments["ModelMetrics"]["ModelDataQuality"] == data_quality
    assert arguments["DriftCheckBaselines"] == {"ModelDataQuality": data_quality}
    assert arguments["CustomerMetadataProperties"] == {
        "trained_in_environment": "${environment}",
        "trained_in_account": "${account_id}",
        "trained_in_region": "${region}",
        "execution_arn": {"Get": "Execution.PipelineExecutionArn"},
        "input_data": {"Get": "Parameters.InputDataUrl"},
        "kms_key_arn": "${kms_key_arn}",
    }
    specification = arguments["InferenceSpecification"]
    assert specification["SupportedContentTypes"] == specification["SupportedResponseMIMETypes"] == ["text/csv"]
    (container,) = specification["Containers"]
    assert container["Image"] == "${image_xgboost}"
    assert container["ModelDataUrl"] == {"Get": "Steps.Mammo-Train.ModelArtifacts.S3ModelArtifacts"}


def test_nothing_is_cached_and_no_time_is_used(definition: dict[str, Any]) -> None:
    text = json.dumps(definition)
    assert "CacheConfig" not in text
    assert "DateTime" not in text
    assert not re.search(r"20\d\d-\d\d-\d\d(?!\d)", text.replace(definition["Version"], ""))


def test_placeholders_are_exactly_the_known_ones(definition: dict[str, Any]) -> None:
    assert set(re.findall(r"\$\{(\w+)\}", json.dumps(definition))) == {
        "region",
        "account_id",
        "environment",
        "job_role_arn",
        "data_bucket",
        "artifact_bucket",
        "kms_key_arn",
        "registry_kms_key_arn",
        "model_package_group_arn",
        "image_sklearn",
        "image_xgboost",
        "script_raw_preprocess",
        "script_evaluate_model",
        "script_baseline",
    }


def test_file_is_in_the_order_in_which_it_is_compiled(definition: dict[str, Any]) -> None:
    path = compiler.DEFINITIONS / "mammography-severity" / "train.json"
    assert path.read_text() == compiler.to_text(definition)
    assert definition == compiler.drop_nulls(definition)


def test_linter_finds_nothing(definition: dict[str, Any]) -> None:
    assert lint.lint(definition) == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-northeast-1"])
def test_containers_are_known_in_common_regions(region: str) -> None:
    images = json.loads((compiler.DEFINITIONS / "images.json").read_text())
    assert images[region]["xgboost"].endswith(f".dkr.ecr.{region}.amazonaws.com/sagemaker-xgboost:3.2-0")
    assert images[region]["sklearn"].endswith(f".dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3")


def test_containers_have_one_version_in_all_regions() -> None:
    images = json.loads((compiler.DEFINITIONS / "images.json").read_text())
    assert len(images) >= 30
    names = {
        (framework, *image.split("/")[1].split(":")) for entry in images.values() for framework, image in entry.items()
    }
    assert names == {
        ("xgboost", "sagemaker-xgboost", "3.2-0"),
        ("sklearn", "sagemaker-scikit-learn", "1.9-0-cpu-py3"),
        ("model_monitor", "sagemaker-model-monitor-analyzer"),
    }
    assert all(f".{region}." in image for region, entry in images.items() for image in entry.values())
