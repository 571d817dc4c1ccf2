"""The committed definition of the inference pipeline, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml import compile as compiler
from ml import lint, model
from ml.datasets import mammographic_masses as dataset
from ml.functions import latest_approved_model
from ml.steps import batch_check

Definition = dict[str, Any]
PREFIX = "s3://${data_bucket}/mammography-severity-model/executions"
RUN_ID = {"Get": "Execution.PipelineExecutionId"}


@pytest.fixture
def inference(definition_of: Callable[[str], Definition]) -> Definition:
    return definition_of("inference")


def steps_of(definition: Definition) -> dict[str, Definition]:
    """Every step by name, those in branches included."""
    return {step["Name"].removeprefix("Mammo-"): step for step in lint.walk_steps(definition["Steps"])}


def names(steps: list[Definition]) -> list[str]:
    return [step["Name"].removeprefix("Mammo-") for step in steps]


def function_output(name: str) -> Definition:
    return {"Get": f"Steps.Mammo-LatestApprovedModel.OutputParameters['{name}']"}


def written(part: str) -> Definition:
    return {"Std:Join": {"On": "/", "Values": [PREFIX, RUN_ID, part]}}


def words_of(message: Definition) -> str:
    """A message's own words, with <> for what it quotes."""
    return "".join(part if isinstance(part, str) else "<>" for part in message["Std:Join"]["Values"])


def test_one_parameter_names_the_file_to_score(inference: Definition, settings: model.Model) -> None:
    (parameter,) = inference["Parameters"]
    assert parameter == {
        "Name": "transform_input",
        "Type": "String",
        "DefaultValue": "s3://${data_bucket}/mammography-severity-model/data/batch-dataset/mammo-batch-dataset.csv",
    }
    assert settings.batch_file == dataset.BATCH_FILE
    assert parameter["DefaultValue"].endswith(f"/{dataset.object_keys('prod')[dataset.BATCH_FILE]}")


def test_every_verdict_leads_to_an_end_of_its_own(inference: Definition) -> None:
    steps = steps_of(inference)
    assert names(inference["Steps"]) == ["LatestApprovedModel", "CheckApproved"]

    def branches(condition: str) -> tuple[list[str], list[str]]:
        arguments = steps[condition]["Arguments"]
        return names(arguments["IfSteps"]), names(arguments["ElseSteps"])

    assert branches("CheckApproved") == (["CreateModel", "BatchCheck", "CheckVerdict"], ["NoApprovedModel"])
    assert branches("CheckVerdict") == (["Transform"], ["CheckDrift"])
    assert branches("CheckDrift") == (["DataDrift"], ["BadInput"])
    report = {"PropertyFile": {"Get": "Steps.Mammo-BatchCheck.PropertyFiles.BatchCheck"}, "Path": "verdict"}
    for condition, left, right in (
        ("CheckApproved", function_output("status"), "Found"),
        ("CheckVerdict", {"Std:JsonGet": report}, "ok"),
        ("CheckDrift", {"Std:JsonGet": report}, "drift"),
    ):
        assert steps[condition]["Arguments"]["Conditions"] == [
            {"Type": "Equals", "LeftValue": left, "RightValue": right}
        ]


def test_failures_say_what_the_report_says_and_where_it_is(inference: Definition) -> None:
    steps = steps_of(inference)
    report = {"Get": "Steps.Mammo-BatchCheck.ProcessingOutputConfig.Outputs['check'].S3Output.S3Uri"}
    for name, words in (
        ("DataDrift", "The batch has drifted and is not scored: <> The report is <>/batch_check.json"),
        ("BadInput", "The batch cannot be used and is not scored: <> The report is <>/batch_check.json"),
    ):
        message = steps[name]["Arguments"]["ErrorMessage"]
        assert words_of(message) == words
        summary, where = (part for part in message["Std:Join"]["Values"] if isinstance(part, dict))
        assert (summary["Std:JsonGet"]["Path"], where) == ("summary", report)
        # The longest summary leaves room for an address in what a failed step shows.
        assert len(words) + batch_check.LONGEST_SUMMARY + 200 <= 1024
    message = steps["NoApprovedModel"]["Arguments"]["ErrorMessage"]
    assert words_of(message) == "No version can be used: <>"
    assert message["Std:Join"]["Values"][1] == function_output("reason")
    assert len("No version can be used: ") + latest_approved_model.LONGEST_REASON <= 1024


def test_version_is_named_and_not_copied(inference: Definition) -> None:
    assert steps_of(inference)["CreateModel"]["Arguments"] == {
        "PrimaryContainer": {"ModelPackageName": function_output("model_package_arn")},
        "EnableNetworkIsolation": True,
        "ExecutionRoleArn": "${job_role_arn}",
    }


def test_check_reads_the_batch_and_the_versions_own_baseline(inference: Definition) -> None:
    arguments = steps_of(inference)["BatchCheck"]["Arguments"]
    read = {each["InputName"]: each["S3Input"]["S3Uri"] for each in arguments["ProcessingInputs"]}
    assert read == {
        "batch": {"Get": "Parameters.transform_input"},
        "statistics": function_output("statistics_uri"),
        "constraints": function_output("constraints_uri"),
        "code": "${script_batch_check}",
    }
    (property_file,) = steps_of(inference)["BatchCheck"]["PropertyFiles"]
    assert property_file == {
        "PropertyFileName": "BatchCheck",
        "OutputName": "check",
        "FilePath": "batch_check.json",
    }


def test_script_takes_the_arguments_that_the_definition_gives(inference: Definition, settings: model.Model) -> None:
    arguments = steps_of(inference)["BatchCheck"]["Arguments"]
    application = arguments["AppSpecification"]
    given = [part if isinstance(part, str) else part["Get"] for part in application["ContainerArguments"]]
    options = vars(batch_check.parse_arguments(given))
    assert options["significance"] == settings.batch_check.significance
    assert [tuple(column) for column in options["column"]] == [
        (each.name, each.kind, each.minimum, each.maximum) for each in settings.features
    ]
    assert options["execution_id"] == "Execution.PipelineExecutionId"
    assert options["input_data"] == "Parameters.transform_input"
    assert options["model_package_arn"] == function_output("model_package_arn")["Get"]
    assert Path(application["ContainerEntrypoint"][1]).name == Path(batch_check.__file__).name
    inputs = {each["S3Input"]["LocalPath"] for each in arguments["ProcessingInputs"]}
    outputs = {each["S3Output"]["LocalPath"] for each in arguments["ProcessingOutputConfig"]["Outputs"]}
    folders = {str(options[name]) for name in ("input", "statistics", "constraints", "output", "scored")}
    assert folders == (inputs | outputs) - {"/opt/ml/processing/input/code"}


def test_what_is_written_is_encrypted_under_the_executions_id(inference: Definition) -> None:
    steps = steps_of(inference)
    check = steps["BatchCheck"]["Arguments"]["ProcessingOutputConfig"]
    assert [each["S3Output"]["S3Uri"] for each in check["Outputs"]] == [written("check"), written("scored")]
    assert check["KmsKeyId"] == "${kms_key_arn}"
    transform = steps["Transform"]["Arguments"]
    assert transform["TransformOutput"] == {
        "S3OutputPath": written("predictions"),
        "KmsKeyId": "${kms_key_arn}",
        "Accept": "text/csv",
        "AssembleWith": "Line",
    }
    assert transform["TransformResources"]["VolumeKmsKeyId"] == "${kms_key_arn}"


def test_what_was_checked_is_scored_line_by_line_with_the_model_that_was_created(inference: Definition) -> None:
    checked = "Steps.Mammo-BatchCheck.ProcessingOutputConfig.Outputs"
    transform = steps_of(inference)["Transform"]["Arguments"]
    assert transform["ModelName"] == {"Get": "Steps.Mammo-CreateModel.ModelName"}
    assert transform["BatchStrategy"] == "MultiRecord"
    assert transform["TransformInput"] == {
        "ContentType": "text/csv",
        "SplitType": "Line",
        "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": {"Get": f"{checked}['scored'].S3Output.S3Uri"}}
        },
    }


def test_only_the_function_is_not_retried_and_nothing_is_cached(inference: Definition) -> None:
    retried = {name for name, step in steps_of(inference).items() if "RetryPolicies" in step}
    assert retried == {"CreateModel", "BatchCheck", "Transform"}
    assert "CacheConfig" not in json.dumps(inference)


def test_placeholders_are_those_that_an_account_fills(inference: Definition) -> None:
    assert set(re.findall(r"\$\{(\w+)\}", json.dumps(inference))) == {
        "region",
        "job_role_arn",
        "data_bucket",
        "kms_key_arn",
        "model_package_group_arn",
        "image_sklearn",
        "script_batch_check",
        "function_latest_approved_model_arn",
        "artifact_accounts",
    }


def test_model_monitor_checks_against_the_versions_baseline_before_scoring(
    definition_of: Callable[[str], Definition],
) -> None:
    definition = definition_of("inference-model-monitor")
    steps = steps_of(definition)
    assert names(steps["CheckApproved"]["Arguments"]["IfSteps"]) == ["CreateModel", "DataQualityCheck", "Transform"]
    check = steps["DataQualityCheck"]
    assert check["SuppliedBaselineStatistics"] == function_output("statistics_uri")
    assert check["SuppliedBaselineConstraints"] == function_output("constraints_uri")
    assert (check["SkipCheck"], check["FailOnViolation"], check["RegisterNewBaseline"]) == (False, True, False)
    assert check["Arguments"]["AppSpecification"]["ImageUri"] == "${image_model_monitor}"
    assert steps["Transform"]["DependsOn"] == ["Mammo-DataQualityCheck"]
    (output,) = check["Arguments"]["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == written("check")


def test_model_monitors_baseline_is_registered_with_the_version_and_has_no_header(
    definition_of: Callable[[str], Definition],
) -> None:
    steps = steps_of(definition_of("train-model-monitor"))
    check = steps["DataQualityCheck"]
    assert (check["SkipCheck"], check["RegisterNewBaseline"]) == (True, True)
    environment = check["Arguments"]["Environment"]
    assert json.loads(environment["dataset_format"])["csv"]["header"] is False
    assert "--headerless-baseline" in steps["PreProcessing"]["Arguments"]["AppSpecification"]["ContainerArguments"]
    registered = steps["RegisterModel"]["Arguments"]
    for member in (registered["ModelMetrics"], registered["DriftCheckBaselines"]):
        found = {name: file["S3Uri"] for name, file in member["ModelDataQuality"].items()}
        assert found == {
            "Statistics": {"Get": "Steps.Mammo-DataQualityCheck.CalculatedBaselineStatistics"},
            "Constraints": {"Get": "Steps.Mammo-DataQualityCheck.CalculatedBaselineConstraints"},
        }


@pytest.mark.parametrize("name", ["train", "inference"])
def test_model_monitor_changes_no_other_step_than_it_must(
    name: str, definition_of: Callable[[str], Definition]
) -> None:
    plain, monitored = steps_of(definition_of(name)), steps_of(definition_of(f"{name}-model-monitor"))
    changed = {each for each in plain.keys() & monitored.keys() if plain[each] != monitored[each]}
    assert (
        changed
        == {
            "train": {"PreProcessing", "DataQualityCheck", "RegisterModel", "CheckAUCScore"},
            "inference": {"Transform", "CheckApproved"},
        }[name]
    )


@pytest.mark.parametrize("name", ["inference", "inference-model-monitor", "train-model-monitor"])
def test_definition_is_clean_and_in_the_order_in_which_it_is_compiled(
    name: str, definition_of: Callable[[str], Definition]
) -> None:
    definition = definition_of(name)
    path = compiler.DEFINITIONS / "mammography-severity" / f"{name}.json"
    assert path.read_text() == compiler.to_text(definition)
    assert lint.lint(definition) == []
