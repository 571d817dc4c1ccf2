"""Key policies: who may use an account's key, from which account and through which service."""

from __future__ import annotations

from infra import names as n
from infra.identity.document import Statement
from infra.names import Names
from infra.settings import Environment

USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")


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


def log_groups(names: Names, environment: Environment, log_group: str) -> Statement:
    """CloudWatch Logs, for one log group.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    account = names.account(environment)
    return Statement(
        sid="CloudWatchLogs",
        principals={"Service": f"logs.{names.settings.region}.amazonaws.com"},
        actions=("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
        resources=("*",),
        conditions={
            "ArnEquals": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", account, f"log-group:{log_group}")}
        },
    )


def _services(names: Names, *services: str) -> tuple[str, ...]:
    return tuple(f"{service}.{names.settings.region}.amazonaws.com" for service in services)
