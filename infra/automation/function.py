"""A Lambda function made of one file, with its log group, in dev or prod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_aws as aws

RUNTIME = "python3.13"


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionArgs:
    """What a Function needs from its caller.

    ``code`` is the file whose ``handler`` is called. A function that is invoked synchronously needs no
    ``dead_letter_queue_arn``; ``reserved_executions`` limits how many of it run at a time.
    """

    function_name: str
    description: str
    code: Path
    role_arn: pulumi.Input[str]
    kms_key_arn: pulumi.Input[str]
    log_group: str
    log_retention_days: int
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    dead_letter_queue_arn: pulumi.Input[str] | None = None
    reserved_executions: int | None = None


class Function(pulumi.ComponentResource):
    """A function, and the encrypted log group that it writes to."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:Function", name, {}, opts)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.log_group,
            kms_key_id=args.kms_key_arn,
            retention_in_days=args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        function = aws.lambda_.Function(
            name,
            name=args.function_name,
            description=args.description,
            role=args.role_arn,
            runtime=RUNTIME,
            handler=f"{args.code.stem}.handler",
            code=pulumi.AssetArchive({args.code.name: pulumi.FileAsset(str(args.code))}),
            timeout=args.timeout_seconds,
            kms_key_arn=args.kms_key_arn if args.environment else None,
            environment={"variables": args.environment} if args.environment else None,
            dead_letter_config={"target_arn": args.dead_letter_queue_arn} if args.dead_letter_queue_arn else None,
            reserved_concurrent_executions=args.reserved_executions,
            # Lambda would make a log group without a key or an end, could its role do that.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs]),
        )
        self.arn = function.arn
        self.name = function.name
        self.register_outputs({"arn": self.arn, "name": self.name})
