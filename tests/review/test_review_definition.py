"""The difference of two pipeline definitions: on the committed ones, edited as people edit them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from mlops.project import ROOT
from mlops.review.definition import NOT_KNOWN, differences

FOLDER = ROOT / "ml" / "definitions" / "mammography-severity"
SCRIPTS = "s3://bucket/mammography-severity-model/scripts"
BOUND = "binary_classification_metrics.auc_lower_bound.value of Mammo-Eval's EvaluationReport"
KEY = "arn:aws:kms:us-east-1:222222222222:key/900b0885-c4a2-4bb4-b9f9-d320e550e0a5"
TRAIN = (
    (FOLDER / "train.json")
    .read_text()
    .replace("${script_evaluate_model}", f"{SCRIPTS}/3f2a066739aaa500/evaluate_model.py")
)
INFERENCE = (FOLDER / "inference.json").read_text()


def steps(definition: Any) -> dict[str, Any]:
    """Every step by name, those in branches too."""

    def walk(held):
        for step in held:
            yield step["Name"], step
            for branch in ("IfSteps", "ElseSteps"):
                yield from walk(step.get("Arguments", {}).get(branch, []))

    return dict(walk(definition["Steps"]))


def edited(text, edit):
    definition = json.loads(text)
    edit(definition, steps(definition))
    return json.dumps(definition)


def train_edit(name, path, value):
    """Set one property of a step."""

    def edit(_, named):
        *parents, last = path
        place = named[name]
        for part in parents:
            place = place[part]
        place[last] = value

    return edit


def input_uri(position):
    return ("Arguments", "ProcessingInputs", position, "S3Input", "S3Uri")


CLUSTER = ("Arguments", "ProcessingResources", "ClusterConfig")
EDITS: dict[str, tuple[Any, list[str]]] = {
    "hyperparameter": (
        train_edit("Mammo-Train", ("Arguments", "HyperParameters", "max_depth"), "6"),
        ["Mammo-Train: hyperparameter max_depth 5 → 6"],
    ),
    "hyperparameter added": (
        train_edit("Mammo-Train", ("Arguments", "HyperParameters", "alpha"), "1"),
        ["Mammo-Train: hyperparameter alpha added (1)"],
    ),
    "script changed": (
        train_edit("Mammo-Eval", input_uri(2), f"{SCRIPTS}/9c1b066739aaa500/evaluate_model.py"),
        ["Mammo-Eval: script evaluate_model.py changed (3f2a… → 9c1b…)"],
    ),
    "instance type": (
        train_edit("Mammo-PreProcessing", (*CLUSTER, "InstanceType"), "ml.m5.2xlarge"),
        ["Mammo-PreProcessing: instance type parameter ProcessingInstanceType → ml.m5.2xlarge"],
    ),
    "instance count and volume": (
        lambda _, named: named["Mammo-Eval"]["Arguments"]["ProcessingResources"]["ClusterConfig"].update(
            InstanceCount=2, VolumeSizeInGB=50
        ),
        ["Mammo-Eval: instance count 1 → 2", "Mammo-Eval: volume size (GB) 30 → 50"],
    ),
    "a key": (
        train_edit("Mammo-Train", ("Arguments", "OutputDataConfig", "KmsKeyId"), KEY),
        ["Mammo-Train: key of the output ${kms_key_arn} → key 900b… of 222222222222"],
    ),
    "a key is gone": (
        lambda _, named: named["Mammo-Train"]["Arguments"]["ResourceConfig"].pop("VolumeKmsKeyId"),
        ["Mammo-Train: key of the volume removed, was ${kms_key_arn}"],
    ),
    "network": (
        train_edit("Mammo-Train", ("Arguments", "EnableNetworkIsolation"), False),
        ["Mammo-Train: network isolation on → off"],
    ),
    "parameter default": (
        lambda definition, _: definition["Parameters"][-1].update(DefaultValue=0.8),
        ["parameter AucScoreThreshold default 0.78 → 0.8"],
    ),
    "parameter added": (
        lambda definition, _: definition["Parameters"].append({"Name": "Rows", "Type": "Integer", "DefaultValue": 0}),
        ["parameter Rows added (Integer, default 0)"],
    ),
    "parameter removed": (
        lambda definition, _: definition["Parameters"].pop(0),
        ["parameter ProcessingInstanceType removed"],
    ),
    "retry": (
        train_edit("Mammo-Train", ("RetryPolicies", 1, "MaxAttempts"), 5),
        ["Mammo-Train: retry on JOB_INTERNAL_ERROR attempts 2 → 5"],
    ),
    "retry is gone": (
        lambda _, named: named["Mammo-Train"]["RetryPolicies"].pop(2),
        ["Mammo-Train: retry on CAPACITY_ERROR, RESOURCE_LIMIT removed"],
    ),
    "cache": (
        train_edit("Mammo-Train", ("CacheConfig",), {"Enabled": True, "ExpireAfter": "30d"}),
        ["Mammo-Train: cache set to on for 30d"],
    ),
    "channel": (
        train_edit(
            "Mammo-Train",
            ("Arguments", "InputDataConfig", 1, "DataSource", "S3DataSource", "S3Uri"),
            "s3://bucket/fixed",
        ),
        [
            "Mammo-Train: channel validation Mammo-PreProcessing's Process…s['validation'].S3Output.S3Uri → "
            "s3://bucket/fixed"
        ],
    ),
    "output is gone": (
        lambda _, named: named["Mammo-PreProcessing"]["Arguments"]["ProcessingOutputConfig"]["Outputs"].pop(3),
        ["Mammo-PreProcessing: output baseline removed (s3://${data_bucket}/mammograp….PipelineExecutionId}/baseline)"],
    ),
    "command line": (
        train_edit("Mammo-Eval", ("Arguments", "AppSpecification", "ContainerArguments", 7), "0.99"),
        ["Mammo-Eval: argument --confidence 0.95 → 0.99"],
    ),
    "repeated argument": (
        lambda _, named: named["Mammo-PreProcessing"]["Arguments"]["AppSpecification"]["ContainerArguments"].extend(
            ["--column", "Size:numeric:0:9"]
        ),
        ["Mammo-PreProcessing: argument --column gains Size:numeric:0:9"],
    ),
    "environment": (
        train_edit("Mammo-Eval", ("Arguments", "Environment"), {"THREADS": "2"}),
        ["Mammo-Eval: environment THREADS added (2)"],
    ),
    "condition": (
        train_edit("Mammo-CheckAUCScore", ("Arguments", "Conditions", 0, "Type"), "GreaterThan"),
        [
            f"Mammo-CheckAUCScore: condition {BOUND} ≥ parameter AucScoreThreshold → "
            f"{BOUND} > parameter AucScoreThreshold"
        ],
    ),
    "a step in a branch": (
        train_edit("Mammo-RegisterModel", ("Arguments", "ModelApprovalStatus"), "Approved"),
        ["Mammo-RegisterModel: approval status parameter ModelApprovalStatus → Approved"],
    ),
    "step added": (
        lambda definition, _: definition["Steps"].append(
            {"Name": "Mammo-X", "Type": "Processing", "Arguments": {"RoleArn": {"Get": "Steps.Mammo-Train.RoleArn"}}}
        ),
        ["step Mammo-X added (Processing, after Mammo-Train)"],
    ),
    "branch gains a step": (
        lambda _, named: named["Mammo-CheckAUCScore"]["Arguments"]["ElseSteps"].append(
            {"Name": "Mammo-Tell", "Type": "Lambda", "Arguments": {}, "DependsOn": ["Mammo-Eval"]}
        ),
        ["Mammo-CheckAUCScore: else-branch gains step Mammo-Tell (Lambda, after Mammo-Eval)"],
    ),
    "branch loses a step": (
        lambda _, named: named["Mammo-CheckAUCScore"]["Arguments"]["IfSteps"].pop(0),
        ["Mammo-CheckAUCScore: if-branch loses step Mammo-DataQualityCheck (Processing)"],
    ),
    "step moved out of its branch": (
        lambda definition, named: definition["Steps"].append(
            named["Mammo-CheckAUCScore"]["Arguments"]["IfSteps"].pop(0)
        ),
        ["Mammo-DataQualityCheck: moved from Mammo-CheckAUCScore's if-branch to the top"],
    ),
    "condition step removed": (
        lambda definition, _: definition["Steps"].pop(3),
        ["step Mammo-CheckAUCScore removed (Condition)"],
    ),
    "unforeseen": (
        train_edit("Mammo-Train", ("Arguments", "ProfilerConfig"), {"Rules": {"Depth": 3}, "On": [{"a": "b" * 60}]}),
        [
            f'Mammo-Train: Arguments.ProfilerConfig.On set to [{{"a": "{"b" * 21}…{"b" * 27}"}}]',
            "Mammo-Train: Arguments.ProfilerConfig.Rules.Depth set to 3",
        ],
    ),
    "the definition's own": (lambda definition, _: definition.update(Version="2030"), ["Version 2020-12-01 → 2030"]),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_told_by_step_and_property(name):
    edit, lines = EDITS[name]
    assert differences(TRAIN, edited(TRAIN, edit)) == lines


def test_a_renamed_script_is_told_by_its_real_name_once():
    def rename(_, named):
        arguments = named["Mammo-Eval"]["Arguments"]
        arguments["ProcessingInputs"][2]["S3Input"]["S3Uri"] = f"{SCRIPTS}/9c1b066739aaa500/assess.py"
        arguments["AppSpecification"]["ContainerEntrypoint"][1] = "/opt/ml/processing/input/code/assess.py"

    assert differences(TRAIN, edited(TRAIN, rename)) == [
        "Mammo-Eval: script evaluate_model.py → assess.py (3f2a… → 9c1b…)"
    ]


def test_an_entry_point_that_does_not_follow_its_script_is_told():
    def rename(_, named):
        uri = f"{SCRIPTS}/3f2a066739aaa500/assess.py"
        named["Mammo-Eval"]["Arguments"]["ProcessingInputs"][2]["S3Input"]["S3Uri"] = uri

    assert any("entry point" in line for line in differences(TRAIN, edited(TRAIN, rename)))


def test_steps_two_branches_deep_are_told():
    edit = train_edit("Mammo-Transform", ("Arguments", "TransformResources", "InstanceType"), "ml.m5.xlarge")
    assert differences(INFERENCE, edited(INFERENCE, edit)) == [
        "Mammo-Transform: instance type ml.m5.large → ml.m5.xlarge"
    ]


def test_a_lambda_steps_arguments_and_outputs_are_told_by_name():
    def edit(_, named):
        step = named["Mammo-LatestApprovedModel"]
        step["Arguments"]["region"] = "eu-west-1"
        step["OutputParameters"].pop()

    assert differences(INFERENCE, edited(INFERENCE, edit)) == [
        "Mammo-LatestApprovedModel: argument region ${region} → eu-west-1",
        "Mammo-LatestApprovedModel: output parameter constraints_uri removed (String)",
    ]


@pytest.mark.parametrize("text", [TRAIN, INFERENCE], ids=["train", "inference"])
def test_how_a_definition_is_written_is_no_difference(text):
    def reorder(definition, named):
        for step in named.values():
            for name in ("ProcessingInputs", "InputDataConfig"):
                step.get("Arguments", {}).get(name, []).reverse()
        definition["Parameters"].reverse()

    assert differences(text, edited(text, reorder)) == []
    assert differences(text, json.dumps(json.loads(text), indent=4)) == []


def test_every_edit_is_told_when_it_is_undone():
    for edit, _ in EDITS.values():
        assert differences(edited(TRAIN, edit), TRAIN)


def test_every_single_value_of_a_definition_matters():
    """Nothing is left out: whatever value is another one, some line says so, and no line is long."""
    original = json.loads(TRAIN)

    def places(value, path=()):
        if isinstance(value, dict | list):
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                yield from places(item, (*path, key))
        else:
            yield path

    for path in places(original):
        changed = copy.deepcopy(original)
        *parents, last = path
        place = changed
        for part in parents:
            place = place[part]
        place[last] = {"Get": "Parameters.Other"} if isinstance(place[last], dict) else f"{place[last]}-other"
        lines = differences(TRAIN, json.dumps(changed))
        assert lines, path
        assert max(map(len, lines)) < 300, lines


def test_new_deleted_and_unknown_definitions_are_one_line():
    assert differences(None, TRAIN)[0].startswith("new pipeline of 7 steps: Mammo-PreProcessing, Mammo-Train, ")
    assert differences(TRAIN, None)[0].startswith("deleted pipeline of 7 steps: ")
    assert differences(TRAIN, "[known after deployment]") == [NOT_KNOWN]
