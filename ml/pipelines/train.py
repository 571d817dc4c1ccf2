"""The train pipeline: split, train, judge, and register what passes; runs in dev and in prod.

No step caches. SageMaker decides on a hit by a step's arguments, and the input is a prefix: after new files arrive
under it the arguments are the same, and a cached step would train on the old data.
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html

Every key that an execution writes contains its id, so no execution overwrites what another wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute, InputData, Networking, OutputDataConfig, StoppingCondition
from sagemaker.train.model_trainer import ModelTrainer

from ml.pipelines.data_quality import Baseline, DriftCheck, register_baseline
from ml.pipelines.processing import JOB_FOLDER, Scripts, column_argument, column_arguments, execution_uri, output_of
from ml.pipelines.retry import API_RETRIES, JOB_RETRIES
from ml.pipelines.session import OfflineSession
from ml.pipelines.target import Target

if TYPE_CHECKING:
    from ml.model import Model

AUC_LOWER_BOUND = "binary_classification_metrics.auc_lower_bound.value"


class TrainParameters:
    """What an execution may choose, with the model's settings as defaults."""

    def __init__(self, model: Model, target: Target) -> None:
        self.instance_type = ParameterString("ProcessingInstanceType", default_value=model.instances.processing_type)
        self.instance_count = ParameterInteger(
            "ProcessingInstanceCount", default_value=model.instances.processing_count
        )
        self.training_type = ParameterString("TrainingInstanceType", default_value=model.instances.training_type)
        self.approval_status = ParameterString(
            "ModelApprovalStatus",
            default_value="PendingManualApproval",
            enum_values=["PendingManualApproval", "Approved", "Rejected"],
        )
        self.input_data = ParameterString(
            "InputDataUrl", default_value=f"s3://{target.data_bucket}/{model.train_prefix}"
        )
        self.auc_threshold = ParameterFloat("AucScoreThreshold", default_value=model.evaluation.auc_threshold)

    def all(self) -> list[Any]:
        """Every parameter, in the order of the definition."""
        return list(vars(self).values())


class TrainSteps:
    """The steps of one model's train pipeline in one account."""

    def __init__(self, model: Model, target: Target, drift_check: DriftCheck) -> None:
        self.model = model
        self.target = target
        self.drift_check = drift_check
        self.session = OfflineSession(target)
        self.parameters = TrainParameters(model, target)
        self.scripts = Scripts(model, self.session, self.parameters.instance_type)

    def artifact_uri(self, name: str) -> Join:
        """Where the execution's ``name`` goes in the registry's bucket.

        The environment is in the key because dev and prod write to one bucket: a role can be held to its own part.
        """
        model, target = self.model, self.target
        return execution_uri(f"s3://{target.artifact_bucket}/{model.model_name}/{target.environment}", name)

    def preprocess(self) -> ProcessingStep:
        """Split the raw rows."""
        model, target = self.model, self.target
        executions = f"s3://{target.data_bucket}/{model.execution_prefix}"
        names = ("train", "validation", "test", "baseline")
        return self.scripts.step(
            "PreProcessing",
            image_uri=target.image_sklearn,
            code=target.script_raw_preprocess,
            # On several instances each writes all rows, the same bytes to the same keys: slower, never wrong.
            instance_count=self.parameters.instance_count,
            inputs={"raw": self.parameters.input_data},
            outputs={name: execution_uri(executions, name) for name in names},
            output_kms_key=target.kms_key_arn,
            arguments=[
                *("--input", f"{JOB_FOLDER}/raw"),
                *(part for name in names for part in (f"--{name}", f"{JOB_FOLDER}/{name}")),
                *column_arguments(model),
                *("--label", column_argument(model.label)),
                *("--train-fraction", str(model.split.train_fraction)),
                *("--validation-fraction", str(model.split.validation_fraction)),
                *("--seed", str(model.split.seed)),
                # Model Monitor compares columns by name, and a batch to score has no header.
                *(("--headerless-baseline",) if self.drift_check == "model-monitor" else ()),
            ],
        )

    def train(self, preprocess: ProcessingStep) -> TrainingStep:
        """Train the built-in algorithm on the train split."""
        model, target = self.model, self.target
        trainer = ModelTrainer(
            training_image=target.image_xgboost,
            role=target.job_role_arn,
            base_job_name=model.base_job_prefix,
            compute=Compute(
                instance_type=self.parameters.training_type,
                instance_count=1,
                volume_size_in_gb=model.instances.volume_size_gb,
                volume_kms_key_id=target.kms_key_arn,
            ),
            networking=Networking(enable_network_isolation=True),
            # The artifact is this account's alone to decrypt, though it lies in the registry's bucket.
            output_data_config=OutputDataConfig(
                s3_output_path=self.artifact_uri("model"), kms_key_id=target.kms_key_arn
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=model.instances.max_runtime_seconds),
            hyperparameters={name: str(value) for name, value in model.hyperparameters.items()},
            sagemaker_session=self.session,
        )
        return TrainingStep(
            f"{model.step_prefix}-Train",
            step_args=trainer.train(
                input_data_config=[
                    InputData(channel_name=name, data_source=output_of(preprocess, name), content_type="text/csv")
                    for name in ("train", "validation")
                ]
            ),
            retry_policies=JOB_RETRIES,
        )

    def evaluate(self, preprocess: ProcessingStep, train: TrainingStep, report: PropertyFile) -> ProcessingStep:
        """Judge the model on the test split."""
        evaluation, target = self.model.evaluation, self.target
        return self.scripts.step(
            "Eval",
            image_uri=target.image_xgboost,
            code=target.script_evaluate_model,
            inputs={
                "model": train.properties.ModelArtifacts.S3ModelArtifacts,
                "test": output_of(preprocess, "test"),
            },
            outputs={"evaluation": self.artifact_uri("evaluation")},
            output_kms_key=target.registry_kms_key_arn,
            property_files=[report],
            arguments=[
                *("--model", f"{JOB_FOLDER}/model"),
                *("--test", f"{JOB_FOLDER}/test"),
                *("--output", f"{JOB_FOLDER}/evaluation"),
                *("--confidence", str(evaluation.confidence)),
                *("--bootstrap-samples", str(evaluation.bootstrap_samples)),
                *("--bootstrap-seed", str(evaluation.bootstrap_seed)),
                *("--decision-threshold", str(evaluation.decision_threshold)),
                *("--calibration-bins", str(evaluation.calibration_bins)),
                *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
                *("--input-data", self.parameters.input_data),
            ],
        )

    def describe_baseline(self, preprocess: ProcessingStep) -> Baseline:
        """Describe the training rows, for the check of later batches."""
        rows = output_of(preprocess, "baseline")
        if self.drift_check == "model-monitor":
            return register_baseline(self.model, self.session, rows, self.artifact_uri("baseline"))
        step = self.scripts.step(
            "DataQualityCheck",
            image_uri=self.target.image_sklearn,
            code=self.target.script_baseline,
            inputs={"rows": rows},
            outputs={"baseline": self.artifact_uri("baseline")},
            output_kms_key=self.target.registry_kms_key_arn,
            arguments=[
                *("--input", f"{JOB_FOLDER}/rows"),
                *("--output", f"{JOB_FOLDER}/baseline"),
                *column_arguments(self.model),
            ],
        )
        files = (Join("/", [output_of(step, "baseline"), f"{name}.json"]) for name in ("statistics", "constraints"))
        return Baseline(step, *files)

    def register(self, train: TrainingStep, evaluate: ProcessingStep, baseline: Baseline) -> ModelStep:
        """Register the version with its evidence."""
        model, target = self.model, self.target
        statistics, constraints = _json_file(baseline.statistics), _json_file(baseline.constraints)
        # dependencies=None: the default makes the builder inspect this machine and call S3.
        builder = ModelBuilder(
            image_uri=target.image_xgboost,
            s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
            role_arn=target.job_role_arn,
            sagemaker_session=self.session,
            dependencies=None,
        )
        return ModelStep(
            f"{model.step_prefix}-RegisterModel",
            step_args=builder.register(
                model_package_group_name=target.model_package_group_arn,
                content_types=["text/csv"],
                response_types=["text/csv"],
                inference_instances=list(model.instances.inference_types),
                transform_instances=list(model.instances.transform_types),
                approval_status=self.parameters.approval_status,
                model_metrics=ModelMetrics(
                    model_statistics=_json_file(Join("/", [output_of(evaluate, "evaluation"), "evaluation.json"])),
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
                    "input_data": self.parameters.input_data,
                    "kms_key_arn": target.kms_key_arn,
                },
            ),
            retry_policies=API_RETRIES,
        )

    def fail(self, evaluate: ProcessingStep, auc_lower_bound: JsonGet) -> FailStep:
        """End without a version, saying why."""
        return FailStep(
            f"{self.model.step_prefix}-AUCFail",
            error_message=Join(
                "",
                [
                    "The model is not registered: the lower bound of its AUC, ",
                    auc_lower_bound,
                    ", is below the threshold, ",
                    self.parameters.auc_threshold,
                    ". The report is ",
                    output_of(evaluate, "evaluation"),
                    "/evaluation.json",
                ],
            ),
        )


def _json_file(uri: Any) -> MetricsSource:
    return MetricsSource(s3_uri=uri, content_type="application/json")


def build(model: Model, target: Target, drift_check: DriftCheck = "batch-check") -> Pipeline:
    """The train pipeline of one model for one account."""
    steps = TrainSteps(model, target, drift_check)
    preprocess = steps.preprocess()
    train = steps.train(preprocess)
    report = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
    evaluate = steps.evaluate(preprocess, train, report)
    auc_lower_bound = JsonGet(step_name=evaluate.name, property_file=report, json_path=AUC_LOWER_BOUND)
    baseline = steps.describe_baseline(preprocess)
    check = ConditionStep(
        f"{model.step_prefix}-CheckAUCScore",
        conditions=[ConditionGreaterThanOrEqualTo(left=auc_lower_bound, right=steps.parameters.auc_threshold)],
        if_steps=[baseline.step, steps.register(train, evaluate, baseline)],
        else_steps=[steps.fail(evaluate, auc_lower_bound)],
    )
    return Pipeline(
        model.train_pipeline_name,
        parameters=steps.parameters.all(),
        steps=[preprocess, train, evaluate, check],
        pipeline_experiment_config=None,
        sagemaker_session=steps.session,
    )
