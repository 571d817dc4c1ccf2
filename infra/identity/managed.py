"""`permissions: managed`: the roles of the replaced system as they are, for teams that need parity before safety.

Section 4 of the system that this project replaces; docs/adr/0004-permissions.md says what they give away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.encryption.key_policy import USE
from infra.identity.document import Statement, document
from infra.identity.key_use import use_of_key
from infra.names import Names
from infra.settings import Environment
from ml.model import Model

SERVICE_POLICIES = ("AmazonSageMakerFullAccess", "AWSLambda_FullAccess")
EXECUTION_POLICIES = (*SERVICE_POLICIES, "CloudWatchEventsFullAccess")
JENKINS_POLICIES = (
    "CloudWatchFullAccess",
    "AmazonS3FullAccess",
    "AmazonSNSFullAccess",
    "AmazonSageMakerFullAccess",
    "AmazonEventBridgeFullAccess",
    "AWSLambda_FullAccess",
)


def managed_arns(names: Names, policies: tuple[str, ...]) -> tuple[str, ...]:
    """ARNs of AWS managed policies."""
    return tuple(f"arn:{names.partition}:iam::aws:policy/{policy}" for policy in policies)


def function_policies(names: Names, models: Sequence[Model]) -> Mapping[str, str]:
    """`lambda-sagemaker-role`'s inline policy."""
    return {
        "cross-account-model-registry-access": document(
            [
                Statement(
                    sid="ListVersions",
                    actions=("sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage"),
                    resources=tuple(names.packages_arn(model.package_group_name) for model in models),
                ),
                Statement(
                    sid="FindGroup",
                    actions=("sagemaker:DescribeModelPackageGroup",),
                    resources=tuple(names.group_arn(model.package_group_name) for model in models),
                ),
            ]
        )
    }


def execution_policies(names: Names, environment: Environment, models: Sequence[Model]) -> Mapping[str, str]:
    """The SageMaker execution role's inline policies."""
    artifacts = names.bucket_arn(names.artifact_bucket)
    policies = {
        "cross-account-model-artifacts-s3-bucket-access": document(
            [
                Statement(
                    sid="Objects",
                    actions=("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"),
                    resources=(f"{artifacts}/*",),
                ),
                Statement(sid="Listing", actions=("s3:ListBucket",), resources=(artifacts,)),
            ]
        ),
        "cross-account-model-registry-access": document(
            [
                Statement(
                    sid="CreateGroup",
                    actions=("sagemaker:CreateModelPackageGroup",),
                    resources=tuple(names.group_arn(model.package_group_name) for model in models),
                )
            ]
        ),
        "kms-key-access-policy": document(
            [
                use_of_key(names, "AllowUseOfKeyInThisAccount", environment, USE),
                # Not in the replaced system, which encrypts reports under the training account's key.
                use_of_key(names, "WriteReports", "registry", ("kms:GenerateDataKey", "kms:Decrypt")),
            ]
        ),
    }
    if environment == "prod":
        policies["cross-account-kms-key-access-policy"] = document(
            [use_of_key(names, "AllowUseOfKeyInDevAccount", "dev", USE)]
        )
    return policies
