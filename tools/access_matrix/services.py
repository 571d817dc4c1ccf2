"""AWS services as callers: each acts for some resource, ours or a stranger's, and says for which."""

from __future__ import annotations

from typing import Any

from tools.access_documents.model import Platform
from tools.access_matrix.probes import STRANGER

# Service → the ARN of what it acts for (service, resource part), under the name that people give it.
SOURCES: dict[str, dict[str, tuple[str, str]]] = {
    "sagemaker": {
        "pipeline": ("sagemaker", "pipeline/mammo-severity-train-pipeline"),
        "execution": ("sagemaker", "pipeline/mammo-severity-inference-pipeline/execution/e1"),
        "other pipeline": ("sagemaker", "pipeline/other"),
        "processing job": ("sagemaker", "processing-job/pipelines-e1-step"),
        "training job": ("sagemaker", "training-job/pipelines-e1-step"),
        "transform job": ("sagemaker", "transform-job/pipelines-e1-step"),
        "model": ("sagemaker", "model/pipelines-e1-step"),
        "notebook": ("sagemaker", "notebook-instance/other"),
    },
    "events": {
        "train failure rule": ("events", "rule/mammo-severity-train-pipeline-failed"),
        "inference failure rule": ("events", "rule/mammo-severity-inference-pipeline-failed"),
        "approval rule": ("events", "rule/model-approval-changed"),
        "other rule": ("events", "rule/other"),
    },
    "cloudwatch": {},  # the platform's alarms, below
    "scheduler": {
        "inference schedules": ("scheduler", "schedule-group/model-promotion-inference"),
        "approval watch schedules": ("scheduler", "schedule-group/model-promotion-approval-watch"),
        "other schedules": ("scheduler", "schedule-group/other"),
    },
    "lambda": {},
    "ec2": {},
}
ACTIONS = ("sts:AssumeRole", "sns:Publish", "sqs:SendMessage", "lambda:InvokeFunction", "kms:Decrypt")
ACTIONS_OF_KEYS = ("kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
# What a policy that is too wide would let a service do beside its work.
ACTIONS_BESIDE = (
    *("kms:ScheduleKeyDeletion", "lambda:UpdateFunctionCode", "sns:SetTopicAttributes"),
    *("sqs:PurgeQueue", "sqs:ReceiveMessage", "sts:TagSession"),
)
ACTIONS_OF_SERVICES = (*ACTIONS, *ACTIONS_OF_KEYS, *ACTIONS_BESIDE)
# Those that carry an encryption context, which is all that CloudWatch Logs is known by.
ACTIONS_OF_LOGS = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def actions_of_service(service: str) -> tuple[str, ...]:
    """What is worth asking of a service."""
    return ACTIONS_OF_LOGS if service.startswith("logs.") else ACTIONS_OF_SERVICES


def add_services(platform: Platform) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Add the services as principals; return the contexts that they bring, and which service brings which."""
    contexts: dict[str, dict[str, Any]] = {}
    of: dict[str, list[str]] = {}
    accounts = {**platform.accounts, "stranger": STRANGER}
    for service, sources in SOURCES.items():
        name = f"{service}.amazonaws.com"
        platform.principals[name] = {"arn": name, "account": "AWS", "policies": [], "boundary": None}
        of[name] = ["for nobody"]
        for owner, account in accounts.items():
            found = {
                what: f"arn:aws:{kind}:{platform.region}:{account}:{rest}" for what, (kind, rest) in sources.items()
            }
            if service == "cloudwatch":
                found = {"other alarm": f"arn:aws:cloudwatch:{platform.region}:{account}:alarm:other"}
                found |= {
                    n.removeprefix(f"{owner} "): r["arn"]
                    for n, r in platform.resources.items()
                    if f"{owner} alarm" in n
                }
            for what, arn in found.items():
                context = f"for {owner} {what}"
                contexts[context] = {"aws:SourceAccount": account, "aws:SourceArn": arn}
                of[name].append(context)
                if owner in platform.accounts and not what.startswith("other"):
                    # Neither of the two keys may stand in for the other.
                    contexts[f"{context}, said by a stranger"] = {"aws:SourceAccount": STRANGER, "aws:SourceArn": arn}
                    of[name].append(f"{context}, said by a stranger")
    contexts["for nobody"] = {}
    logs = f"logs.{platform.region}.amazonaws.com"
    platform.principals[logs] = {"arn": logs, "account": "AWS", "policies": [], "boundary": None}
    of[logs] = ["for nobody"]
    for name, resource in platform.resources.items():
        if " log group" in name and not name.endswith("/stream"):
            contexts[f"for {name}"] = {"kms:EncryptionContext:aws:logs:arn": resource["arn"]}
            of[logs].append(f"for {name}")
    return contexts, of
