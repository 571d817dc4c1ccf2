"""The registry account: model package groups, the artifacts and reports of every version, and who may reach them."""

from __future__ import annotations

import pulumi

from infra.contracts import RegistryOutputs
from infra.encryption.account_key import AccountKey, AccountKeyArgs
from infra.encryption.key_policy import administration, training_accounts_write_reports
from infra.identity.deployment_role import deployment_role_args
from infra.identity.document import document
from infra.identity.role import Role
from infra.names import Names
from infra.registry.group_policy import group_policy
from infra.registry.model_group import ModelGroup, ModelGroupArgs
from infra.settings import Settings
from infra.storage.artifact_access import artifact_access
from infra.storage.bucket import Bucket, BucketArgs
from ml import model as models

# A model version is evidence for as long as its predictions are; so is what was replaced.
OLD_ARTIFACT_DAYS = 365


def declare(settings: Settings, opts: pulumi.ResourceOptions) -> RegistryOutputs:
    """Declare every resource of the registry account and return what it publishes."""
    names = Names(settings)
    chosen = {name: models.load(name) for name in settings.models}

    Role("deployment-role", deployment_role_args(names, "registry", list(chosen.values())), opts)
    key = AccountKey(
        "key",
        AccountKeyArgs(
            alias=names.key_alias("registry"),
            description="Reports on model versions, written by the training accounts",
            policy=document([administration(names, "registry"), training_accounts_write_reports(names)]),
        ),
        opts,
    )
    artifacts = Bucket(
        "artifacts",
        BucketArgs(
            bucket=names.artifact_bucket,
            bucket_arn=names.bucket_arn(names.artifact_bucket),
            kms_key_arn=key.arn,
            old_version_days=OLD_ARTIFACT_DAYS,
            statements=artifact_access(names),
        ),
        opts,
    )
    groups = {
        name: ModelGroup(
            f"{name}-group",
            ModelGroupArgs(
                group_name=model.package_group_name,
                description=model.package_group_description,
                policy=group_policy(names, model.package_group_name),
            ),
            opts,
        ).arn
        for name, model in chosen.items()
    }
    return RegistryOutputs(
        account_id=pulumi.Output.from_input(settings.account_id),
        artifact_bucket=artifacts.name,
        report_key_arn=key.arn,
        model_package_group_arns=pulumi.Output.all(**groups),
    )
