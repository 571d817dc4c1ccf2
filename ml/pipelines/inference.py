"""The inference pipeline: find the newest approved version, check the batch, score it; runs in dev and in prod.

What an execution writes lies under its id: nothing is overwritten by the next run. Four ends have names: no approved
version, a batch that cannot be used, a batch that has drifted, and predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.conditions import ConditionEquals
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, Step, TransformStep
from sagemaker.serve.model_builder import ModelBuilder

from ml.functions.latest_approved_model import OUTPUTS
from ml.pipelines.data_quality import DriftCheck, check_batch
from ml.pipelines.processing import JOB_FOLDER, Scripts, column_arguments, execution_uri, output_of
from ml.pipelines.retry import API_RETRIES, JOB_RETRIES
from ml.pipelines.session import OfflineSession
from ml.pipelines.target import Target

if TYPE_CHECKING:
    from ml.model import Model

REPORT = "batch_check.json"


class InferenceSteps:
    """The steps of one model's inference pipeline in one account."""

    def __init__(self, model: Model, target: Target) -> None:
        self.model = model
        self.target = target
        self.session = OfflineSession(target)
        # The replaced system's name, with which people and schedules start it.
        self.batch = ParameterString(
            "transform_input", default_value=f"s3://{target.data_bucket}/{model.default_batch_key}"
        )
        self.scripts = Scripts(model, self.session, model.instances.processing_type)

    def name(self, suffix: str) -> str:
        """Name of a step."""
        return f"{self.model.step_prefix}-{suffix}"

    def written(self, part: str) -> Join:
        """Where the execution writes ``part``."""
        return execution_uri(f"s3://{self.target.data_bucket}/{self.model.execution_prefix}", part)

    def find_version(self) -> LambdaStep:
        """Ask the function for the newest version that can be used here."""
        return LambdaStep(
            self.name("LatestApprovedModel"),
            lambda_func=Lambda(function_arn=self.target.function_latest_approved_model_arn, session=self.session),
            inputs={
                "model_package_group_arn": self.target.model_package_group_arn,
                "artifact_accounts": self.target.artifact_accounts,
                "region": self.target.region,
            },
            outputs=[LambdaOutput(name, LambdaOutputTypeEnum.String) for name in OUTPUTS],
        )

    def create_model(self, version: dict[str, Any]) -> ModelStep:
        """Make the version a model, by its ARN: SageMaker then knows which version of the registry serves."""
        # The SDK's builder has no way to name a version that is known only when the pipeline runs; its session has.
        builder = ModelBuilder(
            image_uri=self.target.image_xgboost,
            role_arn=self.target.job_role_arn,
            sagemaker_session=self.session,
            dependencies=None,
        )
        self.session.init_model_step_arguments(builder)
        self.session.create_model(
            None,
            role=self.target.job_role_arn,
            container_defs={"ModelPackageName": version["model_package_arn"]},
            enable_network_isolation=True,
        )
        request = self.session.context.create_model_request
        (request["PrimaryContainer"],) = request.pop("Containers")
        return ModelStep(self.name("CreateModel"), step_args=self.session.context, retry_policies=API_RETRIES)

    def check(self, version: dict[str, Any], report: PropertyFile) -> ProcessingStep:
        """Compare the batch with the rows that the version was trained on."""
        return self.scripts.step(
            "BatchCheck",
            image_uri=self.target.image_sklearn,
            code=self.target.script_batch_check,
            inputs={
                "batch": self.batch,
                "statistics": version["statistics_uri"],
                "constraints": version["constraints_uri"],
            },
            outputs={"check": self.written("check"), "scored": self.written("scored")},
            output_kms_key=self.target.kms_key_arn,
            property_files=[report],
            arguments=[
                *("--input", f"{JOB_FOLDER}/batch"),
                *("--statistics", f"{JOB_FOLDER}/statistics"),
                *("--constraints", f"{JOB_FOLDER}/constraints"),
                *("--output", f"{JOB_FOLDER}/check"),
                *("--scored", f"{JOB_FOLDER}/scored"),
                *column_arguments(self.model),
                *("--significance", str(self.model.batch_check.significance)),
                *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
                *("--input-data", self.batch),
                *("--model-package-arn", version["model_package_arn"]),
            ],
        )

    def transform(self, model: ModelStep, batch: Any, after: list[Step]) -> TransformStep:
        """Score a batch, line by line."""
        instances = self.model.instances
        transformer = Transformer(
            model_name=model.properties.ModelName,
            instance_count=1,
            instance_type=instances.transform_types[0],
            strategy="MultiRecord",
            assemble_with="Line",
            accept="text/csv",
            output_path=self.written("predictions"),
            output_kms_key=self.target.kms_key_arn,
            volume_kms_key=self.target.kms_key_arn,
            sagemaker_session=self.session,
        )
        return TransformStep(
            self.name("Transform"),
            step_args=transformer.transform(data=batch, content_type="text/csv", split_type="Line"),
            retry_policies=JOB_RETRIES,
            depends_on=after or None,
        )

    def fail(self, suffix: str, *message: Any) -> FailStep:
        """End the execution with a message."""
        return FailStep(self.name(suffix), error_message=Join("", list(message)))

    def own_check(self, version: dict[str, Any], model: ModelStep) -> list[Step]:
        """Our check, and what its three verdicts lead to."""
        report = PropertyFile(name="BatchCheck", output_name="check", path=REPORT)
        check = self.check(version, report)

        def read(path: str) -> JsonGet:
            return JsonGet(step_name=check.name, property_file=report, json_path=path)

        def end(suffix: str, words: str) -> FailStep:
            where = [output_of(check, "check"), f"/{REPORT}"]
            return self.fail(suffix, words, read("summary"), " The report is ", *where)

        drift = ConditionStep(
            self.name("CheckDrift"),
            conditions=[ConditionEquals(left=read("verdict"), right="drift")],
            if_steps=[end("DataDrift", "The batch has drifted and is not scored: ")],
            else_steps=[end("BadInput", "The batch cannot be used and is not scored: ")],
        )
        verdict = ConditionStep(
            self.name("CheckVerdict"),
            conditions=[ConditionEquals(left=read("verdict"), right="ok")],
            if_steps=[self.transform(model, output_of(check, "scored"), after=[])],
            else_steps=[drift],
        )
        return [check, verdict]

    def model_monitor_check(self, version: dict[str, Any], model: ModelStep) -> list[Step]:
        """The replaced system's check, which fails on a violation."""
        check = check_batch(
            self.model,
            self.session,
            batch=self.batch,
            output_uri=self.written("check"),
            statistics=version["statistics_uri"],
            constraints=version["constraints_uri"],
        )
        return [check, self.transform(model, self.batch, after=[check])]


def build(model: Model, target: Target, drift_check: DriftCheck = "batch-check") -> Pipeline:
    """The inference pipeline of one model for one account."""
    steps = InferenceSteps(model, target)
    find = steps.find_version()
    version = find.properties.Outputs
    created = steps.create_model(version)
    checked = steps.own_check if drift_check == "batch-check" else steps.model_monitor_check
    approved = ConditionStep(
        steps.name("CheckApproved"),
        conditions=[ConditionEquals(left=version["status"], right="Found")],
        if_steps=[created, *checked(version, created)],
        else_steps=[steps.fail("NoApprovedModel", "No version can be used: ", version["reason"])],
    )
    return Pipeline(
        model.inference_pipeline_name,
        parameters=[steps.batch],
        steps=[find, approved],
        pipeline_experiment_config=None,
        sagemaker_session=steps.session,
    )
