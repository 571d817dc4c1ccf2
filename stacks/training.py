"""What dev and prod have in common: a key, data, roles, and the pipelines of each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from infra.contracts import RegistryOutputs
from infra.encryption.account_key import AccountKey, AccountKeyArgs
from infra.identity.deployment_role import deployment_role_args
from infra.identity.document import Statement, document
from infra.identity.role import Role
from infra.identity.workload_roles import WorkloadRoles, WorkloadRolesArgs
from infra.names import Names
from infra.pipelines import compiled
from infra.pipelines.sagemaker_pipeline import SagemakerPipeline, SagemakerPipelineArgs
from infra.settings import Settings, SettingsError
from infra.storage.bucket import Bucket, BucketArgs
from ml import model as models

OLD_DATA_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class TrainingAccount:
    """An account that trains, as far as it is the same in dev and in prod."""

    settings: Settings
    names: Names
    registry: RegistryOutputs
    key: AccountKey
    data: Bucket
    roles: WorkloadRoles


def declare_account(
    settings: Settings, key_statements: Sequence[Statement], opts: pulumi.ResourceOptions
) -> TrainingAccount:
    """Declare what every pipeline of a training account needs."""
    names, environment = Names(settings), settings.environment
    chosen = [models.load(name) for name in settings.models]
    registry = RegistryOutputs.read(settings.registry_stack)

    Role("deployment-role", deployment_role_args(names, environment, chosen), opts)
    key = AccountKey(
        "key",
        AccountKeyArgs(
            alias=names.key_alias(environment),
            description=f"Data and models of the {environment} account",
            policy=document(key_statements),
        ),
        opts,
    )
    data = Bucket(
        "data",
        BucketArgs(
            bucket=names.data_bucket(environment),
            bucket_arn=names.bucket_arn(names.data_bucket(environment)),
            kms_key_arn=key.arn,
            old_version_days=OLD_DATA_DAYS,
        ),
        opts,
    )
    roles = WorkloadRoles("workload", WorkloadRolesArgs(names=names, environment=environment, models=chosen), opts)
    return TrainingAccount(settings=settings, names=names, registry=registry, key=key, data=data, roles=roles)


def declare_train_pipelines(account: TrainingAccount, opts: pulumi.ResourceOptions) -> pulumi.Output[dict[str, str]]:
    """Declare the train pipeline of each model and return their ARNs by model."""
    arns = {name: _train_pipeline(account, name, opts).arn for name in account.settings.models}
    return pulumi.Output.all(**arns)


def _train_pipeline(account: TrainingAccount, name: str, opts: pulumi.ResourceOptions) -> SagemakerPipeline:
    settings, names, model = account.settings, account.names, models.load(name)
    images = compiled.images(settings.region)
    if images is None:
        raise SettingsError(f"region: SageMaker publishes no images in {settings.region!r}; write another region")
    pipeline_name = names.pipeline_name(model.train_pipeline_name, settings.environment)
    return SagemakerPipeline(
        f"{name}-train",
        SagemakerPipelineArgs(
            pipeline_name=pipeline_name,
            display_name=pipeline_name,
            description=f"Trains, evaluates and registers {model.model_name}",
            template=compiled.template(name, "train"),
            values={
                "account_id": settings.account_id,
                "region": settings.region,
                "environment": settings.environment,
                "job_role_arn": account.roles.execution_role_arn,
                "data_bucket": account.data.name,
                "artifact_bucket": account.registry.artifact_bucket,
                "kms_key_arn": account.key.arn,
                "registry_kms_key_arn": account.registry.report_key_arn,
                "model_package_group_arn": account.registry.model_package_group_arns.apply(
                    lambda arns: _group_of(arns, name, settings)
                ),
                "image_sklearn": images["sklearn"],
                "image_xgboost": images["xgboost"],
            },
            role_arn=account.roles.pipeline_role_arn,
            bucket=account.data.name,
            script_prefix=model.script_prefix.rstrip("/"),
            script_folder=compiled.SCRIPTS,
        ),
        opts,
    )


def _group_of(arns: dict[str, str], model: str, settings: Settings) -> str:
    registry_file = f"Pulumi.{settings.registry_stack}.yaml"
    if model not in arns:
        raise SettingsError(
            f"models: the registry has no group for {model!r}; add it to {registry_file} and deploy the registry first"
        )
    arn = arns[model]
    account = arn.split(":")[4]
    if account != settings.accounts.registry:
        raise SettingsError(
            f"accounts.registry is {settings.accounts.registry}, but the registry stack is deployed in {account}; "
            f"write the same accounts here and in {registry_file}"
        )
    return arn
