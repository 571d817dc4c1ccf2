"""The log group in prod that Jenkins writes its build logs to."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True, slots=True)
class JenkinsLogArgs:
    """What a JenkinsLog needs from its caller."""

    log_group: str
    kms_key_arn: pulumi.Input[str]
    retention_days: int


class JenkinsLog(pulumi.ComponentResource):
    """An encrypted log group with an end to what it keeps."""

    log_group: pulumi.Output[str]

    def __init__(self, name: str, args: JenkinsLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:delivery:JenkinsLog", name, {}, opts)
        group = aws.cloudwatch.LogGroup(
            name,
            name=args.log_group,
            kms_key_id=args.kms_key_arn,
            retention_in_days=args.retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.log_group = group.name
        self.register_outputs({"log_group": self.log_group})
