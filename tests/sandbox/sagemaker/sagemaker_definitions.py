"""Pipeline definitions for tests, and what they run."""

from __future__ import annotations

import json
from typing import Any

from sagemaker_host import DEV, JOB_ROLE, REGION, REGISTRY, ROLE, SandboxHost

SKLEARN = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
XGBOOST = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:1.7-1"
KEY = f"arn:aws:kms:{REGION}:{DEV}:key/1111"
GROUP = f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package-group/models"


def get(reference: str) -> dict[str, str]:
    return {"Get": reference}


def join(on: str, *values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def output(step: str, name: str) -> dict[str, str]:
    return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


def step(name: str, kind: str, arguments: Any, **members: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Arguments": arguments, **members}


def definition(*steps: Any, parameters: Any = ()) -> str:
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": list(parameters), "Steps": list(steps)})


def processing(script: str, inputs: Any = None, outputs: Any = None, **arguments: Any) -> dict[str, Any]:
    """CreateProcessingJob's arguments for a script at ``s3://bucket/code/<script>``."""
    sources = {"code": f"s3://bucket/code/{script}", **(inputs or {})}
    return {
        "AppSpecification": {
            "ImageUri": SKLEARN,
            "ContainerEntrypoint": ["python3", f"/opt/ml/processing/input/code/{script}"],
        },
        "ProcessingInputs": [
            {
                "InputName": name,
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": f"/opt/ml/processing/input/{name}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for name, uri in sources.items()
        ],
        "ProcessingOutputConfig": {
            "KmsKeyId": KEY,
            "Outputs": [
                {
                    "OutputName": name,
                    "S3Output": {
                        "S3Uri": uri,
                        "LocalPath": f"/opt/ml/processing/output/{name}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for name, uri in (outputs or {}).items()
            ],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 10}
        },
        "RoleArn": JOB_ROLE,
        **arguments,
    }


def training(channels: dict[str, Any], **hyperparameters: str) -> dict[str, Any]:
    """CreateTrainingJob's arguments for the built-in XGBoost."""
    return {
        "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        "HyperParameters": {"objective": "binary:logistic", "eval_metric": "auc", "num_round": "5", **hyperparameters},
        "InputDataConfig": [
            {
                "ChannelName": name,
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
            }
            for name, uri in channels.items()
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models", "KmsKeyId": KEY},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "RoleArn": JOB_ROLE,
    }


def create(host: SandboxHost, text: str, name: str = "train", **more: Any) -> Any:
    """A client of the dev account after it has created the pipeline."""
    client = host.client()
    client.create_pipeline(
        PipelineName=name, PipelineDefinition=text, RoleArn=ROLE, ClientRequestToken="a" * 32, **more
    )
    return client


def run(host: SandboxHost, client: Any, name: str = "train", **parameters: str) -> dict[str, Any]:
    """Start an execution, wait for its end and answer its description and its steps by name."""
    arn = client.start_pipeline_execution(
        PipelineName=name,
        ClientRequestToken=f"{len(host.events):032}",
        PipelineParameters=[{"Name": key, "Value": value} for key, value in parameters.items()],
    )["PipelineExecutionArn"]
    return ended(host, client, arn)


def status(client: Any, arn: str) -> str:
    return str(client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"])


def ended(host: SandboxHost, client: Any, arn: str) -> dict[str, Any]:
    host.wait_for(lambda: status(client, arn) not in ("Executing", "Stopping"))
    steps = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    description = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    return {**description, "Steps": {one["StepName"]: one for one in steps}}


def wait_for_job(host: SandboxHost, client: Any, kind: str, name: str) -> dict[str, Any]:
    """The job's description when it has ended."""
    describe = getattr(client, f"describe_{kind}_job")
    noun = f"{kind.title()}Job"

    def described() -> dict[str, Any]:
        return dict(describe(**{f"{noun}Name": name}))

    host.wait_for(lambda: described()[f"{noun}Status"] not in ("InProgress", "Stopping"))
    return described()
