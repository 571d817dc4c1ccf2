from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_definitions import GROUP, XGBOOST
from sagemaker_host import DEV, PROD, REGION, REGISTRY, SandboxHost

PACKAGES = GROUP.replace("model-package-group", "model-package")
SPECIFICATION = {
    "Containers": [{"Image": XGBOOST, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def registry(host: SandboxHost) -> Any:
    client = host.client(REGISTRY)
    client.create_model_package_group(ModelPackageGroupName="models", Tags=[{"Key": "team", "Value": "ml"}])
    return client


def allow(registry: Any, *actions: str, account: str = DEV) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": [f"sagemaker:{action}" for action in actions],
        "Resource": [GROUP, f"{PACKAGES}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    registry.put_model_package_group_policy(ModelPackageGroupName="models", ResourcePolicy=policy)


def register(client: Any, group: str = GROUP, **members: Any) -> str:
    answer = client.create_model_package(ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION, **members)
    return str(answer["ModelPackageArn"])


def test_another_account_is_refused_without_a_policy(host: SandboxHost, registry: Any) -> None:
    with pytest.raises(ClientError) as raised:
        register(host.client(DEV))
    error = raised.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:iam::{DEV}:user/tester is not authorized to perform: sagemaker:CreateModelPackage on resource:"
        f" {PACKAGES}/* because no resource-based policy allows the sagemaker:CreateModelPackage action"
    )


def test_another_account_may_do_what_the_policy_allows_and_no_more(host: SandboxHost, registry: Any) -> None:
    allow(registry, "CreateModelPackage", "DescribeModelPackage")
    dev = host.client(DEV)
    arn = register(dev, CustomerMetadataProperties={"git": "abc"})

    assert arn == f"{PACKAGES}/1"
    described = dev.describe_model_package(ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{DEV}:user/tester"
    for refused in (
        lambda: dev.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved"),
        lambda: dev.list_model_packages(ModelPackageGroupName=GROUP),
        lambda: dev.describe_model_package_group(ModelPackageGroupName=GROUP),
        lambda: dev.delete_model_package(ModelPackageName=arn),
        lambda: host.client(PROD).describe_model_package(ModelPackageName=arn),
    ):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            refused()


def test_a_models_policy_is_asked_when_another_account_makes_a_model_of_a_version(
    host: SandboxHost, registry: Any
) -> None:
    arn = register(registry, "models")
    prod = host.client(PROD)
    model = {
        "ModelName": "m",
        "Containers": [{"ModelPackageName": arn}],
        "ExecutionRoleArn": f"arn:aws:iam::{PROD}:role/r",
    }
    allow(registry, "DescribeModelPackage", account=PROD)
    with pytest.raises(ClientError, match=f"sagemaker:CreateModel on resource: {arn}"):
        prod.create_model(**model)
    allow(registry, "CreateModel", account=PROD)
    assert prod.create_model(**model)["ModelArn"] == f"arn:aws:sagemaker:{REGION}:{PROD}:model/m"
    assert prod.describe_model(ModelName="m")["Containers"] == model["Containers"]


def test_approval_records_who_and_why_and_tells_the_bus(host: SandboxHost, registry: Any) -> None:
    arn = register(registry, "models", CustomerMetadataProperties={"git": "abc", "run": "1"})
    approver = host.client(REGISTRY, f"arn:aws:sts::{REGISTRY}:assumed-role/approver/ada")
    approver.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="looks good",
        CustomerMetadataProperties={"ticket": "7"},
        CustomerMetadataPropertiesToRemove=["run"],
    )
    described = registry.describe_model_package(ModelPackageName=arn)
    assert described["ApprovalDescription"] == "looks good"
    assert described["CustomerMetadataProperties"] == {"git": "abc", "ticket": "7"}
    assert described["LastModifiedBy"]["IamIdentity"]["Arn"].endswith("assumed-role/approver/ada")
    event = host.events[-1]
    assert event["account"] == REGISTRY and event["type"] == "SageMaker Model Package State Change"
    assert event["resources"] == [arn]
    assert event["detail"]["ModelApprovalStatus"] == "Approved"
    assert event["detail"]["ModelPackageGroupName"] == "models" and event["detail"]["ModelPackageVersion"] == 1


def test_versions_are_listed_newest_first_in_pages_that_hold_still(registry: Any) -> None:
    arns = [register(registry, "models") for _ in range(5)]
    registry.update_model_package(ModelPackageArn=arns[1], ModelApprovalStatus="Approved")
    first = registry.list_model_packages(ModelPackageGroupName="models", MaxResults=2)
    register(registry, "models")
    second = registry.list_model_packages(ModelPackageGroupName="models", MaxResults=2, NextToken=first["NextToken"])
    versions = [p["ModelPackageVersion"] for p in first["ModelPackageSummaryList"] + second["ModelPackageSummaryList"]]
    assert versions == [5, 4, 3, 2]
    pages = registry.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="models", SortOrder="Ascending"
    )
    assert [p["ModelPackageVersion"] for page in pages for p in page["ModelPackageSummaryList"]] == [1, 2, 3, 4, 5, 6]
    approved = registry.list_model_packages(ModelPackageGroupName="models", ModelApprovalStatus="Approved")
    assert [p["ModelPackageArn"] for p in approved["ModelPackageSummaryList"]] == [arns[1]]
    with pytest.raises(ClientError, match="Invalid NextToken"):
        registry.list_model_packages(NextToken="bad")


def test_groups_are_listed_by_time_or_by_name(host: SandboxHost) -> None:
    client = host.client(DEV)
    for name in ("b-models", "a-models", "c-other"):
        client.create_model_package_group(ModelPackageGroupName=name)

    def listed(**parameters: Any) -> list[str]:
        groups = client.list_model_package_groups(**parameters)["ModelPackageGroupSummaryList"]
        return [group["ModelPackageGroupName"] for group in groups]

    assert listed() == ["c-other", "a-models", "b-models"]
    assert listed(SortBy="Name", SortOrder="Ascending") == ["a-models", "b-models", "c-other"]
    assert listed(NameContains="MODEL") == ["a-models", "b-models"]
    assert listed(CreationTimeAfter=host.now() + 60) == []


def test_a_group_with_versions_is_not_deleted_and_a_version_number_is_used_once(registry: Any) -> None:
    arn = register(registry, "models")
    with pytest.raises(ClientError, match="ConflictException"):
        registry.delete_model_package_group(ModelPackageGroupName="models")
    registry.delete_model_package(ModelPackageName=arn)
    assert register(registry, "models") == f"{PACKAGES}/2"
    registry.delete_model_package(ModelPackageName=f"{PACKAGES}/2")
    registry.delete_model_package_group(ModelPackageGroupName="models")
    with pytest.raises(ClientError, match="does not exist"):
        registry.describe_model_package_group(ModelPackageGroupName="models")
    with pytest.raises(ClientError, match="does not exist"):
        registry.describe_model_package(ModelPackageName=arn)


def test_a_repeated_client_token_registers_once(registry: Any) -> None:
    first = register(registry, "models", ClientToken="t" * 32)
    assert register(registry, "models", ClientToken="t" * 32) == first
    assert register(registry, "models", ClientToken="u" * 32) != first


def test_a_duplicate_group_is_refused(registry: Any) -> None:
    with pytest.raises(ClientError, match="already exists"):
        registry.create_model_package_group(ModelPackageGroupName="models")


def test_a_policy_that_is_not_one_is_refused(registry: Any) -> None:
    for policy in ("{", '{"Version": "2012-10-17"}', '{"Statement": [{"Effect": "Allow", "Action": "*"}]}'):
        with pytest.raises(ClientError, match="Invalid resource policy"):
            registry.put_model_package_group_policy(ModelPackageGroupName="models", ResourcePolicy=policy)
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        registry.get_model_package_group_policy(ModelPackageGroupName="models")
    allow(registry, "DescribeModelPackage")
    text = registry.get_model_package_group_policy(ModelPackageGroupName="models")["ResourcePolicy"]
    assert json.loads(text)["Statement"][0]["Action"] == ["sagemaker:DescribeModelPackage"]
    registry.delete_model_package_group_policy(ModelPackageGroupName="models")
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        registry.get_model_package_group_policy(ModelPackageGroupName="models")


def test_tags_are_added_listed_and_removed(host: SandboxHost, registry: Any) -> None:
    registry.add_tags(ResourceArn=GROUP, Tags=[{"Key": "env", "Value": "test"}])
    assert registry.list_tags(ResourceArn=GROUP)["Tags"] == [
        {"Key": "team", "Value": "ml"},
        {"Key": "env", "Value": "test"},
    ]
    registry.delete_tags(ResourceArn=GROUP, TagKeys=["team"])
    assert registry.list_tags(ResourceArn=GROUP)["Tags"] == [{"Key": "env", "Value": "test"}]
    with pytest.raises(ClientError, match="AccessDeniedException"):
        host.client(DEV).list_tags(ResourceArn=GROUP)


def test_search_finds_versions_by_their_properties(registry: Any) -> None:
    arns = [register(registry, "models", CustomerMetadataProperties={"git": commit}) for commit in ("a", "b")]
    registry.update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Approved")

    def found(*filters: tuple[str, str, str]) -> list[str]:
        expression = {"Filters": [{"Name": n, "Operator": o, "Value": v} for n, o, v in filters]}
        answer = registry.search(Resource="ModelPackage", SearchExpression=expression)
        return sorted(result["ModelPackage"]["ModelPackageArn"] for result in answer["Results"])

    assert found(("ModelApprovalStatus", "Equals", "Approved")) == [arns[0]]
    assert found(("CustomerMetadataProperties.git", "Equals", "b")) == [arns[1]]
    assert found(("ModelPackageGroupName", "Equals", "models"), ("ModelPackageVersion", "GreaterThan", "1")) == [
        arns[1]
    ]
    with pytest.raises(ClientError, match="does not implement Search for Endpoint"):
        registry.search(Resource="Endpoint")


def test_batch_describe_answers_what_it_can(registry: Any) -> None:
    arn = register(registry, "models")
    answer = registry.batch_describe_model_package(ModelPackageArnList=[arn, f"{PACKAGES}/9"])
    assert list(answer["ModelPackageSummaries"]) == [arn]
    assert answer["BatchDescribeModelPackageErrorMap"][f"{PACKAGES}/9"]["ErrorCode"] == "ValidationException"
