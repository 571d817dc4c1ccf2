"""Processing steps that run a script of ml/steps: where it reads, where it writes, and on what it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

from ml.pipelines.retry import JOB_RETRIES
from ml.pipelines.session import OfflineSession

if TYPE_CHECKING:
    from ml.model import Column, Model

JOB_FOLDER = "/opt/ml/processing"


class Scripts:
    """Makes the script steps of one pipeline."""

    def __init__(self, model: Model, session: OfflineSession, instance_type: Any) -> None:
        self.model = model
        self.session = session
        self.instance_type = instance_type

    def step(
        self,
        suffix: str,
        *,
        image_uri: str,
        code: str,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        output_kms_key: str,
        arguments: list[Any],
        instance_count: Any = 1,
        property_files: list[PropertyFile] | None = None,
    ) -> ProcessingStep:
        """A step that mounts each input's S3 prefix in the folder of its name, and uploads the outputs' folders."""
        instances, target = self.model.instances, self.session.target
        # ScriptProcessor takes a script by its S3 address; FrameworkProcessor would upload it under the time of day.
        processor = ScriptProcessor(
            image_uri=image_uri,
            command=["python3"],
            role=target.job_role_arn,
            instance_type=self.instance_type,
            instance_count=instance_count,
            volume_size_in_gb=instances.volume_size_gb,
            volume_kms_key=target.kms_key_arn,
            output_kms_key=output_kms_key,
            max_runtime_in_seconds=instances.max_runtime_seconds,
            network_config=NetworkConfig(enable_network_isolation=True),
            base_job_name=self.model.base_job_prefix,
            sagemaker_session=self.session,
        )
        return ProcessingStep(
            f"{self.model.step_prefix}-{suffix}",
            step_args=processor.run(
                code=code,
                inputs=[_read_from(name, uri) for name, uri in inputs.items()],
                outputs=[_write_to(name, uri) for name, uri in outputs.items()],
                arguments=arguments,
            ),
            property_files=property_files,
            retry_policies=JOB_RETRIES,
        )


def _read_from(name: str, uri: Any) -> ProcessingInput:
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


def _write_to(name: str, uri: Any) -> ProcessingOutput:
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=uri, local_path=f"{JOB_FOLDER}/{name}", s3_upload_mode="EndOfJob"),
    )


def column_argument(column: Column) -> str:
    """A column as the scripts in ml/steps read it."""
    return f"{column.name}:{column.kind}:{column.minimum:g}:{column.maximum:g}"


def column_arguments(model: Model) -> list[str]:
    """Every feature as an argument of a script, in the order of the raw files."""
    return [part for column in model.features for part in ("--column", column_argument(column))]


def output_of(step: ProcessingStep, name: str) -> Any:
    """Address of a processing step's output, known when it has run."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def execution_uri(prefix: str, name: str) -> Join:
    """``prefix``/<execution id>/``name``: no execution overwrites what another wrote."""
    return Join("/", [prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, name])
