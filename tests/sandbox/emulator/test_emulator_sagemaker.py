"""SageMaker behind IAM: actions, passed roles, conditions and group policies of another account."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow, document

DEV, REGISTRY = "111111111111", "222222222222"
DEFINITION = {
    "Version": "2020-12-01",
    "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}],
}


def error_of(call, **parameters) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value)


def test_an_action_is_refused_with_its_resource_and_allowed_on_it(role, names) -> None:
    group = f"arn:aws:sagemaker:{REGION}:{DEV}:model-package-group/{names}"
    refused = error_of(role(DEV).client("sagemaker").create_model_package_group, ModelPackageGroupName=names)
    assert f"sagemaker:CreateModelPackageGroup on resource: {group} because no identity-based policy" in refused
    allowed = role(DEV, allow("sagemaker:CreateModelPackageGroup", group), name="allowed").client("sagemaker")
    assert allowed.create_model_package_group(ModelPackageGroupName=names)["ModelPackageGroupArn"] == group
    tagged = {"ModelPackageGroupName": f"{names}-t", "Tags": [{"Key": "k", "Value": "v"}]}
    assert "is not authorized to perform: sagemaker:" in error_of(allowed.create_model_package_group, **tagged)


def test_a_pipelines_role_must_be_passed(role, root, names) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = root(DEV).client("iam")
    passed = iam.create_role(RoleName=f"{names}-run", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    request = {
        "PipelineName": names,
        "RoleArn": passed,
        "ClientRequestToken": "t" * 32,
        "PipelineDefinition": json.dumps(DEFINITION),
    }
    maker = role(DEV, allow("sagemaker:*"), name="maker").client("sagemaker")
    assert f"iam:PassRole on resource: {passed}" in error_of(maker.create_pipeline, **request)
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    passer = role(DEV, allow("sagemaker:*"), allow("iam:PassRole", passed, Condition=condition), name="passer")
    arn = passer.client("sagemaker").create_pipeline(**request)["PipelineArn"]
    assert arn == f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/{names}"
    update = {"PipelineName": names, "RoleArn": passed}
    assert "iam:PassRole" in error_of(maker.update_pipeline, **update)


def test_another_accounts_group_needs_its_policy_and_ones_own(role, root, names) -> None:
    registry = root(REGISTRY).client("sagemaker")
    group = registry.create_model_package_group(ModelPackageGroupName=names)["ModelPackageGroupArn"]
    packages = f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package/{names}/*"
    grant = allow("sagemaker:DescribeModelPackageGroup", group, Principal={"AWS": f"arn:aws:iam::{DEV}:root"})
    pending = {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
    create = allow(
        "sagemaker:CreateModelPackage", packages, Principal={"AWS": f"arn:aws:iam::{DEV}:root"}, Condition=pending
    )
    worker = role(DEV, allow("sagemaker:*")).client("sagemaker")
    error_of(worker.describe_model_package_group, ModelPackageGroupName=group)
    registry.put_model_package_group_policy(ModelPackageGroupName=names, ResourcePolicy=document(grant, create))
    assert worker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"] == group
    bare = role(DEV, name="bare").client("sagemaker")
    assert "no identity-based policy" in error_of(bare.describe_model_package_group, ModelPackageGroupName=group)
    container = {"Image": f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:1.7-1"}
    package = {
        "ModelPackageGroupName": group,
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }
    approved = error_of(worker.create_model_package, **package, ModelApprovalStatus="Approved")
    assert "AccessDenied" in approved
    made = worker.create_model_package(**package, ModelApprovalStatus="PendingManualApproval")["ModelPackageArn"]
    assert made == packages.replace("*", "1")
