"""The prod account: where approved models work, deployed by Jenkins alone."""

from __future__ import annotations

import pulumi

from infra.contracts import ProdOutputs
from infra.delivery.jenkins_log import JenkinsLog, JenkinsLogArgs
from infra.encryption.key_policy import administration, log_groups
from infra.identity.deployment_role import controller_documents
from infra.names import Names
from infra.settings import Settings
from infra.storage.bucket import Bucket
from infra.storage.state_bucket import state_bucket_args
from stacks.training import declare_account, declare_train_pipelines


def declare(settings: Settings, opts: pulumi.ResourceOptions) -> ProdOutputs:
    """Declare every resource of the prod account and return what it publishes."""
    names = Names(settings)
    account = declare_account(
        settings,
        [administration(names, "prod"), log_groups(names, "prod", names.jenkins_log_group)],
        opts,
    )
    state = Bucket("state", state_bucket_args(names), opts)
    log = JenkinsLog(
        "jenkins-log",
        JenkinsLogArgs(
            log_group=names.jenkins_log_group,
            kms_key_arn=account.key.arn,
            retention_days=settings.log_retention_days,
        ),
        opts,
    )
    return ProdOutputs(
        account_id=pulumi.Output.from_input(settings.account_id),
        data_bucket=account.data.name,
        key_arn=account.key.arn,
        train_pipelines=declare_train_pipelines(account, opts),
        state_bucket=state.name,
        deployment_role_arn=pulumi.Output.from_input(names.deployment_role_arn("prod")),
        jenkins_log_group=log.log_group,
        jenkins_controller_documents=controller_documents(names),
    )
