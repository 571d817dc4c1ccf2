"""An execution in the whole sandbox: its roles' policies are enforced at each call, as for any client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from sagemaker_definitions import XGBOOST, definition, get, join, output, processing, step
from sagemaker_host import DEV, REGION, REGISTRY

from sandbox import process

GROUP = f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package-group/models"
ROLE_ARN = f"arn:aws:iam::{DEV}:role/"
BUCKET = "sagemaker-dev"


class Accounts:
    """Clients of the roots of the sandbox's accounts."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url

    def client(self, service: str, account_id: str = DEV) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._endpoint_url,
            region_name=REGION,
            aws_access_key_id=account_id,
            aws_secret_access_key="test",
        )

    def role(self, name: str, *statements: Any) -> None:
        """A role for SageMaker of this account, with these permissions and no others."""
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": DEV},
                "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:{REGION}:{DEV}:*"},
            },
        }
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: list[str], resource: str, **members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **members}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    folder = tmp_path_factory.mktemp("sandbox")
    accounts = Accounts(process.start(folder, 0).endpoint_url)
    objects = f"arn:aws:s3:::{BUCKET}"
    accounts.client("s3").create_bucket(Bucket=BUCKET)
    accounts.role(
        "job",
        allow(["s3:ListBucket"], objects),
        allow(["s3:GetObject", "s3:PutObject"], f"{objects}/*"),
        allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "*"),
    )
    jobs = f"arn:aws:sagemaker:{REGION}:{DEV}:processing-job/pipelines-*"
    packages = f"{GROUP.replace('model-package-group', 'model-package')}/*"
    run = allow(["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob"], jobs)
    pass_role = allow(["iam:PassRole"], f"{ROLE_ARN}job")
    accounts.role("pipeline", run, pass_role, allow(["sagemaker:CreateModelPackage"], packages))
    accounts.role("powerless", run)
    accounts.client("s3").put_object(
        Bucket=BUCKET,
        Key="code/write.py",
        Body=b"import sys\nopen(sys.argv[1] + '/model.tar.gz', 'w').write('x')\nprint('written')\n",
    )
    registry = accounts.client("sagemaker", REGISTRY)
    registry.create_model_package_group(ModelPackageGroupName="models")
    granted = allow(["sagemaker:CreateModelPackage"], packages, Principal={"AWS": f"arn:aws:iam::{DEV}:root"})
    registry.put_model_package_group_policy(ModelPackageGroupName="models", ResourcePolicy=document(granted))
    yield accounts
    process.stop(folder)


def pipeline(name: str) -> str:
    write = processing("write.py", outputs={"model": f"s3://{BUCKET}/model"}, RoleArn=f"{ROLE_ARN}job")
    write["AppSpecification"]["ContainerArguments"] = ["/opt/ml/processing/output/model"]
    write["ProcessingInputs"][0]["S3Input"]["S3Uri"] = f"s3://{BUCKET}/code/write.py"
    write["ProcessingOutputConfig"].pop("KmsKeyId")
    register = {
        "ModelPackageGroupName": GROUP,
        "InferenceSpecification": {
            "Containers": [
                {"Image": XGBOOST, "ModelDataUrl": join("/", output("Write", "model"), "model.tar.gz")},
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "CustomerMetadataProperties": {"execution": get("Execution.PipelineExecutionId"), "pipeline": name},
    }
    return definition(step("Write", "Processing", write), step("Register", "RegisterModel", register))


def execute(accounts: Accounts, role: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a pipeline under a role; its description at the end, and its steps by name."""
    client = accounts.client("sagemaker")
    client.create_pipeline(
        PipelineName=role, PipelineDefinition=pipeline(role), RoleArn=ROLE_ARN + role, ClientRequestToken="t" * 32
    )
    arn = client.start_pipeline_execution(PipelineName=role, ClientRequestToken="s" * 32)["PipelineExecutionArn"]
    pause = threading.Event()
    while True:
        found = client.describe_pipeline_execution(PipelineExecutionArn=arn)
        if found["PipelineExecutionStatus"] != "Executing":
            break
        pause.wait(0.02)
    steps = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    return found, {one["StepName"]: one for one in steps}


def test_an_execution_runs_with_exactly_its_roles_permissions(accounts: Accounts) -> None:
    execution, steps = execute(accounts, "pipeline")
    assert execution["PipelineExecutionStatus"] == "Succeeded", steps
    arn = steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    package = accounts.client("sagemaker", REGISTRY).describe_model_package(ModelPackageName=arn)
    url = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert accounts.client("s3").get_object(Bucket=BUCKET, Key=url.partition(f"{BUCKET}/")[2])["Body"].read() == b"x"
    job = steps["Write"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    logs = accounts.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{job}/algo-1-"
    )
    assert [event["message"] for event in logs["events"]] == ["written"]


def test_a_role_that_may_not_pass_the_jobs_role_fails_the_step(accounts: Accounts) -> None:
    execution, steps = execute(accounts, "powerless")
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert list(steps) == ["Write"]
    reason = steps["Write"]["FailureReason"]
    assert f"arn:aws:sts::{DEV}:assumed-role/powerless/SageMaker" in reason
    assert f"is not authorized to perform: iam:PassRole on resource: {ROLE_ARN}job" in reason
