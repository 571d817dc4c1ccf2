"""The whole train pipeline: preprocess, train, evaluate, condition, baseline, register in another account."""

from __future__ import annotations

import io
import json
import random
import tarfile
from typing import Any

from sagemaker_definitions import (
    GROUP,
    KEY,
    XGBOOST,
    create,
    definition,
    get,
    join,
    output,
    processing,
    run,
    step,
    training,
)
from sagemaker_host import DEV, REGISTRY, SandboxHost

PREPROCESS = """
import os, sys
folder = sys.argv[1]
rows = []
for name in sorted(os.listdir(folder)):
    rows += open(os.path.join(folder, name)).read().split()
train, validation = rows[: len(rows) * 3 // 4], rows[len(rows) * 3 // 4 :]
for name, part in (("train", train), ("validation", validation)):
    with open(f"/opt/ml/processing/output/{name}/{name}.csv".replace("/opt/ml", os.environ["ML"]), "w") as file:
        file.write("\\n".join(part) + "\\n")
print("rows", len(rows))
"""
EVALUATE = """
import json, os, sys, tarfile
assert "xgboost-model" in tarfile.open(os.path.join(sys.argv[1], "model.tar.gz")).getnames()
json.dump({"metrics": {"auc": {"value": 0.91}}}, open(os.path.join(sys.argv[2], "evaluation.json"), "w"))
"""


def rows(count: int) -> str:
    """Labels that follow the first feature, some fields missing."""
    generator = random.Random(7)
    lines = []
    for _ in range(count):
        first, second = generator.random(), generator.random()
        missing = generator.random() < 0.1
        lines.append(f"{int(first > 0.5)},{first:.3f},{'' if missing else format(second, '.3f')}")
    return "\n".join(lines) + "\n"


def run_uri(part: str) -> Any:
    return join("/", "s3://bucket/runs", get("Execution.PipelineExecutionId"), part)


def train_definition() -> str:
    evaluate = processing(
        "evaluate.py",
        {"model": get("Steps.Train.ModelArtifacts.S3ModelArtifacts")},
        {"evaluation": run_uri("evaluation")},
    )
    evaluate["AppSpecification"]["ContainerArguments"] = [
        "/opt/ml/processing/input/model",
        "/opt/ml/processing/output/evaluation",
    ]
    preprocess = processing(
        "preprocess.py",
        {"raw": get("Parameters.InputDataUrl")},
        {"train": run_uri("train"), "validation": run_uri("validation")},
        Environment={"ML": "/opt/ml"},
    )
    preprocess["AppSpecification"]["ContainerArguments"] = ["/opt/ml/processing/input/raw"]
    register = step(
        "Register",
        "RegisterModel",
        {
            "ModelPackageGroupName": GROUP,
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [{"Image": XGBOOST, "ModelDataUrl": get("Steps.Train.ModelArtifacts.S3ModelArtifacts")}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            "CustomerMetadataProperties": {"auc": join("", get("Parameters.Threshold"))},
        },
    )
    check = step(
        "Check",
        "Condition",
        {
            "Conditions": [
                {
                    "Type": "GreaterThanOrEqualTo",
                    "LeftValue": {
                        "Std:JsonGet": {
                            "PropertyFile": get("Steps.Evaluate.PropertyFiles.Report"),
                            "Path": "metrics.auc.value",
                        }
                    },
                    "RightValue": get("Parameters.Threshold"),
                }
            ],
            "IfSteps": [register],
            "ElseSteps": [
                step("TooLow", "Fail", {"ErrorMessage": join(" ", "AUC below", get("Parameters.Threshold"))})
            ],
        },
    )
    return definition(
        step("Preprocess", "Processing", preprocess),
        step(
            "Train",
            "Training",
            training({"train": output("Preprocess", "train"), "validation": output("Preprocess", "validation")}),
        ),
        step(
            "Evaluate",
            "Processing",
            evaluate,
            PropertyFiles=[{"PropertyFileName": "Report", "OutputName": "evaluation", "FilePath": "evaluation.json"}],
        ),
        check,
        parameters=[
            {"Name": "InputDataUrl", "Type": "String", "DefaultValue": "s3://bucket/raw/"},
            {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.75},
        ],
    )


def prepare(host: SandboxHost) -> Any:
    host.objects["bucket/code/preprocess.py"] = PREPROCESS.encode()
    host.objects["bucket/code/evaluate.py"] = EVALUATE.encode()
    host.objects["bucket/raw/part1.csv"] = rows(120).encode()
    host.objects["bucket/raw/part2.csv"] = rows(80).encode()
    registry = host.client(REGISTRY)
    registry.create_model_package_group(ModelPackageGroupName="models")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"},
        "Action": ["sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage"],
        "Resource": f"{GROUP.replace('model-package-group', 'model-package')}/*",
        "Condition": {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
    }
    registry.put_model_package_group_policy(
        ModelPackageGroupName="models",
        ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return create(host, train_definition())


def test_the_train_pipeline_registers_a_model_in_the_registry_account(host: SandboxHost) -> None:
    client = prepare(host)
    execution = run(host, client)

    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    assert set(execution["Steps"]) == {"Preprocess", "Train", "Evaluate", "Check", "Register"}
    assert execution["Steps"]["Check"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    arn = execution["Steps"]["Register"]["Metadata"]["RegisterModel"]["Arn"]
    package = host.client(REGISTRY).describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:sts::{DEV}:assumed-role/pipeline/SageMaker"
    assert package["MetadataProperties"]["GeneratedBy"] == execution["PipelineExecutionArn"]
    uri = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].removeprefix("s3://")
    with tarfile.open(fileobj=io.BytesIO(host.objects[uri])) as archive:
        assert archive.getnames() == ["xgboost-model"]
    assert host.encryption[uri] == KEY

    job = execution["Steps"]["Train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    assert job.startswith(f"pipelines-{execution['PipelineExecutionArn'].rpartition('/')[2]}-Train-")
    metrics = client.describe_training_job(TrainingJobName=job)["FinalMetricDataList"]
    assert {metric["MetricName"] for metric in metrics} == {"train:auc", "validation:auc"}
