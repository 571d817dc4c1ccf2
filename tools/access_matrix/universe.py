"""Every request that the reviewed sets answer: who, what, on which resource, in which circumstances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from infra.settings import Settings
from ml import model as models
from tools.access_documents.model import Platform
from tools.access_matrix.contexts import Context, contexts_of, named_contexts
from tools.access_matrix.probes import IMAGES_POLICY, REWRITTEN, add_probes
from tools.access_matrix.process import ask
from tools.access_matrix.services import actions_of_service, add_services

# Asked of everybody whether or not a document names them: what an attacker would like to do, in each service.
WATCHED = (
    *("sagemaker:UpdateModelPackage", "sagemaker:DeleteModelPackage", "sagemaker:PutModelPackageGroupPolicy"),
    *("sagemaker:DeleteModelPackageGroup", "sagemaker:StartPipelineExecution", "sagemaker:StopPipelineExecution"),
    *("sagemaker:UpdatePipeline", "sagemaker:DeletePipeline", "sagemaker:DeleteModel", "sagemaker:UpdateTrainingJob"),
    *("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketPolicy", "s3:PutObjectAcl", "s3:ListBucketVersions"),
    *("s3:GetObject", "s3:PutObject", "s3:GetObjectVersion", "s3:GetBucketPolicy", "s3:BypassGovernanceRetention"),
    *("s3:GetLifecycleConfiguration",),
    *("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:CreateGrant", "kms:ListGrants", "kms:Sign"),
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:UpdateAlias", "kms:GenerateRandom"),
    *("iam:PassRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:CreateRole"),
    *("sts:AssumeRole", "sts:TagSession", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
    *("lambda:InvokeFunction", "lambda:UpdateFunctionCode", "lambda:PutFunctionEventInvokeConfig"),
    *("sns:Publish", "sns:SetTopicAttributes", "sns:Subscribe", "sns:AddPermission", "sns:ListTopics"),
    *("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:PurgeQueue", "sqs:SetQueueAttributes", "sqs:AddPermission"),
    *("events:DisableRule", "events:PutTargets", "events:TestEventPattern", "scheduler:UpdateSchedule"),
    *("scheduler:ListTagsForResource", "scheduler:TagResource", "cloudwatch:SetAlarmState", "cloudwatch:ListMetrics"),
    *("logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:GetLogEvents", "logs:PutSubscriptionFilter"),
    *("ecr:PutImage", "ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy", "ecr:DescribeRegistry"),
)
# AWS judges these on resource types that its reference does not list for them.
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
ALSO_APPLICABLE = {
    "sagemaker:CreateModelPackage": ["model-package"],
    "sagemaker:ListModelPackages": ["model-package", "model-package-group"],
    "sagemaker:CreateModel": ["model-package"],
    "logs:CreateLogStream": ["log-group"],
    "logs:DescribeLogGroups": ["log-group"],
    "cloudwatch:PutMetricData": ["*"],
    # On an alias and its key both: https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    "kms:CreateAlias": ["alias", "key"],
    "kms:UpdateAlias": ["alias", "key"],
    "kms:DeleteAlias": ["alias", "key"],
}


class Request(NamedTuple):
    """One question, by names of the platform and of its contexts."""

    principal: str
    action: str
    resource: str
    context: str


@dataclass
class Universe:
    """The platform with its probes, the contexts, and the requests of the two reviewed sets."""

    platform: Platform
    contexts: dict[str, Context]
    across: list[Request] = field(default_factory=list)
    within: list[Request] = field(default_factory=list)

    def model(self, requests: list[Request], **more: Any) -> dict[str, Any]:
        """The engine's input for some requests."""
        platform = self.platform
        return {
            "documents": platform.documents,
            "principals": platform.principals,
            "resources": platform.resources,
            "contexts": self.contexts,
            "requests": requests,
            **more,
        }


def universe(platform: Platform, settings: Settings) -> Universe:
    """Add the probes to the platform and ask for all that can be asked."""
    declared = {*platform.documents, IMAGES_POLICY}
    model_names = tuple(models.load(name).model_name for name in settings.models)
    add_probes(platform, model_names)
    contexts = named_contexts(platform.region, model_names, settings.jenkins.external_id, _log_groups(platform))
    of_services: dict[str, list[str]]
    service_contexts, of_services = add_services(platform)
    found = Universe(platform, {**contexts, **service_contexts})
    pairs = ask(
        "applicable",
        {"actions": named_actions(platform), "resources": platform.resources, "alsoApplicable": ALSO_APPLICABLE},
    )
    for request in _requests(platform, pairs, contexts, of_services):
        who, what = platform.principals[request.principal], platform.resources[request.resource]
        if what["account"] != who["account"]:
            # Across accounts a resource without a policy of the platform's is closed to everybody.
            if what["policy"] in declared:
                found.across.append(request)
        elif request.principal.endswith(REWRITTEN):
            continue  # in its own account, an administrator
        elif not request.principal.endswith(" administrator") or _is_guarded(request.resource, what):
            found.within.append(request)
    return found


def _is_guarded(name: str, resource: dict[str, Any]) -> bool:
    """Whether a policy holds even the account's own administrator; of a bucket's objects one stands for all."""
    return bool(resource["policy"]) and (
        ":::" not in resource["arn"] or "/" not in name or name.endswith("other/object")
    )


def _log_groups(platform: Platform) -> dict[str, str]:
    """The ARN of a function's log group in each account that has one."""
    return {
        name.split()[0]: str(resource["arn"])
        for name, resource in sorted(platform.resources.items())
        if " log group /aws/lambda/" in name and not name.endswith("/stream")
    }


def named_actions(platform: Platform) -> list[str]:
    """Actions that a document names in full, and the watched ones."""
    named = {action for document in platform.documents.values() for action in actions_of(document)}
    return sorted({action for action in named if "*" not in action} | set(WATCHED))


def actions_of(document: dict[str, Any]) -> Iterator[str]:
    """Every action, or pattern of actions, that a document names."""
    for statement in document["Statement"]:
        actions = statement["Action"]
        yield from [actions] if isinstance(actions, str) else actions


def _requests(
    platform: Platform, pairs: list[list[str]], contexts: dict[str, Context], of_services: dict[str, list[str]]
) -> Iterator[Request]:
    of_identities = {action: contexts_of(action, contexts) for action in {action for action, _ in pairs}}
    for action, resource in pairs:
        for principal in platform.principals:
            if principal not in of_services:
                circumstances = of_identities[action]
            else:
                circumstances = of_services[principal] if action in actions_of_service(principal) else []
            for context in circumstances:
                yield Request(principal, action, resource, context)
