"""What describes the training rows and checks a batch where ``drift_check`` is ``model-monitor``.

SageMaker Model Monitor takes no new customers since 30 July 2026: this is for accounts that have used it before.
The default, ``batch-check``, is a script of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sagemaker.core.model_monitor.dataset_format import DatasetFormat
from sagemaker.mlops.workflow.check_job_config import CheckJobConfig
from sagemaker.mlops.workflow.quality_check_step import DataQualityCheckConfig, QualityCheckStep

from ml.pipelines.session import OfflineSession

if TYPE_CHECKING:
    from ml.model import Model

DriftCheck = Literal["batch-check", "model-monitor"]
SUFFIX = "DataQualityCheck"


class Baseline(NamedTuple):
    """The step that describes the training rows, and the addresses of what it writes."""

    step: Any
    statistics: Any
    constraints: Any


class AnalyzerJobConfig(CheckJobConfig):  # type: ignore[misc]  # the SDK is not installed where types are checked
    """The SDK's settings of a check, with the image of the target instead of that of the region it is built in."""

    def __init__(self, model: Model, session: OfflineSession, output_kms_key: str) -> None:
        target, instances = session.target, model.instances
        self.image_uri = target.image_model_monitor
        super().__init__(
            role=target.job_role_arn,
            instance_type=instances.processing_type,
            volume_size_in_gb=instances.volume_size_gb,
            volume_kms_key=target.kms_key_arn,
            output_kms_key=output_kms_key,
            max_runtime_in_seconds=instances.max_runtime_seconds,
            base_job_name=model.base_job_prefix,
            # The SDK puts this into the request as it is: its own NetworkConfig is no JSON.
            network_config={"EnableNetworkIsolation": True},
            sagemaker_session=session,
        )

    def _generate_model_monitor(self, mm_type: str) -> Any:
        monitor = super()._generate_model_monitor(mm_type)
        monitor.image_uri = self.image_uri
        return monitor


def register_baseline(model: Model, session: OfflineSession, rows: Any, output_uri: Any) -> Baseline:
    """Describe ``rows``, which have no header, as the baseline of the version that is registered next."""
    step = QualityCheckStep(
        f"{model.step_prefix}-{SUFFIX}",
        quality_check_config=DataQualityCheckConfig(
            baseline_dataset=rows, dataset_format=DatasetFormat.csv(header=False), output_s3_uri=output_uri
        ),
        check_job_config=AnalyzerJobConfig(model, session, session.target.registry_kms_key_arn),
        skip_check=True,
        register_new_baseline=True,
    )
    return Baseline(step, step.properties.CalculatedBaselineStatistics, step.properties.CalculatedBaselineConstraints)


def check_batch(
    model: Model, session: OfflineSession, *, batch: Any, output_uri: Any, statistics: Any, constraints: Any
) -> QualityCheckStep:
    """Fail where the batch violates the constraints of the version's baseline."""
    return QualityCheckStep(
        f"{model.step_prefix}-{SUFFIX}",
        quality_check_config=DataQualityCheckConfig(
            baseline_dataset=batch, dataset_format=DatasetFormat.csv(header=False), output_s3_uri=output_uri
        ),
        check_job_config=AnalyzerJobConfig(model, session, session.target.kms_key_arn),
        skip_check=False,
        fail_on_violation=True,
        register_new_baseline=False,
        supplied_baseline_statistics=statistics,
        supplied_baseline_constraints=constraints,
    )
