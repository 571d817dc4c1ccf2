"""The prod account: where approved models work, deployed by Jenkins alone."""

from __future__ import annotations

import pulumi

from infra import inventory
from infra.contracts import ProdOutputs
from infra.delivery.jenkins_log import JenkinsLog, JenkinsLogArgs
from infra.encryption.key_policy import administration, alarms_publish
from infra.identity.jenkins_agents import agent_documents
from infra.names import Names
from infra.settings import Settings
from infra.storage.bucket import Bucket
from infra.storage.state_bucket import state_bucket_args
from ml import model as models
from stacks.automation import declare_automation
from stacks.training import declare_account, declare_pipelines


def declare(settings: Settings, opts: pulumi.ResourceOptions) -> ProdOutputs:
    """Declare every resource of the prod account and return what it publishes."""
    names = Names(settings)
    alarms = inventory.alarms(names, "prod", [models.load(name) for name in settings.models])
    account = declare_account(settings, [administration(names, "prod"), alarms_publish(names, "prod", alarms)], opts)
    train, inference = (declare_pipelines(account, kind, opts) for kind in ("train", "inference"))
    automation = declare_automation(account, inference, opts)
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
        train_pipelines=pulumi.Output.all(**train),
        inference_pipelines=pulumi.Output.all(**inference),
        state_bucket=state.name,
        deployment_role_arn=pulumi.Output.from_input(names.deployment_role_arn("prod")),
        jenkins_log_group=log.log_group,
        jenkins_controller_documents=agent_documents(names),
        alert_topic_arn=automation.topic_arn,
        dead_letter_queues=pulumi.Output.all(**automation.queue_urls),
    )
