"""The resource policy of a model package group: what dev and prod may do in the registry account."""

from __future__ import annotations

from infra import names as n
from infra.identity.document import Statement, document
from infra.names import Names
from infra.settings import Environment

TRAINERS: tuple[Environment, ...] = ("dev", "prod")


def group_policy(names: Names, group: str) -> str:
    """Statements for the two training accounts; approval is granted to neither. Sids as the replaced system's."""
    principals = {"AWS": tuple(sorted({names.root_arn(environment) for environment in TRAINERS}))}
    describe_group = Statement(
        sid="AddPermModelPackageGroupCrossAccount",
        principals=principals,
        actions=("sagemaker:DescribeModelPackageGroup",),
        resources=(names.group_arn(group),),
    )
    if names.settings.permissions == "managed":
        return document(
            [
                describe_group,
                Statement(
                    sid="AddPermModelPackageVersionCrossAccount",
                    principals=principals,
                    actions=(
                        "sagemaker:DescribeModelPackage",
                        "sagemaker:ListModelPackages",
                        "sagemaker:UpdateModelPackage",
                        "sagemaker:CreateModelPackage",
                        "sagemaker:CreateModel",
                    ),
                    resources=(names.packages_arn(group),),
                ),
            ]
        )
    return document(
        [
            describe_group,
            Statement(
                sid="AddPermModelPackageVersionCrossAccount",
                principals=principals,
                actions=("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"),
                resources=(names.packages_arn(group),),
            ),
            # A version is born pending, whoever registers it; approving it takes UpdateModelPackage, which is not here.
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
            Statement(
                sid="PipelinesRegisterPendingVersions",
                principals=principals,
                actions=("sagemaker:CreateModelPackage",),
                resources=(names.packages_arn(group),),
                conditions={
                    "ArnEquals": {
                        "aws:PrincipalArn": tuple(names.role_arn(n.PIPELINE_ROLE, e) for e in TRAINERS),
                    },
                    "StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"},
                },
            ),
        ]
    )
