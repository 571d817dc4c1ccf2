"""What else a request says: a few named contexts for each action, none taken from the documents under test."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

Context = dict[str, Any]
PLAIN = "plain"
CRYPTO = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:CreateGrant")


def named_contexts(
    region: str, model_names: tuple[str, ...], external_id: str | None, log_groups: dict[str, str]
) -> dict[str, Context]:
    """Every context of an identity's request, by name."""
    contexts: dict[str, Context] = {
        PLAIN: {},
        "http": {"aws:SecureTransport": "false"},
        "sse-kms": {"s3:x-amz-server-side-encryption": "aws:kms"},
        "sse-s3": {"s3:x-amz-server-side-encryption": "AES256"},
        "pending": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"},
        "approved": {"sagemaker:ModelApprovalStatus": "Approved"},
        "external id": {"sts:ExternalId": external_id or ""},
        "wrong external id": {"sts:ExternalId": "guess"},
        "for an AWS resource": {"kms:GrantIsForAWSResource": "true"},
        "as state secrets": {"kms:EncryptionContext:project": "model-promotion"},
        "as other secrets": {"kms:EncryptionContext:project": "other"},
        "other prefix": {"s3:prefix": "other/"},
        "project tag only": {"aws:RequestTag/project": "model-promotion"},
        "other metrics": {"cloudwatch:namespace": "Other"},
        "project metrics": {"cloudwatch:namespace": "ModelPromotion"},
        "SageMaker metrics": {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs"},
    }
    for service in ("s3", "sagemaker", "lambda", "sns", "ec2"):
        contexts[f"via {service}"] = {"kms:ViaService": f"{service}.{region}.amazonaws.com"}
    contexts["via s3 elsewhere"] = {"kms:ViaService": "s3.ap-south-2.amazonaws.com"}
    for service in ("sagemaker", "lambda", "scheduler", "ec2"):
        contexts[f"to {service}"] = {"iam:PassedToService": f"{service}.amazonaws.com"}
    for environment in ("registry", "dev", "prod"):
        contexts[f"{environment} tags"] = {
            "aws:RequestTag/project": "model-promotion",
            "aws:RequestTag/environment": environment,
        }
        contexts[f"{environment} tag only"] = {"aws:RequestTag/environment": environment}
        contexts[f"{environment} tags, other project"] = {
            "aws:RequestTag/project": "other",
            "aws:RequestTag/environment": environment,
        }
    for environment, arn in log_groups.items():
        contexts[f"as Logs in {environment}"] = {"kms:EncryptionContext:aws:logs:arn": arn}
    for model in model_names:
        contexts[f"prefix {model}/data/"] = {"s3:prefix": f"{model}/data/"}
        contexts[f"prefix {model}/executions/e/"] = {"s3:prefix": f"{model}/executions/e/"}
    return contexts


def contexts_of(action: str, contexts: dict[str, Context]) -> list[str]:
    """The names of the contexts in which an identity's request for an action is worth asking."""
    groups: dict[tuple[str, ...], tuple[str, ...]] = {
        ("s3:PutObject",): ("http", "sse-kms", "sse-s3"),
        ("s3:*", "sns:*", "sqs:*"): ("http",),
        ("s3:ListBucket", "s3:ListBucketVersions"): ("prefix *", "other prefix"),
        CRYPTO: ("via *",),
        (*CRYPTO[:2], "kms:ReEncryptFrom", "kms:GenerateDataKey"): ("as Logs in *", "as * secrets"),
        ("kms:CreateGrant", "kms:ListGrants"): ("for an AWS resource",),
        ("kms:CreateKey", "kms:TagResource"): ("* tags*", "* tag only"),
        ("sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"): ("pending", "approved"),
        ("iam:PassRole",): ("to *",),
        ("sts:AssumeRole",): ("external id", "wrong external id"),
        ("cloudwatch:PutMetricData",): ("* metrics",),
    }
    wanted = [PLAIN]
    for actions, patterns in groups.items():
        if any(fnmatchcase(action, pattern) for pattern in actions):
            wanted += [name for name in contexts if any(fnmatchcase(name, pattern) for pattern in patterns)]
    return list(dict.fromkeys(wanted))
