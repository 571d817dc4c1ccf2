"""The rule in the registry account that tells people when the approval status of a version changes."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

MAXIMUM_AGE_SECONDS = 3600
MAXIMUM_ATTEMPTS = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRuleArgs:
    """What an ApprovalRule needs from its caller; ``studio_domain`` gives the message a link for people."""

    rule_name: str
    model_groups: tuple[str, ...]
    region: str
    studio_domain: str | None
    alert_topic_arn: pulumi.Input[str]
    dead_letter_queue_arn: pulumi.Input[str]


def approval_pattern(model_groups: tuple[str, ...]) -> str:
    """Updates of the approval status alone: the same event tells of each change of a version's description.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return json.dumps(
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {
                "ModelPackageGroupName": list(model_groups),
                "UpdatedModelPackageFields": ["ModelApprovalStatus"],
            },
        }
    )


def message(region: str, studio_domain: str | None) -> str:
    """The input template: a JSON string, in which names in angle brackets are filled in.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    where = "mlops models show <version>; ARN <arn>"
    if studio_domain:
        where = f"https://{studio_domain}.studio.{region}.sagemaker.aws/models/registered-models/<group>"
    return f'"Version <version> of <group> in account <account> is <status> since <time>. Look at it: {where}"'


class ApprovalRule(pulumi.ComponentResource):
    """A rule on the default event bus with the alert topic as its target."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ApprovalRuleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:ApprovalRule", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            name,
            name=args.rule_name,
            description="Model versions whose approval status changed",
            event_pattern=approval_pattern(args.model_groups),
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-alerts",
            rule=rule.name,
            target_id="alerts",
            arn=args.alert_topic_arn,
            input_transformer={
                "input_paths": {
                    "account": "$.account",
                    "arn": "$.detail.ModelPackageArn",
                    "group": "$.detail.ModelPackageGroupName",
                    "status": "$.detail.ModelApprovalStatus",
                    "time": "$.time",
                    "version": "$.detail.ModelPackageVersion",
                },
                "input_template": message(args.region, args.studio_domain),
            },
            retry_policy={
                "maximum_event_age_in_seconds": MAXIMUM_AGE_SECONDS,
                "maximum_retry_attempts": MAXIMUM_ATTEMPTS,
            },
            dead_letter_config={"arn": args.dead_letter_queue_arn},
            opts=child,
        )
        self.arn = rule.arn
        self.register_outputs({"arn": self.arn})
