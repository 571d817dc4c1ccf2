"""What dev and prod have in common: a key, data, roles, and the pipelines of each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from infra import inventory
from infra import names as n
from infra.automation.function import Function, FunctionArgs
from infra.contracts import RegistryOutputs
from infra.encryption.account_key import AccountKey, AccountKeyArgs
from infra.encryption.key_policy import log_groups
from infra.identity.deployment_role import deployment_role_args
from infra.identity.document import Statement, document
from infra.identity.preview_role import preview_role_args
from infra.identity.role import Role
from infra.identity.workload_roles import WorkloadRoles, WorkloadRolesArgs
from infra.names import Names
from infra.pipelines import compiled
from infra.pipelines.sagemaker_pipeline import SagemakerPipeline, SagemakerPipelineArgs
from infra.settings import Environment, Settings, SettingsError
from infra.storage.bucket import Bucket, BucketArgs
from ml import model as models

OLD_DATA_DAYS = 90
LOOK_UP_SECONDS = 60
Kind = Literal["train", "inference"]
DESCRIPTIONS: dict[Kind, str] = {
    "train": "Trains, evaluates and registers {}",
    "inference": "Checks a batch against the baseline of the newest approved {} and scores it",
}


@dataclass(frozen=True, kw_only=True)
class TrainingAccount:
    """An account that trains, as far as it is the same in dev and in prod."""

    settings: Settings
    names: Names
    registry: RegistryOutputs
    key: AccountKey
    data: Bucket
    roles: WorkloadRoles
    latest_approved_model: Function


def declare_account(
    settings: Settings, key_statements: Sequence[Statement], opts: pulumi.ResourceOptions
) -> TrainingAccount:
    """Declare what every pipeline of a training account needs."""
    names, environment = Names(settings), settings.environment
    chosen = [models.load(name) for name in settings.models]
    registry = RegistryOutputs.read(settings.registry_stack)

    Role("deployment-role", deployment_role_args(names, environment, chosen), opts)
    Role("preview-role", preview_role_args(names, environment, chosen), opts)
    key = AccountKey(
        "key",
        AccountKeyArgs(
            alias=names.key_alias(environment),
            description=f"Data and models of the {environment} account",
            policy=document(
                [*key_statements, log_groups(names, environment, inventory.log_groups(names, environment))]
            ),
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
    latest_approved_model = Function(
        "latest-approved-model",
        FunctionArgs(
            function_name=names.function_name(n.LATEST_APPROVED_MODEL, environment),
            description="First step of the inference pipelines: the newest approved version that this account can use",
            code=compiled.function("latest-approved-model"),
            role_arn=roles.function_role_arn,
            kms_key_arn=key.arn,
            log_group=names.function_log_group(n.LATEST_APPROVED_MODEL, environment),
            log_retention_days=settings.log_retention_days,
            timeout_seconds=LOOK_UP_SECONDS,
        ),
        opts,
    )
    return TrainingAccount(
        settings=settings,
        names=names,
        registry=registry,
        key=key,
        data=data,
        roles=roles,
        latest_approved_model=latest_approved_model,
    )


def declare_pipelines(
    account: TrainingAccount, kind: Kind, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Output[str]]:
    """Declare the train or the inference pipeline of each model and return their ARNs by model."""
    return {name: _pipeline(account, name, kind, opts).arn for name in account.settings.models}


def _pipeline(account: TrainingAccount, name: str, kind: Kind, opts: pulumi.ResourceOptions) -> SagemakerPipeline:
    settings, names, model = account.settings, account.names, models.load(name)
    images = compiled.images(settings.region)
    if images is None:
        raise SettingsError(f"region: SageMaker publishes no images in {settings.region!r}; write another region")
    pipeline = model.train_pipeline_name if kind == "train" else model.inference_pipeline_name
    pipeline_name = names.pipeline_name(pipeline, settings.environment)
    monitored = "-model-monitor" if settings.drift_check == "model-monitor" else ""
    return SagemakerPipeline(
        f"{name}-{kind}",
        SagemakerPipelineArgs(
            pipeline_name=pipeline_name,
            display_name=pipeline_name,
            description=DESCRIPTIONS[kind].format(model.model_name),
            template=compiled.template(name, f"{kind}{monitored}"),
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
                    lambda arns: _group_of(arns, name, names)
                ),
                "function_latest_approved_model_arn": account.latest_approved_model.arn,
                "artifact_accounts": ",".join(_artifact_accounts(names, settings.environment)),
                **{f"image_{image}": uri for image, uri in images.items()},
            },
            role_arn=account.roles.pipeline_role_arn,
            bucket=account.data.name,
            script_prefix=model.script_prefix.rstrip("/"),
            script_folder=compiled.SCRIPTS,
        ),
        opts,
    )


def _artifact_accounts(names: Names, environment: Environment) -> tuple[str, ...]:
    """Accounts whose artifacts this one may decrypt: its own, and in prod dev's too, whose key says so."""
    environments: tuple[Environment, ...] = ("dev", "prod") if environment == "prod" else (environment,)
    return tuple(names.account(one) for one in environments)


def _group_of(arns: dict[str, str], model: str, names: Names) -> str:
    settings, expected = names.settings, names.group_arn(models.load(model).package_group_name)
    registry_file = f"Pulumi.{settings.registry_stack}.yaml"
    if model not in arns:
        # A change that adds a model is previewed in all three accounts before the registry has its group.
        pulumi.log.warn(
            f"models: the registry has no group for {model!r} yet; deploy the registry, with it in {registry_file}, "
            "before this stack"
        )
        return expected
    arn = arns[model]
    account = arn.split(":")[4]
    if account != settings.accounts.registry:
        raise SettingsError(
            f"accounts.registry is {settings.accounts.registry}, but the registry stack is deployed in {account}; "
            f"write the same accounts here and in {registry_file}"
        )
    return arn
