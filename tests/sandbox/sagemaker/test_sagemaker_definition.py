"""What CreatePipeline refuses, and that the message names the step."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sagemaker_definitions import GROUP, XGBOOST, get, join, processing, step, training
from test_sagemaker_train_pipeline import train_definition

from sandbox.host import ServiceError
from sandbox.sagemaker import step_rules
from sandbox.sagemaker.api import Api
from sandbox.sagemaker.definition import Definition

API = Api()
Mutation = Callable[[dict[str, Any]], None]


def check(document: Any) -> None:
    step_rules.check(API, Definition.parse(document if isinstance(document, str) else json.dumps(document)))


def steps(document: dict[str, Any]) -> dict[str, Any]:
    return {one["Name"]: one for one in document["Steps"]}


def on(name: str, **members: Any) -> Mutation:
    return lambda document: steps(document)[name].update(members)


def argument(name: str, path: str, value: Any) -> Mutation:
    def mutate(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        target = steps(document)[name]["Arguments"]
        for parent in parents:
            target = target[int(parent)] if parent.isdigit() else target[parent]
        target[last] = value

    return mutate


def add(new: Any) -> Mutation:
    return lambda document: document["Steps"].append(new)


def parameter(**members: Any) -> Mutation:
    return lambda document: document["Parameters"].append(members)


RETRY = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 2}
FAIL = {"ErrorMessage": "x"}


def test_a_good_definition_is_accepted() -> None:
    check(train_definition())


@pytest.mark.parametrize(
    ("mutate", "message"),
    [
        (lambda d: d.update(Version="2021"), "Unsupported Version '2021'"),
        (lambda d: d.update(Extra=1), "Unknown member 'Extra'"),
        (lambda d: d.update(Steps=[]), "At least one step"),
        (lambda d: d.update(PipelineExperimentConfig={"ExperimentName": "x"}), "PipelineExperimentConfig"),
        (add(step("Train", "Fail", FAIL)), "Step names must be unique: 'Train'"),
        (add(step("bad name", "Fail", FAIL)), "Invalid step name 'bad name'"),
        (add(step("Tune", "Tuning", {})), "Step 'Tune': the sandbox does not implement steps of Type 'Tuning'"),
        (add(step("Last", "Fail", FAIL, DependsOn=["Nowhere"])), "'Last' depends on step 'Nowhere'"),
        (on("Preprocess", DependsOn=["Evaluate"]), "in a cycle"),
        (on("Preprocess", Depends=["Train"]), "Step 'Preprocess': Processing steps take no Depends"),
        (argument("Train", "RoleArn", "role"), "Step 'Train': CreateTrainingJob: Value 'role' at 'roleArn'"),
        (argument("Train", "Extra", 1), "Step 'Train': Unknown Argument member 'Extra'"),
        (argument("Train", "AlgorithmSpecification.TrainingInputMode", "Pipe"), "only as File, not Pipe"),
        (argument("Train", "OutputDataConfig", {}), "Value null at 'outputDataConfig.s3OutputPath'"),
        (argument("Train", "HyperParameters.num_round", 5), "Member must be a string"),
        (
            argument("Train", "HyperParameters.num_round", get("Parameters.Threshold")),
            "Parameters.Threshold is a Float",
        ),
        (argument("Train", "CheckpointConfig", {"S3Uri": "s3://b/c"}), "does not implement checkpointConfig"),
        (
            argument("Evaluate", "ProcessingInputs.1.S3Input.S3Uri", get("Steps.Train.Nothing")),
            "not a property of a Train",
        ),
        (
            argument("Evaluate", "ProcessingInputs.1.S3Input.S3Uri", get("Parameters.Nothing")),
            "'Nothing' is not defined",
        ),
        (argument("Evaluate", "Environment", {"A": get("Execution.Nothing")}), "not an execution variable"),
        (on("Evaluate", PropertyFiles=[]), "Step 'Check': step 'Evaluate' has no property file 'Report'"),
        (
            on("Evaluate", PropertyFiles=[{"PropertyFileName": "Report", "OutputName": "no", "FilePath": "f"}]),
            "Step 'Evaluate': property file 'Report': there is no output 'no'",
        ),
        (
            argument(
                "Train",
                "InputDataConfig.0.DataSource.S3DataSource.S3Uri",
                get("Steps.Preprocess.ProcessingOutputConfig.Outputs['test'].S3Output.S3Uri"),
            ),
            "step 'Preprocess' has no output 'test'",
        ),
        (argument("Check", "Conditions.0.Type", "Like"), "Step 'Check': Unknown condition Type 'Like'"),
        (argument("Check", "IfSteps.0.Arguments.ModelPackageName", "n"), "'Register': Unknown Argument member"),
        (on("Check", RetryPolicies=[RETRY]), "Condition steps take no RetryPolicies"),
        (on("Train", RetryPolicies=[{**RETRY, "ExpireAfterMin": 5}]), "either MaxAttempts or ExpireAfterMin"),
        (on("Train", RetryPolicies=[{**RETRY, "ExceptionType": ["Any"]}]), "ExceptionType of a retry policy"),
        (on("Train", RetryPolicies=[RETRY, RETRY]), "Step.THROTTLING has two retry policies"),
        (on("Train", CacheConfig={"Enabled": True, "ExpireAfter": "30d"}), "not an ISO 8601 duration"),
        (on("Check", CacheConfig={"Enabled": True}), "Condition steps take no CacheConfig"),
        (parameter(Name="Threshold", Type="Float"), "'Threshold' is defined twice"),
        (parameter(Name="P", Type="List"), "unknown Type 'List'"),
        (parameter(Name="P", Type="Integer", DefaultValue="5"), "DefaultValue of parameter 'P' is not of type Integer"),
        (parameter(Name="P", Type="Integer", DefaultValue=True), "not of type Integer"),
        (parameter(Name="P", Type="String", DefaultValue="c", EnumValues=["a"]), "not one of its EnumValues"),
        (
            add(step("Invoke", "Lambda", {}, FunctionArn="f")),
            "Step 'Invoke': FunctionArn 'f' is not a Lambda function's ARN",
        ),
        (add(step("End", "Fail", {"ErrorMessage": join("", get("Steps.Check.Nothing"))})), "a Condition step has no"),
    ],
)
def test_a_definition_that_aws_refuses_is_refused(mutate: Mutation, message: str) -> None:
    document = json.loads(train_definition())
    mutate(document)
    with pytest.raises(ServiceError) as raised:
        check(document)
    assert raised.value.code == "ValidationException"
    assert raised.value.message.startswith("Unable to parse pipeline definition. ")
    assert message in raised.value.message


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(ServiceError, match="It is not JSON"):
        check("{")


def test_an_expression_may_stand_where_the_api_wants_its_type() -> None:
    document = json.loads(train_definition())
    document["Parameters"] += [{"Name": "Count", "Type": "Integer", "DefaultValue": 1}]
    train = training({"train": "s3://b/t"})
    train["ResourceConfig"]["InstanceCount"] = get("Parameters.Count")
    train["HyperParameters"]["num_round"] = join("", get("Parameters.Count"))
    document["Steps"] = [step("Train", "Training", train), step("Script", "Processing", processing("s.py"))]
    check(document)


def test_a_register_step_takes_an_arn_of_another_accounts_group() -> None:
    container = {"Image": XGBOOST, "ModelDataUrl": "s3://b/m.tar.gz"}
    arguments = {
        "ModelPackageGroupName": GROUP,
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }
    check({"Version": "2020-12-01", "Parameters": [], "Steps": [step("Register", "RegisterModel", arguments)]})
