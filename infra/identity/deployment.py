"""What the role that deploys one account may do: exactly what its stack declares, in documents of one statement each.

`mlops bootstrap` makes the role from these documents, the stack adopts it, and the integration suite takes each
statement out in turn to see that nothing here is idle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra import inventory
from infra import names as n
from infra.identity.deployment_automation import automation_statements
from infra.identity.document import Statement, document
from infra.identity.key_use import use_of_key
from infra.names import PROJECT, Names, pipeline_names
from infra.settings import Environment
from ml.model import Model

POLICY_NAME = "deployment"


def deployment_policies(names: Names, environment: Environment, models: Sequence[Model]) -> Mapping[str, str]:
    """Inline policies of the deployment role of one account."""
    return {POLICY_NAME: document(deployment_statements(names, environment, models))}


def deployment_statements(names: Names, environment: Environment, models: Sequence[Model]) -> list[Statement]:
    """The statements, each with its reason."""
    statements = [*_keys(names, environment), *_own_role(names, environment)]
    if environment == "registry":
        return [
            *statements,
            _buckets(names, "Buckets", [names.artifact_bucket]),
            Statement(
                sid="ModelGroups",
                actions=(
                    "sagemaker:CreateModelPackageGroup",
                    "sagemaker:DescribeModelPackageGroup",
                    "sagemaker:DeleteModelPackageGroup",
                    "sagemaker:PutModelPackageGroupPolicy",
                    "sagemaker:GetModelPackageGroupPolicy",
                    "sagemaker:DeleteModelPackageGroupPolicy",
                    "sagemaker:AddTags",
                    "sagemaker:DeleteTags",
                    "sagemaker:ListTags",
                ),
                resources=tuple(names.group_arn(model.package_group_name) for model in models),
            ),
            *automation_statements(names, environment),
        ]
    buckets = [names.data_bucket(environment), *([names.state_bucket] if environment == "prod" else [])]
    statements += [
        _buckets(names, "Buckets", buckets),
        # Scripts are put under their content's hash and never removed by a deploy: executions under way need them.
        Statement(
            sid="Scripts",
            actions=("s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"),
            resources=tuple(
                f"{names.bucket_arn(names.data_bucket(environment))}/{model.model_name}/scripts/*" for model in models
            ),
        ),
        use_of_key(names, "EncryptScripts", environment, ("kms:GenerateDataKey", "kms:Decrypt"), via=("s3",)),
        _roles(names, environment),
        Statement(
            sid="GivePipelinesTheirRole",
            actions=("iam:PassRole",),
            resources=(names.role_arn(n.PIPELINE_ROLE, environment), names.role_arn(n.EXECUTION_ROLE, environment)),
            conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        Statement(
            sid="Pipelines",
            actions=(
                "sagemaker:CreatePipeline",
                "sagemaker:DescribePipeline",
                "sagemaker:UpdatePipeline",
                "sagemaker:DeletePipeline",
                "sagemaker:AddTags",
                "sagemaker:DeleteTags",
                "sagemaker:ListTags",
            ),
            resources=tuple(
                names.pipeline_arn(pipeline, environment) for model in models for pipeline in pipeline_names(model)
            ),
        ),
    ]
    if environment == "prod":
        statements += [
            Statement(
                sid="State",
                actions=("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
                resources=(f"{names.bucket_arn(names.state_bucket)}/*",),
            ),
            # Jenkins writes each build's log as this role.
            Statement(
                sid="DeliveryLog",
                actions=("logs:CreateLogStream", "logs:PutLogEvents"),
                resources=(f"{names.log_group_arn(names.jenkins_log_group, 'prod')}:*",),
            ),
        ]
    return [*statements, *automation_statements(names, environment)]


def _keys(names: Names, environment: Environment) -> list[Statement]:
    tagged = {"project": PROJECT, "environment": environment}
    return [
        Statement(
            sid="MakeKeys",
            actions=("kms:CreateKey", "kms:TagResource"),
            # A key has no ARN before it exists; it can only be made with this stack's tags:
            # https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
            resources=("*",),
            conditions={"StringEquals": {f"aws:RequestTag/{key}": value for key, value in tagged.items()}},
        ),
        Statement(
            sid="ManageKeys",
            actions=(
                "kms:DescribeKey",
                "kms:GetKeyPolicy",
                "kms:PutKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:EnableKeyRotation",
                "kms:UpdateKeyDescription",
                "kms:ListResourceTags",
                "kms:UntagResource",
                "kms:ScheduleKeyDeletion",
                "kms:CreateAlias",
                "kms:UpdateAlias",
                "kms:DeleteAlias",
            ),
            resources=(names.keys_arn(environment),),
            conditions={"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tagged.items()}},
        ),
        Statement(
            sid="NameKeys",
            actions=("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"),
            resources=(names.arn("kms", names.account(environment), names.key_alias(environment)),),
        ),
        Statement(
            sid="FindAliases",
            actions=("kms:ListAliases",),
            resources=("*",),  # the action has no resource: list_awskeymanagementservice.html
        ),
    ]


def _buckets(names: Names, sid: str, buckets: list[str]) -> Statement:
    """Everything about named buckets but their objects."""
    return Statement(
        sid=sid,
        actions=(
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:ListBucket",
            "s3:GetBucket*",
            "s3:GetAccelerateConfiguration",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListTagsForResource",
            "s3:TagResource",
            "s3:UntagResource",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:DeleteBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
        ),
        resources=tuple(names.bucket_arn(bucket) for bucket in buckets),
    )


def _roles(names: Names, environment: Environment) -> Statement:
    """The roles that work in the account, by name; with a boundary configured, only roles that carry it."""
    boundary = names.settings.permissions_boundary
    return Statement(
        sid="WorkloadRoles",
        actions=(
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:GetRole",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
            "iam:UpdateAssumeRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:ListRoleTags",
            "iam:ListRolePolicies",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:GetRolePolicy",
            "iam:PutRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:AttachRolePolicy",
            "iam:DetachRolePolicy",
        ),
        resources=tuple(names.role_arn(role, environment) for role in inventory.roles(environment)),
        # Read calls carry no boundary, hence IfExists; a role without the boundary cannot be made or widened.
        conditions={"StringEqualsIfExists": {"iam:PermissionsBoundary": boundary}} if boundary else {},
    )


def _own_role(names: Names, environment: Environment) -> list[Statement]:
    """Reading itself, for previews. It may not change itself: that is `mlops bootstrap`, run by an administrator."""
    return [
        Statement(
            sid="ReadOwnRole",
            actions=(
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListRolePolicies",
                "iam:ListAttachedRolePolicies",
                "iam:ListRoleTags",
            ),
            resources=(names.deployment_role_arn(environment),),
        )
    ]
