"""Parameters that change what a call does and that the sandbox does not implement: refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker.api import camel
from sandbox.sagemaker.expressions import is_expression
from sandbox.sagemaker.state import Document

# Path -> the values that the sandbox honours; an empty tuple means that the parameter must be absent.
_JOB_INPUTS: dict[str, tuple[Any, ...]] = {
    "ProcessingInputs[].DatasetDefinition": (),
    "ProcessingInputs[].AppManaged": (False,),
    "ProcessingInputs[].S3Input.S3DataType": ("S3Prefix",),
    "ProcessingInputs[].S3Input.S3InputMode": ("File",),
    "ProcessingInputs[].S3Input.S3DataDistributionType": ("FullyReplicated",),
    "ProcessingInputs[].S3Input.S3CompressionType": ("None",),
    "ProcessingOutputConfig.Outputs[].FeatureStoreOutput": (),
    "ProcessingOutputConfig.Outputs[].AppManaged": (False,),
    "ProcessingOutputConfig.Outputs[].S3Output.S3UploadMode": ("EndOfJob",),
    "ProcessingResources.ClusterConfig.InstanceCount": (1,),
    "ExperimentConfig": (),
}
_RULES: dict[str, dict[str, tuple[Any, ...]]] = {
    "CreateProcessingJob": _JOB_INPUTS,
    "CreateTrainingJob": {
        "AlgorithmSpecification.AlgorithmName": (),
        "AlgorithmSpecification.TrainingInputMode": ("File",),
        "AlgorithmSpecification.ContainerEntrypoint": (),
        "AlgorithmSpecification.ContainerArguments": (),
        "AlgorithmSpecification.TrainingImageConfig": (),
        "InputDataConfig[].InputMode": ("File",),
        "InputDataConfig[].CompressionType": ("None",),
        "InputDataConfig[].RecordWrapperType": ("None",),
        "InputDataConfig[].ShuffleConfig": (),
        "InputDataConfig[].DataSource.FileSystemDataSource": (),
        "InputDataConfig[].DataSource.DatasetSource": (),
        "InputDataConfig[].DataSource.S3DataSource.S3DataType": ("S3Prefix",),
        "InputDataConfig[].DataSource.S3DataSource.S3DataDistributionType": ("FullyReplicated",),
        "InputDataConfig[].DataSource.S3DataSource.AttributeNames": (),
        "InputDataConfig[].DataSource.S3DataSource.ModelAccessConfig": (),
        "InputDataConfig[].DataSource.S3DataSource.HubAccessConfig": (),
        "OutputDataConfig.CompressionType": ("GZIP",),
        "ResourceConfig.InstanceCount": (1,),
        "ResourceConfig.InstanceGroups": (),
        "ResourceConfig.KeepAlivePeriodInSeconds": (),
        "ResourceConfig.TrainingPlanArn": (),
        "EnableManagedSpotTraining": (False,),
        "CheckpointConfig": (),
        "DebugHookConfig": (),
        "DebugRuleConfigurations": (),
        "TensorBoardOutputConfig": (),
        "ExperimentConfig": (),
        "ProfilerConfig.S3OutputPath": (),
        "ProfilerRuleConfigurations": (),
        "RetryStrategy": (),
        "RemoteDebugConfig.EnableRemoteDebug": (False,),
        "InfraCheckConfig.EnableInfraCheck": (False,),
        "SessionChainingConfig": (),
        "ServerlessJobConfig": (),
        "MlflowConfig": (),
        "ModelPackageConfig": (),
    },
    "CreateTransformJob": {
        "DataCaptureConfig": (),
        "DataProcessing.InputFilter": ("$",),
        "DataProcessing.OutputFilter": ("$",),
        "DataProcessing.JoinSource": ("None",),
        "ExperimentConfig": (),
        "TransformInput.CompressionType": ("None",),
        "TransformInput.SplitType": ("None", "Line"),
        "TransformInput.DataSource.S3DataSource.S3DataType": ("S3Prefix",),
        "TransformResources.InstanceCount": (1,),
    },
    "CreateModel": {
        "InferenceExecutionConfig": (),
        "PrimaryContainer.Mode": ("SingleModel",),
        "PrimaryContainer.MultiModelConfig": (),
        "PrimaryContainer.ModelDataSource": (),
        "PrimaryContainer.AdditionalModelDataSources": (),
        "PrimaryContainer.InferenceSpecificationName": (),
        "PrimaryContainer.ImageConfig": (),
        "Containers[].Mode": ("SingleModel",),
        "Containers[].MultiModelConfig": (),
        "Containers[].ModelDataSource": (),
        "Containers[].AdditionalModelDataSources": (),
        "Containers[].InferenceSpecificationName": (),
        "Containers[].ImageConfig": (),
    },
    "CreateModelPackage": {
        "ModelPackageName": (),
        "CertifyForMarketplace": (False,),
        "ValidationSpecification": (),
        "SourceAlgorithmSpecification": (),
        "ModelCard": (),
        "ModelLifeCycle": (),
        "ModelPackageRegistrationType": ("Registered",),
        "SecurityConfig": (),
        "ManagedStorageType": (),
    },
    "CreateModelPackageGroup": {"ManagedConfiguration": ()},
    "UpdateModelPackage": {"ModelCard": (), "ModelLifeCycle": (), "ModelPackageRegistrationType": ("Registered",)},
    "DescribeModelPackage": {"IncludedData": ("AllData",)},
    "ListModelPackageGroups": {"CrossAccountFilterOption": ("SameAccount",)},
    "Search": {"CrossAccountFilterOption": ("SameAccount",), "VisibilityConditions": ()},
    "CreatePipeline": {"PipelineDefinitionS3Location": ()},
    "UpdatePipeline": {"PipelineDefinitionS3Location": ()},
    "DescribePipeline": {"PipelineVersionId": ()},
    "StartPipelineExecution": {"SelectiveExecutionConfig": (), "PipelineVersionId": (), "MlflowExperimentName": ()},
    "ListTrainingJobs": {"WarmPoolStatusEquals": (), "TrainingPlanArnEquals": ()},
}


def problems(operation: str, parameters: Document) -> Iterator[str]:
    """What a request asks for that the sandbox does not do."""
    for path, honoured in _RULES.get(operation, {}).items():
        for value in _values(parameters, path.replace("[]", ".[]").split(".")):
            if is_expression(value):
                continue
            if not honoured:
                yield f"The sandbox does not implement {camel(path)} of {operation}"
            elif value not in honoured:
                choice = " or ".join(str(one) for one in honoured)
                yield f"The sandbox implements {camel(path)} of {operation} only as {choice}, not {value}"


def refuse(operation: str, parameters: Document) -> None:
    """Raise ``ValidationException`` for the first thing that the sandbox does not do."""
    for problem in problems(operation, parameters):
        raise ServiceError("ValidationException", f"{problem}.")


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "[]":
        for member in value if isinstance(value, list) else []:
            yield from _values(member, path[1:])
    elif isinstance(value, dict) and value.get(path[0]) is not None:
        yield from _values(value[path[0]], path[1:])
