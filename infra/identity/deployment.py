"""What the role that deploys one account may do: exactly what its stack declares, in documents of one statement each.

`mlops bootstrap` makes the role from these documents, the stack adopts it, and the integration suite takes each
statement out in turn to see that nothing here is idle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra import inventory
from infra import names as n
from infra.identity.delivery import build_log, use_of_state_key
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
    statements = [*_keys(names, environment), _delivery_roles(names, environment)]
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
        _key_use(names, environment),
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
            use_of_state_key(names, ("kms:Encrypt", "kms:Decrypt")),
            build_log(names),
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
            # Nor has it an alias: whoever may tag other keys could make them this stack's.
            # https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
            conditions={
                "StringEquals": {f"aws:RequestTag/{key}": value for key, value in tagged.items()},
                "Null": {"kms:ResourceAliases": "true"},
            },
        ),
        Statement(
            sid="Keys",
            actions=(
                "kms:DescribeKey",
                "kms:GetKeyPolicy",
                "kms:PutKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:EnableKeyRotation",
                "kms:UpdateKeyDescription",
                "kms:ListResourceTags",
                "kms:TagResource",
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
            "s3:Get*Configuration",
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


def _key_use(names: Names, environment: Environment) -> Statement:
    """The account's key, under which scripts lie; in prod also the functions' variables and the alert topic.

    Lambda and SNS use it in the name of who deploys and of who publishes:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    actions: tuple[str, ...] = ("kms:GenerateDataKey*", "kms:Decrypt")
    if environment != "prod":
        return use_of_key(names, "UseKey", environment, actions, via=("s3",))
    # One statement, because the inline policies of a role have room for 10,240 characters together.
    actions += ("kms:Encrypt", "kms:CreateGrant")
    return use_of_key(names, "UseKey", environment, actions, via=("s3", "lambda", "sns"))


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


def _delivery_roles(names: Names, environment: Environment) -> Statement:
    """Reading itself and the preview role. Changing them is `mlops bootstrap`, run by an administrator."""
    return Statement(
        sid="ReadDeliveryRoles",
        actions=(
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListRolePolicies",
            "iam:ListAttachedRolePolicies",
            "iam:ListRoleTags",
        ),
        resources=(names.deployment_role_arn(environment), names.preview_role_arn(environment)),
    )
