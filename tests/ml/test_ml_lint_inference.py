"""The linter on what only the inference pipeline and Model Monitor's variants have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from definition_edits import Definition, Mutation, arguments, replace, step

from ml import lint


def move(name: str, condition: str, branch: str) -> Mutation:
    """Move a step into another branch."""

    def mutate(definition: Definition) -> None:
        moved = step(definition, name)
        for each in lint.walk_steps(definition["Steps"]):
            for steps in (each.get("Arguments", {}).get(part, []) for part in ("IfSteps", "ElseSteps")):
                if moved in steps:
                    steps.remove(moved)
        arguments(definition, condition)[branch].append(moved)

    return mutate


OUTPUT = {"OutputName": "status", "OutputType": "String"}
RETRY = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3, "IntervalSeconds": 1, "BackoffRate": 2.0}
INFERENCE: list[tuple[str, Mutation, str]] = [
    # functions
    (
        "no function",
        lambda d: step(d, "LatestApprovedModel").pop("FunctionArn"),
        "Mammo-LatestApprovedModel: FunctionArn is None: write a placeholder",
    ),
    (
        "no function's ARN",
        lambda d: step(d, "LatestApprovedModel").update(FunctionArn="${job_role_arn}"),
        "FunctionArn is '${job_role_arn}': write a placeholder",
    ),
    (
        "function's ARN that Lambda does not take",
        lambda d: step(d, "LatestApprovedModel").update(FunctionArn="${function_latest_approved_model_arn} "),
        "which does not match",
    ),
    (
        "output twice",
        lambda d: step(d, "LatestApprovedModel")["OutputParameters"].append(OUTPUT),
        "Mammo-LatestApprovedModel: two outputs are named status",
    ),
    (
        "type of an output",
        lambda d: step(d, "LatestApprovedModel")["OutputParameters"][0].update(OutputType="Text"),
        "the output status has type 'Text'",
    ),
    (
        "output that is not declared",
        lambda d: step(d, "LatestApprovedModel")["OutputParameters"].pop(0),
        "the function declares no such output",
    ),
    (
        "retry of a function",
        lambda d: step(d, "LatestApprovedModel").update(RetryPolicies=[RETRY]),
        "a Lambda step takes no RetryPolicies",
    ),
    # branches
    (
        "step of another branch",
        move("Transform", "CheckApproved", "ElseSteps"),
        "Mammo-Transform: needs Mammo-CreateModel, which runs only in IfSteps of Mammo-CheckApproved",
    ),
    (
        "step that needs what a branch may skip",
        lambda d: step(d, "BatchCheck").update(DependsOn=["Mammo-Transform"]),
        "Mammo-BatchCheck: needs Mammo-Transform, which runs only in IfSteps of Mammo-CheckVerdict",
    ),
    (
        "nested condition without a condition",
        lambda d: arguments(d, "CheckDrift").update(Conditions=[]),
        "Mammo-CheckDrift: has no Conditions",
    ),
    # requests
    (
        "model of an image of its own",
        lambda d: arguments(d, "CreateModel")["PrimaryContainer"].update(Colour="red"),
        'Mammo-CreateModel: CreateModel: Unknown parameter in PrimaryContainer: "Colour"',
    ),
    (
        "model with a network",
        lambda d: arguments(d, "CreateModel").pop("EnableNetworkIsolation"),
        "Mammo-CreateModel: EnableNetworkIsolation is not true",
    ),
    (
        "transform without a model",
        lambda d: arguments(d, "Transform").pop("ModelName"),
        'CreateTransformJob: Missing required parameter in input: "ModelName"',
    ),
    (
        "split of a transform",
        lambda d: arguments(d, "Transform")["TransformInput"].update(SplitType="Row"),
        "TransformInput.SplitType is 'Row', none of",
    ),
    (
        "predictions without a key",
        lambda d: arguments(d, "Transform")["TransformOutput"].pop("KmsKeyId"),
        "Mammo-Transform: TransformOutput.KmsKeyId is None",
    ),
    (
        "volume without a key",
        lambda d: arguments(d, "Transform")["TransformResources"].pop("VolumeKmsKeyId"),
        "Mammo-Transform: TransformResources.VolumeKmsKeyId is None",
    ),
    (
        "predictions that executions share",
        lambda d: arguments(d, "Transform")["TransformOutput"].update(S3OutputPath="s3://${data_bucket}/predictions"),
        "TransformOutput.S3OutputPath has no Execution.PipelineExecutionId",
    ),
    (
        "property of a model that there is not",
        replace("Steps.Mammo-CreateModel.ModelName", "Steps.Mammo-CreateModel.Name"),
        "DescribeModel returns no such member",
    ),
    # messages
    (
        "message too long",
        lambda d: arguments(d, "BadInput")["ErrorMessage"]["Std:Join"]["Values"].append("x" * 3000),
        "Mammo-BadInput: its ErrorMessage has 30",
    ),
]
MONITOR: list[tuple[str, Mutation, str]] = [
    ("type of check", lambda d: step(d, "DataQualityCheck").update(CheckType="BIAS"), "CheckType is 'BIAS'"),
    ("switch", lambda d: step(d, "DataQualityCheck").pop("SkipCheck"), "SkipCheck is None: write true or false"),
    (
        "no baseline",
        lambda d: step(d, "DataQualityCheck").pop("SuppliedBaselineStatistics"),
        "a baseline that is not named: SuppliedBaselineStatistics",
    ),
    (
        "baseline of no output",
        replace("['constraints_uri']", "['constraint_uri']"),
        "Mammo-DataQualityCheck: Steps.Mammo-LatestApprovedModel.OutputParameters['constraint_uri']: the function",
    ),
    (
        "violations that nothing follows",
        lambda d: step(d, "DataQualityCheck").update(FailOnViolation=False),
        "finds violations and does not fail",
    ),
    (
        "retry of a check",
        lambda d: step(d, "DataQualityCheck").update(RetryPolicies=[RETRY]),
        "a QualityCheck step takes no RetryPolicies",
    ),
    (
        "argument of the check's job",
        lambda d: arguments(d, "DataQualityCheck").pop("RoleArn"),
        'Mammo-DataQualityCheck: CreateProcessingJob: Missing required parameter in input: "RoleArn"',
    ),
    (
        "report without a key",
        lambda d: arguments(d, "DataQualityCheck")["ProcessingOutputConfig"].pop("KmsKeyId"),
        "Mammo-DataQualityCheck: ProcessingOutputConfig.KmsKeyId is None",
    ),
    (
        "network of the check",
        lambda d: arguments(d, "DataQualityCheck").pop("NetworkConfig"),
        "Mammo-DataQualityCheck: NetworkConfig.EnableNetworkIsolation is not true",
    ),
    (
        "no end of the check",
        lambda d: arguments(d, "DataQualityCheck").pop("StoppingCondition"),
        "Mammo-DataQualityCheck: StoppingCondition.MaxRuntimeInSeconds is missing",
    ),
    (
        "report that executions share",
        lambda d: arguments(d, "DataQualityCheck")["ProcessingOutputConfig"]["Outputs"][0]["S3Output"].update(
            S3Uri="s3://${data_bucket}/check"
        ),
        "output quality_check_output has no Execution.PipelineExecutionId",
    ),
]


@pytest.mark.parametrize(("mutate", "message"), [each[1:] for each in INFERENCE], ids=[each[0] for each in INFERENCE])
def test_mutation_of_the_inference_pipeline_is_found(
    definition_of: Callable[[str], Definition], mutate: Mutation, message: str
) -> None:
    definition = definition_of("inference")
    mutate(definition)
    findings = lint.lint(definition)
    assert message in "\n".join(findings), findings


@pytest.mark.parametrize(("mutate", "message"), [each[1:] for each in MONITOR], ids=[each[0] for each in MONITOR])
def test_mutation_of_model_monitors_check_is_found(
    definition_of: Callable[[str], Definition], mutate: Mutation, message: str
) -> None:
    definition = definition_of("inference-model-monitor")
    mutate(definition)
    findings = lint.lint(definition)
    assert message in "\n".join(findings), findings


def test_property_that_a_quality_check_has_not_is_found(definition_of: Callable[[str], Definition]) -> None:
    definition = definition_of("train-model-monitor")
    replace("DataQualityCheck.CalculatedBaselineStatistics", "DataQualityCheck.ProcessingJobName")(definition)
    assert "a QualityCheck step has BaselineUsedForDriftCheckConstraints, " in "\n".join(lint.lint(definition))
