"""Key policies: who may use an account's key, from which account and through which service."""

from __future__ import annotations

from collections.abc import Sequence

from infra import names as n
from infra.identity.document import Statement
from infra.names import Names
from infra.settings import Environment

USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
PUBLISH = ("kms:GenerateDataKey*", "kms:Decrypt")


def administration(names: Names, environment: Environment) -> Statement:
    """Let the account's own IAM policies decide, which is also what keeps a key from being locked away for ever.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return Statement(
        sid="AccountAdministration",
        principals={"AWS": names.root_arn(environment)},
        actions=("kms:*",),
        resources=("*",),  # in a key policy: this key
    )


def prod_reads_dev_artifacts(names: Names) -> Statement:
    """Dev's key, for prod: a model that dev trained is deployed in prod, through S3 and SageMaker only."""
    managed = names.settings.permissions == "managed"
    return Statement(
        sid="ProdReadsModelArtifacts",
        principals={"AWS": names.root_arn("prod")},
        actions=USE if managed else ("kms:Decrypt", "kms:DescribeKey"),
        resources=("*",),
        conditions={
            "ArnEquals": {"aws:PrincipalArn": names.role_arn(n.EXECUTION_ROLE, "prod")},
            "StringEquals": {"kms:ViaService": _services(names, "s3", "sagemaker")},
        },
    )


def training_accounts_write_reports(names: Names) -> Statement:
    """The registry's key, for the reports that dev and prod write there and that approvers read."""
    environments: tuple[Environment, ...] = ("dev", "prod")
    return Statement(
        sid="TrainingAccountsWriteReports",
        principals={"AWS": tuple(sorted({names.root_arn(e) for e in environments}))},
        actions=("kms:GenerateDataKey", "kms:Decrypt"),
        resources=("*",),
        conditions={
            "ArnEquals": {
                "aws:PrincipalArn": tuple(
                    names.role_arn(role, e) for e in environments for role in (n.EXECUTION_ROLE, n.PIPELINE_ROLE)
                )
            },
            "StringEquals": {"kms:ViaService": _services(names, "s3")},
        },
    )


def log_groups(names: Names, environment: Environment, log_groups: Sequence[str]) -> Statement:
    """CloudWatch Logs, for named log groups.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    return Statement(
        sid="CloudWatchLogs",
        principals={"Service": f"logs.{names.settings.region}.amazonaws.com"},
        actions=USE,
        resources=("*",),
        conditions={
            "ArnEquals": {
                "kms:EncryptionContext:aws:logs:arn": tuple(
                    names.log_group_arn(group, environment) for group in log_groups
                )
            }
        },
    )


def alarms_publish(names: Names, environment: Environment, alarms: Sequence[str]) -> Statement:
    """CloudWatch, for named alarms that publish to an encrypted topic.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return Statement(
        sid="CloudWatchAlarms",
        principals={"Service": "cloudwatch.amazonaws.com"},
        actions=PUBLISH,
        resources=("*",),
        conditions={
            "StringEquals": {"aws:SourceAccount": names.account(environment)},
            "ArnEquals": {"aws:SourceArn": tuple(names.alarm_arn(alarm, environment) for alarm in alarms)},
        },
    )


def rules_publish() -> Statement:
    """EventBridge, for rules that publish to an encrypted topic.

    Without a condition on the source: "Adding the aws:SourceAccount, aws:SourceArn … is not supported for
    EventBridge-to-encrypted topics", https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return Statement(
        sid="EventBridgeRules",
        principals={"Service": "events.amazonaws.com"},
        actions=PUBLISH,
        resources=("*",),
    )


def _services(names: Names, *services: str) -> tuple[str, ...]:
    return tuple(f"{service}.{names.settings.region}.amazonaws.com" for service in services)
