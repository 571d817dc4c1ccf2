"""The rule in prod on failed executions of one pipeline, and the functions that it invokes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

# An hour, then the dead-letter queue: what fails for longer needs people, whom the queue's alarm tells.
MAXIMUM_AGE_SECONDS = 3600
MAXIMUM_ATTEMPTS = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureRuleArgs:
    """What a FailureRule needs from its caller; ``functions`` are ARNs of the targets by name."""

    rule_name: str
    pipeline_arn: str
    functions: Mapping[str, pulumi.Input[str]]
    dead_letter_queue_arn: pulumi.Input[str]


def failure_pattern(pipeline_arn: str) -> str:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
    return json.dumps(
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
            "detail": {"currentPipelineExecutionStatus": ["Failed"], "pipelineArn": [pipeline_arn]},
        }
    )


class FailureRule(pulumi.ComponentResource):
    """A rule on the default event bus, with retries and a dead-letter queue for every target."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: FailureRuleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:FailureRule", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            name,
            name=args.rule_name,
            description=f"Executions of {args.pipeline_arn.rsplit('/', 1)[1]} that failed",
            event_pattern=failure_pattern(args.pipeline_arn),
            opts=child,
        )
        for function, arn in args.functions.items():
            permission = aws.lambda_.Permission(
                f"{name}-{function}-permission",
                statement_id=args.rule_name,
                function=arn,
                action="lambda:InvokeFunction",
                principal="events.amazonaws.com",
                source_arn=rule.arn,
                opts=child,
            )
            aws.cloudwatch.EventTarget(
                f"{name}-{function}",
                rule=rule.name,
                target_id=function,
                arn=arn,
                retry_policy={
                    "maximum_event_age_in_seconds": MAXIMUM_AGE_SECONDS,
                    "maximum_retry_attempts": MAXIMUM_ATTEMPTS,
                },
                dead_letter_config={"arn": args.dead_letter_queue_arn},
                # An event that arrives before the permission would go to the dead-letter queue at once.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
            )
        self.arn = rule.arn
        self.register_outputs({"arn": self.arn})
