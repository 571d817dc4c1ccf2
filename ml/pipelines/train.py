"""The train pipeline: split, train, judge, and register what passes; runs in dev and in prod.

No step caches. SageMaker decides on a hit by a step's arguments, and the input is a prefix: after new files arrive
under it the arguments are the same, and a cached step would train on the old data.
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html

Every key that an execution writes contains its id, so no execution overwrites what another wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute, InputData, Networking, OutputDataConfig, StoppingCondition
from sagemaker.train.model_trainer import ModelTrainer

from ml.pipelines.target import Target

if TYPE_CHECKING:
    from ml.model import Column, Model

JOB_FOLDER = "/opt/ml/processing"
AUC_LOWER_BOUND = "binary_classification_metrics.auc_lower_bound.value"

# Faults of the service, before a job exists or while it runs. A script's own error is not retried: it would fail again.
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
API_RETRIES = [
    StepRetryPolicy(
        exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
        interval_seconds=30,
        backoff_rate=2.0,
        max_attempts=3,
    )
]
JOB_RETRIES = [
    *API_RETRIES,
    SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR],
        interval_seconds=60,
        backoff_rate=2.0,
        max_attempts=2,
    ),
    SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.CAPACITY_ERROR, SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
        interval_seconds=300,
        backoff_rate=1.5,
        expire_after_mins=180,
    ),
]


class OfflineSession(PipelineSession):  # type: ignore[misc]  # the SDK is not installed where types are checked
    """Pipeline session that asks AWS nothing while a definition is built."""

    def __init__(self, target: Target) -> None:
        self.target = target
        super().__init__(
            boto_session=boto3.Session(region_name=target.region),
            default_bucket=target.data_bucket,
            sagemaker_config={
                "SchemaVersion": "1.0",
                "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
            },
        )

    def default_bucket(self) -> str:
        """The data bucket; the SDK's own method would look for it, and create it."""
        return self.target.data_bucket

    def account_id(self) -> str:
        """The target's account; the SDK's own method calls STS."""
        return self.target.account_id


def column_argument(column: Column) -> str:
    """A column as the scripts in ml/steps read it."""
    return f"{column.name}:{column.kind}:{column.minimum:g}:{column.maximum:g}"


def column_arguments(model: Model) -> list[str]:
    """Every feature as an argument of a script, in the order of the raw files."""
    return [part for column in model.features for part in ("--column", column_argument(column))]


def read_from(name: str, uri: Any) -> ProcessingInput:
    """Mount everything under an S3 prefix in the job's folder ``name``."""
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{JOB_FOLDER}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )


def write_to(name: str, uri: Any) -> ProcessingOutput:
    """Upload the job's folder ``name`` when the job ends."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=uri, local_path=f"{JOB_FOLDER}/{name}", s3_upload_mode="EndOfJob"),
    )


def output_of(step: ProcessingStep, name: str) -> Any:
    """Address of a processing step's output, known when it has run."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def build(model: Model, target: Target) -> Pipeline:
    """The train pipeline of one model for one account."""
    session = OfflineSession(target)

    instance_type = ParameterString("ProcessingInstanceType", default_value=model.instances.processing_type)
    instance_count = ParameterInteger("ProcessingInstanceCount", default_value=model.instances.processing_count)
    training_type = ParameterString("TrainingInstanceType", default_value=model.instances.training_type)
    approval_status = ParameterString(
        "ModelApprovalStatus",
        default_value="PendingManualApproval",
        enum_values=["PendingManualApproval", "Approved", "Rejected"],
    )
    input_data = ParameterString("InputDataUrl", default_value=f"s3://{target.data_bucket}/{model.train_prefix}")
    auc_threshold = ParameterFloat("AucScoreThreshold", default_value=model.evaluation.auc_threshold)

    def step_name(suffix: str) -> str:
        return f"{model.step_prefix}-{suffix}"

    def split_uri(name: str) -> Join:
        return Join(
            "/",
            [
                f"s3://{target.data_bucket}/{model.model_name}/executions",
                ExecutionVariables.PIPELINE_EXECUTION_ID,
                name,
            ],
        )

    def artifact_uri(name: str) -> Join:
        # The environment is in the key because dev and prod write to one bucket: a role can be held to its own part.
        return Join(
            "/",
            [
                f"s3://{target.artifact_bucket}/{model.model_name}/{target.environment}",
                ExecutionVariables.PIPELINE_EXECUTION_ID,
                name,
            ],
        )

    def processor(image_uri: str, output_kms_key: str, count: Any = 1) -> ScriptProcessor:
        # ScriptProcessor takes a script by its S3 address; FrameworkProcessor would upload it under the time of day.
        return ScriptProcessor(
            image_uri=image_uri,
            command=["python3"],
            role=target.job_role_arn,
            instance_type=instance_type,
            instance_count=count,
            volume_size_in_gb=model.instances.volume_size_gb,
            volume_kms_key=target.kms_key_arn,
            output_kms_key=output_kms_key,
            max_runtime_in_seconds=model.instances.max_runtime_seconds,
            network_config=NetworkConfig(enable_network_isolation=True),
            base_job_name=model.base_job_prefix,
            sagemaker_session=session,
        )

    preprocess = ProcessingStep(
        step_name("PreProcessing"),
        # On several instances each writes all rows, the same bytes to the same keys: slower, never wrong.
        step_args=processor(target.image_sklearn, target.kms_key_arn, instance_count).run(
            code=target.script_raw_preprocess,
            inputs=[read_from("raw", input_data)],
            outputs=[write_to(name, split_uri(name)) for name in ("train", "validation", "test", "baseline")],
            arguments=[
                *("--input", f"{JOB_FOLDER}/raw"),
                *("--train", f"{JOB_FOLDER}/train"),
                *("--validation", f"{JOB_FOLDER}/validation"),
                *("--test", f"{JOB_FOLDER}/test"),
                *("--baseline", f"{JOB_FOLDER}/baseline"),
                *column_arguments(model),
                *("--label", column_argument(model.label)),
                *("--train-fraction", str(model.split.train_fraction)),
                *("--validation-fraction", str(model.split.validation_fraction)),
                *("--seed", str(model.split.seed)),
            ],
        ),
        retry_policies=JOB_RETRIES,
    )

    trainer = ModelTrainer(
        training_image=target.image_xgboost,
        role=target.job_role_arn,
        base_job_name=model.base_job_prefix,
        compute=Compute(
            instance_type=training_type,
            instance_count=1,
            volume_size_in_gb=model.instances.volume_size_gb,
            volume_kms_key_id=target.kms_key_arn,
        ),
        networking=Networking(enable_network_isolation=True),
        # The artifact is this account's alone to decrypt, though it lies in the registry's bucket.
        output_data_config=OutputDataConfig(s3_output_path=artifact_uri("model"), kms_key_id=target.kms_key_arn),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=model.instances.max_runtime_seconds),
        hyperparameters={name: str(value) for name, value in model.hyperparameters.items()},
        sagemaker_session=session,
    )
    train = TrainingStep(
        step_name("Train"),
        step_args=trainer.train(
            input_data_config=[
                InputData(channel_name=name, data_source=output_of(preprocess, name), content_type="text/csv")
                for name in ("train", "validation")
            ]
        ),
        retry_policies=JOB_RETRIES,
    )
    artifact = train.properties.ModelArtifacts.S3ModelArtifacts

    report = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
    evaluate = ProcessingStep(
        step_name("Eval"),
        step_args=processor(target.image_xgboost, target.registry_kms_key_arn).run(
            code=target.script_evaluate_model,
            inputs=[read_from("model", artifact), read_from("test", output_of(preprocess, "test"))],
            outputs=[write_to("evaluation", artifact_uri("evaluation"))],
            arguments=[
                *("--model", f"{JOB_FOLDER}/model"),
                *("--test", f"{JOB_FOLDER}/test"),
                *("--output", f"{JOB_FOLDER}/evaluation"),
                *("--confidence", str(model.evaluation.confidence)),
                *("--bootstrap-samples", str(model.evaluation.bootstrap_samples)),
                *("--bootstrap-seed", str(model.evaluation.bootstrap_seed)),
                *("--decision-threshold", str(model.evaluation.decision_threshold)),
                *("--calibration-bins", str(model.evaluation.calibration_bins)),
                *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
                *("--input-data", input_data),
            ],
        ),
        property_files=[report],
        retry_policies=JOB_RETRIES,
    )
    auc_lower_bound = JsonGet(step_name=evaluate.name, property_file=report, json_path=AUC_LOWER_BOUND)

    # A step of our own in place of QualityCheck, which runs on Model Monitor.
    baseline = ProcessingStep(
        step_name("DataQualityCheck"),
        step_args=processor(target.image_sklearn, target.registry_kms_key_arn).run(
            code=target.script_baseline,
            inputs=[read_from("rows", output_of(preprocess, "baseline"))],
            outputs=[write_to("baseline", artifact_uri("baseline"))],
            arguments=[
                *("--input", f"{JOB_FOLDER}/rows"),
                *("--output", f"{JOB_FOLDER}/baseline"),
                *column_arguments(model),
            ],
        ),
        retry_policies=JOB_RETRIES,
    )

    def metrics_source(step: ProcessingStep, output: str, file: str) -> MetricsSource:
        return MetricsSource(s3_uri=Join("/", [output_of(step, output), file]), content_type="application/json")

    statistics = metrics_source(baseline, "baseline", "statistics.json")
    constraints = metrics_source(baseline, "baseline", "constraints.json")
    # dependencies=None: the default makes the builder inspect this machine and call S3.
    builder = ModelBuilder(
        image_uri=target.image_xgboost,
        s3_model_data_url=artifact,
        role_arn=target.job_role_arn,
        sagemaker_session=session,
        dependencies=None,
    )
    register = ModelStep(
        step_name("RegisterModel"),
        step_args=builder.register(
            model_package_group_name=target.model_package_group_arn,
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=list(model.instances.inference_types),
            transform_instances=list(model.instances.transform_types),
            approval_status=approval_status,
            model_metrics=ModelMetrics(
                model_statistics=metrics_source(evaluate, "evaluation", "evaluation.json"),
                model_data_statistics=statistics,
                model_data_constraints=constraints,
            ),
            drift_check_baselines=DriftCheckBaselines(
                model_data_statistics=statistics, model_data_constraints=constraints
            ),
            # What promotion needs to know of a version: who can decrypt its artifact, and what it was trained on.
            customer_metadata_properties={
                "trained_in_environment": target.environment,
                "trained_in_account": target.account_id,
                "trained_in_region": target.region,
                "execution_arn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
                "input_data": input_data,
                "kms_key_arn": target.kms_key_arn,
            },
        ),
        retry_policies=API_RETRIES,
    )

    fail = FailStep(
        step_name("AUCFail"),
        error_message=Join(
            "",
            [
                "The model is not registered: the lower bound of its AUC, ",
                auc_lower_bound,
                ", is below the threshold, ",
                auc_threshold,
                ". The report is ",
                output_of(evaluate, "evaluation"),
                "/evaluation.json",
            ],
        ),
    )
    check = ConditionStep(
        step_name("CheckAUCScore"),
        conditions=[ConditionGreaterThanOrEqualTo(left=auc_lower_bound, right=auc_threshold)],
        if_steps=[baseline, register],
        else_steps=[fail],
    )

    return Pipeline(
        model.train_pipeline_name,
        parameters=[instance_type, instance_count, training_type, approval_status, input_data, auc_threshold],
        steps=[preprocess, train, evaluate, check],
        pipeline_experiment_config=None,
        sagemaker_session=session,
    )
