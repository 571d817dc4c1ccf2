"""The linter: the committed definition passes, and each single mutation of it is found."""

from __future__ import annotations

import re

import pytest
from definition_edits import Definition, Mutation, arguments, replace, step

from ml import lint


def parameter(definition: Definition, name: str) -> Definition:
    """One parameter's declaration."""
    return next(each for each in definition["Parameters"] if each["Name"] == name)


def output(definition: Definition, name: str, number: int = 0) -> Definition:
    """One output of a processing step."""
    found: Definition = arguments(definition, name)["ProcessingOutputConfig"]["Outputs"][number]["S3Output"]
    return found


def condition(definition: Definition) -> Definition:
    """The gate."""
    found: Definition = arguments(definition, "CheckAUCScore")["Conditions"][0]
    return found


JOIN_WITHOUT_ID = {"Std:Join": {"On": "/", "Values": ["s3://${data_bucket}/executions", "train"]}}
RETRY = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3, "IntervalSeconds": 1, "BackoffRate": 2.0}

MUTATIONS: list[tuple[str, Mutation, str]] = [
    ("version", lambda d: d.update(Version="2019-01-01"), "Version is '2019-01-01'"),
    ("no steps", lambda d: d.update(Steps=[]), "Steps is empty"),
    ("too big", lambda d: d.update(Metadata={"x": "y" * 2**20}), "bytes, more than the 1048576"),
    ("two names", lambda d: step(d, "Eval").update(Name="Mammo-Train"), "Mammo-Train: two steps have this name"),
    ("bad name", lambda d: step(d, "AUCFail").update(Name="AUC fail"), "letters, digits and inner hyphens"),
    ("type of step", lambda d: step(d, "Train").update(Type="Trainig"), "the type 'Trainig' is none of"),
    ("null", lambda d: step(d, "Train").update(Description=None), "a member is null"),
    # parameters
    ("type of parameter", lambda d: parameter(d, "AucScoreThreshold").update(Type="Double"), "has type 'Double'"),
    (
        "default of another type",
        lambda d: parameter(d, "ProcessingInstanceCount").update(DefaultValue="1"),
        "parameter ProcessingInstanceCount is a Integer, its default '1' is not",
    ),
    (
        "default not permitted",
        lambda d: parameter(d, "ModelApprovalStatus").update(DefaultValue="Maybe"),
        "its EnumValues do not permit",
    ),
    ("unused", lambda d: d["Parameters"].append({"Name": "Spare", "Type": "String"}), "Spare is declared and never"),
    ("twice", lambda d: d["Parameters"].append(parameter(d, "InputDataUrl")), "InputDataUrl is declared twice"),
    (
        "undeclared",
        lambda d: d["Parameters"].remove(parameter(d, "InputDataUrl")),
        "Parameters.InputDataUrl is not a parameter",
    ),
    (
        "number where text is wanted",
        lambda d: parameter(d, "TrainingInstanceType").update(Type="Integer", DefaultValue=1),
        "InstanceType wants a string; the parameter Parameters.TrainingInstanceType is a Integer",
    ),
    (
        "text where a number is wanted",
        lambda d: parameter(d, "ProcessingInstanceCount").update(Type="String", DefaultValue="1"),
        "InstanceCount wants a integer; the parameter Parameters.ProcessingInstanceCount is a String",
    ),
    # requests
    (
        "unknown argument",
        lambda d: arguments(d, "Train").update(Colour="red"),
        'Mammo-Train: CreateTrainingJob: Unknown parameter in input: "Colour"',
    ),
    (
        "missing argument",
        lambda d: arguments(d, "Train").pop("RoleArn"),
        'Mammo-Train: CreateTrainingJob: Missing required parameter in input: "RoleArn"',
    ),
    (
        "argument of another type",
        lambda d: arguments(d, "Train")["ResourceConfig"].update(VolumeSizeInGB="30"),
        "Invalid type for parameter ResourceConfig.VolumeSizeInGB",
    ),
    (
        "hyperparameter that is no text",
        lambda d: arguments(d, "Train")["HyperParameters"].update(eta=0.2),
        "Invalid type for parameter HyperParameters.eta",
    ),
    (
        "value that the API does not permit",
        lambda d: output(d, "Eval").update(S3UploadMode="AtEnd"),
        "S3UploadMode is 'AtEnd', none of Continuous, EndOfJob",
    ),
    (
        "text that is too long",
        lambda d: arguments(d, "Eval")["AppSpecification"]["ContainerArguments"].append("x" * 257),
        "has 257 characters, more than 256",
    ),
    (
        "list that is too long",
        lambda d: arguments(d, "Eval")["AppSpecification"]["ContainerArguments"].extend(["x"] * 100),
        "members, more than 100",
    ),
    (
        "text that does not match",
        lambda d: arguments(d, "Train").update(RoleArn="my-role"),
        "CreateTrainingJob.RoleArn is 'my-role', which does not match",
    ),
    (
        "expression in place of a list",
        lambda d: arguments(d, "Eval").update(ProcessingInputs={"Get": "Parameters.InputDataUrl"}),
        "ProcessingInputs wants a list; an expression gives one value",
    ),
    (
        "member that the service refuses",
        lambda d: arguments(d, "RegisterModel").update(CertifyForMarketplace=False),
        "CertifyForMarketplace is set by the service",
    ),
    # account's values
    ("unknown placeholder", replace("${data_bucket}", "${bucket}"), "placeholder 'bucket', which nothing fills"),
    ("literal key", replace("${kms_key_arn}", "arn:aws:kms:eu-west-1:111122223333:key/a"), "belongs to one account"),
    ("literal image", replace("${image_sklearn}", "1.dkr.ecr.eu-west-1.amazonaws.com/x:1"), "belongs to one account"),
    ("literal account", replace("${account_id}", "111122223333"), "belongs to one account"),
    ("literal bucket", replace("s3://${data_bucket}/mammography-severity-model/data", "s3://b/d"), "names a bucket"),
    # retries and caching
    ("cache", lambda d: step(d, "Train").update(CacheConfig={"Enabled": True, "ExpireAfter": "P1D"}), "Train: caches"),
    ("retry of a failure", lambda d: step(d, "AUCFail").update(RetryPolicies=[RETRY]), "Fail step takes no RetryPol"),
    ("no retry", lambda d: step(d, "Eval").pop("RetryPolicies"), "Mammo-Eval: has no RetryPolicies"),
    (
        "exception of a job",
        lambda d: step(d, "RegisterModel")["RetryPolicies"][0].update(ExceptionType=["SageMaker.CAPACITY_ERROR"]),
        "a RegisterModel step cannot retry SageMaker.CAPACITY_ERROR",
    ),
    (
        "exception that does not exist",
        lambda d: step(d, "Train")["RetryPolicies"][0].update(ExceptionType=["Step.OOPS"]),
        "a Training step cannot retry Step.OOPS",
    ),
    (
        "exception twice",
        lambda d: step(d, "Train")["RetryPolicies"].append(RETRY),
        "two retry policies name Step.THROTTLING",
    ),
    (
        "no exception",
        lambda d: step(d, "Train")["RetryPolicies"][0].update(ExceptionType=[]),
        "names no ExceptionType",
    ),
    (
        "two limits",
        lambda d: step(d, "Train")["RetryPolicies"][0].update(ExpireAfterMin=5),
        "needs one of MaxAttempts and ExpireAfterMin",
    ),
    ("attempts", lambda d: step(d, "Train")["RetryPolicies"][0].update(MaxAttempts=21), "MaxAttempts is 21"),
    ("minutes", lambda d: step(d, "Train")["RetryPolicies"][2].update(ExpireAfterMin=0), "ExpireAfterMin is 0"),
    # encryption and keys
    (
        "output without a key",
        lambda d: arguments(d, "Eval")["ProcessingOutputConfig"].pop("KmsKeyId"),
        "Mammo-Eval: ProcessingOutputConfig.KmsKeyId is None",
    ),
    (
        "artifact without a key",
        lambda d: arguments(d, "Train")["OutputDataConfig"].pop("KmsKeyId"),
        "Mammo-Train: OutputDataConfig.KmsKeyId is None",
    ),
    (
        "volume without a key",
        lambda d: arguments(d, "DataQualityCheck")["ProcessingResources"]["ClusterConfig"].pop("VolumeKmsKeyId"),
        "Mammo-DataQualityCheck: ProcessingResources.ClusterConfig.VolumeKmsKeyId is None",
    ),
    (
        "another key",
        lambda d: arguments(d, "Train")["ResourceConfig"].update(VolumeKmsKeyId="alias/aws/s3"),
        "ResourceConfig.VolumeKmsKeyId is 'alias/aws/s3': write",
    ),
    (
        "network",
        lambda d: arguments(d, "Train").update(EnableNetworkIsolation=False),
        "EnableNetworkIsolation is not true",
    ),
    (
        "network of a script",
        lambda d: arguments(d, "Eval").pop("NetworkConfig"),
        "NetworkConfig.EnableNetworkIsolation is not",
    ),
    ("no end", lambda d: arguments(d, "Eval").pop("StoppingCondition"), "MaxRuntimeInSeconds is missing"),
    (
        "output that executions share",
        lambda d: output(d, "PreProcessing").update(S3Uri=JOIN_WITHOUT_ID),
        "output train has no Execution.PipelineExecutionId in its address",
    ),
    (
        "artifact that executions share",
        lambda d: arguments(d, "Train")["OutputDataConfig"].update(S3OutputPath="s3://${artifact_bucket}/models"),
        "OutputDataConfig.S3OutputPath has no Execution.PipelineExecutionId",
    ),
    (
        "two outputs in one place",
        lambda d: output(d, "PreProcessing").update(S3Uri=output(d, "PreProcessing", 1)["S3Uri"]),
        "two outputs have one address",
    ),
    # references
    ("step that is not there", replace("Steps.Mammo-Train.", "Steps.Mammo-Tune."), "refers to a step that does not"),
    (
        "output that is not there",
        replace("Outputs['baseline'].S3Output", "Outputs['base'].S3Output"),
        "the step has no such output",
    ),
    (
        "property that is not there",
        replace("ModelArtifacts.S3ModelArtifacts", "ModelArtifacts.S3Uri"),
        "DescribeTrainingJob returns no such member",
    ),
    ("property of a failure", replace("Steps.Mammo-Train.", "Steps.Mammo-AUCFail."), "a Fail step has no properties"),
    ("variable", replace("Execution.PipelineExecutionArn", "Execution.Arn"), "Execution.Arn is not a variable"),
    (
        "time",
        lambda d: arguments(d, "RegisterModel")["CustomerMetadataProperties"].update(
            at={"Get": "Execution.StartDateTime"}
        ),
        "Execution.StartDateTime is the time of day",
    ),
    ("scope", replace("Parameters.InputDataUrl", "Params.InputDataUrl"), "begins with none of Parameters, Execution"),
    (
        "property file that is not declared",
        lambda d: step(d, "Eval").pop("PropertyFiles"),
        "the step declares no such property file",
    ),
    (
        "property file in no output",
        lambda d: step(d, "Eval")["PropertyFiles"][0].update(OutputName="report"),
        "is in output 'report', none of ['evaluation']",
    ),
    (
        "property file at an absolute path",
        lambda d: step(d, "Eval")["PropertyFiles"][0].update(FilePath="/evaluation.json"),
        "needs a FilePath relative to its output",
    ),
    (
        "property file of a training",
        lambda d: step(d, "Train").update(PropertyFiles=[{"PropertyFileName": "x"}]),
        "a Training step has no PropertyFiles",
    ),
    (
        "value of no property file",
        lambda d: condition(d)["LeftValue"]["Std:JsonGet"].pop("Path"),
        "Std:JsonGet needs a PropertyFile and a Path",
    ),
    (
        "join of nothing",
        lambda d: output(d, "Eval")["S3Uri"]["Std:Join"].pop("On"),
        "Std:Join needs On and Values",
    ),
    ("dependency", lambda d: step(d, "Eval").update(DependsOn=["Mammo-Tune"]), "depends on Mammo-Tune, which does not"),
    (
        "dependency on a condition",
        lambda d: step(d, "RegisterModel").update(DependsOn=["Mammo-CheckAUCScore"]),
        "depends on the condition Mammo-CheckAUCScore",
    ),
    ("cycle", lambda d: step(d, "PreProcessing").update(DependsOn=["Mammo-Eval"]), "Mammo-Train: waits for itself"),
    # condition and failure
    ("condition", lambda d: condition(d).update(Type="Greater"), "the condition 'Greater' is none of"),
    ("half a condition", lambda d: condition(d).pop("RightValue"), "needs LeftValue and RightValue"),
    ("no condition", lambda d: arguments(d, "CheckAUCScore").update(Conditions=[]), "has no Conditions"),
    (
        "order of texts",
        lambda d: condition(d).update(RightValue={"Get": "Parameters.InputDataUrl"}),
        "GreaterThanOrEqualTo compares numbers; its RightValue is a String",
    ),
    ("silent failure", lambda d: arguments(d, "AUCFail").clear(), "fails without an ErrorMessage"),
]


@pytest.mark.parametrize(("mutate", "message"), [each[1:] for each in MUTATIONS], ids=[each[0] for each in MUTATIONS])
def test_mutation_is_found(definition: Definition, mutate: Mutation, message: str) -> None:
    mutate(definition)
    findings = lint.lint(definition)
    assert re.search(re.escape(message), "\n".join(findings)), findings


def test_branches_without_steps_are_found(definition: Definition) -> None:
    arguments(definition, "CheckAUCScore").update(IfSteps=[], ElseSteps=[])
    assert "Mammo-CheckAUCScore: has neither IfSteps nor ElseSteps" in lint.lint(definition)
