"""Requests are checked against the API's model; IAM is told what a request touches."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_definitions import GROUP, processing, training
from sagemaker_host import DEV, JOB_ROLE, REGION, REGISTRY, SandboxHost

from sandbox.host import Caller, ServiceError

PACKAGES = GROUP.replace("model-package-group", "model-package")


def dispatch(host: SandboxHost, operation: str, **parameters: Any) -> Any:
    caller = Caller(account_id=DEV, arn=f"arn:aws:iam::{DEV}:user/tester")
    return host.service.dispatch(caller, REGION, operation, parameters)


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        (
            "CreateModelPackageGroup",
            {"ModelPackageGroupName": "not_a_name"},
            "1 validation error detected: Value 'not_a_name' at 'modelPackageGroupName' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        ("CreateModelPackageGroup", {}, "Value null at 'modelPackageGroupName' failed to satisfy constraint"),
        ("CreateModelPackageGroup", {"ModelPackageGroupName": "x", "Extra": 1}, "Unknown parameter 'extra'"),
        ("CreateModelPackageGroup", {"ModelPackageGroupName": 5}, "Member must be a string"),
        ("ListModelPackages", {"MaxResults": 1000}, "Member must have value less than or equal to 100"),
        ("ListModelPackages", {"ModelApprovalStatus": "Yes"}, "Member must satisfy enum value set: [Approved"),
        ("ListModelPackages", {"SortBy": "Size", "SortOrder": "Up"}, "2 validation errors detected"),
        ("AddTags", {"ResourceArn": GROUP, "Tags": [{"Key": "k"}]}, "Value null at 'tags.1.member.value'"),
        ("Search", {"Resource": "ModelPackage", "CrossAccountFilterOption": "CrossAccount"}, "only as SameAccount"),
        ("CreateModelPackage", {"ModelPackageName": "alone"}, "does not implement modelPackageName"),
    ],
)
def test_a_request_that_breaks_the_model_is_refused_in_awss_words(
    host: SandboxHost, operation: str, parameters: Any, message: str
) -> None:
    with pytest.raises(ServiceError) as raised:
        dispatch(host, operation, **parameters)
    assert raised.value.code == "ValidationException"
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("operation", "message"),
    [("CreateEndpoint", "is not implemented by the sandbox"), ("MakeCoffee", "is not an operation of SageMaker")],
)
def test_an_operation_that_is_missing_says_so(host: SandboxHost, operation: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message) as raised:
        dispatch(host, operation)
    assert raised.value.code == "UnknownOperationException"


@pytest.mark.parametrize(
    ("operation", "parameters", "arns"),
    [
        ("CreatePipeline", {"PipelineName": "p"}, [f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/p"]),
        ("ListPipelines", {}, ["*"]),
        ("CreateModelPackage", {"ModelPackageGroupName": GROUP}, [f"{PACKAGES}/*"]),
        (
            "ListModelPackages",
            {"ModelPackageGroupName": "own"},
            [f"arn:aws:sagemaker:{REGION}:{DEV}:model-package/own/*"],
        ),
        ("ListModelPackages", {}, ["*"]),
        ("DescribeModelPackage", {"ModelPackageName": f"{PACKAGES}/3"}, [f"{PACKAGES}/3"]),
        ("UpdateModelPackage", {"ModelPackageArn": f"{PACKAGES}/3"}, [f"{PACKAGES}/3"]),
        ("DescribeModelPackageGroup", {"ModelPackageGroupName": GROUP}, [GROUP]),
        ("AddTags", {"ResourceArn": GROUP}, [GROUP]),
        ("StopTrainingJob", {"TrainingJobName": "t"}, [f"arn:aws:sagemaker:{REGION}:{DEV}:training-job/t"]),
        (
            "DescribePipelineExecution",
            {"PipelineExecutionArn": f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/p/execution/abc"},
            [f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/p/execution/abc"],
        ),
    ],
)
def test_iam_judges_an_operation_on_its_resource(
    host: SandboxHost, operation: str, parameters: Any, arns: list[str]
) -> None:
    assert host.service.resource_arns(DEV, REGION, operation, parameters) == arns


def test_every_operation_has_a_resource_or_none(host: SandboxHost) -> None:
    for operation in host.service.operations:
        assert host.service.resource_arns(DEV, REGION, operation, {}) == ["*"]


def test_condition_keys_roles_and_tagging_come_from_the_request(host: SandboxHost) -> None:
    service = host.service
    assert service.condition_context(
        "CreateModelPackage", {"ModelApprovalStatus": "Approved", "Tags": [{"Key": "team", "Value": "ml"}]}
    ) == {"sagemaker:ModelApprovalStatus": "Approved", "aws:RequestTag/team": "ml", "aws:TagKeys": ["team"]}
    context = service.condition_context("CreateTrainingJob", training({}, num_round="1"))
    assert context["sagemaker:InstanceTypes"] == ["ml.m5.xlarge"]
    assert context["sagemaker:OutputKmsKey"].endswith("key/1111")
    assert service.passed_roles("CreateProcessingJob", processing("x.py")) == [JOB_ROLE]
    assert service.passed_roles("StartPipelineExecution", {"PipelineName": "p"}) == []
    assert service.dependent_actions("CreateModel", {"Tags": [{"Key": "a", "Value": "b"}]}) == ["sagemaker:AddTags"]
    assert service.dependent_actions("CreateModel", {}) == []


def test_an_account_does_not_see_another_accounts_resources(host: SandboxHost) -> None:
    host.client(REGISTRY).create_model_package_group(ModelPackageGroupName="models")
    assert host.client(DEV).list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    with pytest.raises(ClientError, match="does not exist"):
        host.client(DEV).describe_model_package_group(ModelPackageGroupName="models")
