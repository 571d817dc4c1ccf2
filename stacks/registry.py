"""The registry account: model package groups, the artifacts and reports of every version, and who may reach them."""

from __future__ import annotations

import pulumi

from infra import inventory
from infra import names as n
from infra.automation.alert_topic import AlertTopic, AlertTopicArgs
from infra.automation.approval_rule import ApprovalRule, ApprovalRuleArgs
from infra.automation.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from infra.contracts import RegistryStackOutputs
from infra.encryption.account_key import AccountKey, AccountKeyArgs
from infra.encryption.key_policy import (
    administration,
    alarms_publish,
    rules_publish,
    training_accounts_write_reports,
)
from infra.identity.deployment_role import deployment_role_args
from infra.identity.document import document
from infra.identity.preview_role import preview_role_args
from infra.identity.role import Role
from infra.names import Names
from infra.registry.group_policy import group_policy
from infra.registry.model_group import ModelGroup, ModelGroupArgs
from infra.settings import Settings, required
from infra.storage.artifact_access import artifact_access
from infra.storage.bucket import Bucket, BucketArgs
from ml import model as models

# A model version is evidence for as long as its predictions are; so is what was replaced.
OLD_ARTIFACT_DAYS = 365


def declare(settings: Settings, opts: pulumi.ResourceOptions) -> RegistryStackOutputs:
    """Declare every resource of the registry account and return what it publishes."""
    names = Names(settings)
    chosen = {name: models.load(name) for name in settings.models}

    Role("deployment-role", deployment_role_args(names, "registry", list(chosen.values())), opts)
    Role("preview-role", preview_role_args(names, "registry", list(chosen.values())), opts)
    key = AccountKey(
        "key",
        AccountKeyArgs(
            alias=names.key_alias("registry"),
            description="Reports on model versions, written by the training accounts",
            policy=document(
                [
                    administration(names, "registry"),
                    training_accounts_write_reports(names),
                    alarms_publish(names, "registry", inventory.alarms(names, "registry", list(chosen.values()))),
                    rules_publish(),
                ]
            ),
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
    topic, queue = _declare_alerts(settings, key, opts)
    return RegistryStackOutputs(
        account_id=pulumi.Output.from_input(settings.account_id),
        artifact_bucket=artifacts.name,
        report_key_arn=key.arn,
        model_package_group_arns=pulumi.Output.all(**groups),
        alert_topic_arn=topic.arn,
        dead_letter_queues=pulumi.Output.all(**{n.APPROVAL_RULES: queue.url}),
    )


def _declare_alerts(
    settings: Settings, key: AccountKey, opts: pulumi.ResourceOptions
) -> tuple[AlertTopic, DeadLetterQueue]:
    names = Names(settings)
    chosen = [models.load(name) for name in settings.models]
    alerts = required(settings.alerts, "alerts")
    topic = AlertTopic(
        "alerts",
        AlertTopicArgs(
            topic_name=names.topic_name(alerts.topic, "registry"),
            topic_arn=names.topic_arn(alerts.topic, "registry"),
            account_id=settings.account_id,
            kms_key_arn=key.arn,
            emails=alerts.emails,
            alarm_arns=tuple(
                names.alarm_arn(alarm, "registry") for alarm in inventory.alarms(names, "registry", chosen)
            ),
            open_to_rules=True,
        ),
        opts,
    )
    queue_name = names.dead_letter_queue(n.APPROVAL_RULES, "registry")
    queue = DeadLetterQueue(
        f"{n.APPROVAL_RULES}-dead-letters",
        DeadLetterQueueArgs(
            queue_name=queue_name,
            queue_arn=names.queue_arn(queue_name, "registry"),
            alarm_name=inventory.dead_letter_alarm(queue_name),
            alert_topic_arn=topic.arn,
            rule_arns=(names.rule_arn(names.approval_rule, "registry"),),
        ),
        opts,
    )
    ApprovalRule(
        "approval-changed",
        ApprovalRuleArgs(
            rule_name=names.approval_rule,
            model_groups=tuple(model.package_group_name for model in chosen),
            region=settings.region,
            studio_domain=alerts.studio_domain,
            alert_topic_arn=topic.arn,
            dead_letter_queue_arn=queue.arn,
        ),
        opts,
    )
    return topic, queue
