"""The dev account: where data scientists train, and register versions that wait for approval."""

from __future__ import annotations

import pulumi

from infra.contracts import TrainingOutputs
from infra.encryption.key_policy import administration, prod_reads_dev_artifacts
from infra.names import Names
from infra.settings import Settings
from stacks.training import declare_account, declare_pipelines


def declare(settings: Settings, opts: pulumi.ResourceOptions) -> TrainingOutputs:
    """Declare every resource of the dev account and return what it publishes."""
    names = Names(settings)
    account = declare_account(settings, [administration(names, "dev"), prod_reads_dev_artifacts(names)], opts)
    return TrainingOutputs(
        account_id=pulumi.Output.from_input(settings.account_id),
        data_bucket=account.data.name,
        key_arn=account.key.arn,
        train_pipelines=pulumi.Output.all(**declare_pipelines(account, "train", opts)),
        inference_pipelines=pulumi.Output.all(**declare_pipelines(account, "inference", opts)),
    )
