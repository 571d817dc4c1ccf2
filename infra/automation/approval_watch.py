"""The daily look in prod at versions that wait for approval, and an alarm for each group where one waits too long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.identity.automation import METRIC_NAMESPACE

DAILY = "cron(0 8 * * ? *)"
MAXIMUM_AGE_SECONDS = 3600
MAXIMUM_ATTEMPTS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalWatchArgs:
    """What an ApprovalWatch needs from its caller; ``alarms`` are names of alarms by model package group."""

    schedule_name: str
    group_name: str
    function_arn: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    time_zone: str
    alarms: Mapping[str, str]
    approval_hours: int
    dead_letter_queue_arn: pulumi.Input[str]
    alert_topic_arn: pulumi.Input[str]


class ApprovalWatch(pulumi.ComponentResource):
    """A schedule at eight in the morning for the function that puts the metric, and the alarms on it."""

    group_name: pulumi.Output[str]

    def __init__(self, name: str, args: ApprovalWatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:ApprovalWatch", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.scheduler.ScheduleGroup(f"{name}-group", name=args.group_name, opts=child)
        aws.scheduler.Schedule(
            f"{name}-daily",
            name=args.schedule_name,
            group_name=group.name,
            description="Measures for how long model versions have waited for approval",
            schedule_expression=DAILY,
            schedule_expression_timezone=args.time_zone,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": args.function_arn,
                "role_arn": args.role_arn,
                # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
                "input": json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>"}),
                "retry_policy": {
                    "maximum_event_age_in_seconds": MAXIMUM_AGE_SECONDS,
                    "maximum_retry_attempts": MAXIMUM_ATTEMPTS,
                },
                "dead_letter_config": {"arn": args.dead_letter_queue_arn},
            },
            opts=child,
        )
        for model_group, alarm in args.alarms.items():
            aws.cloudwatch.MetricAlarm(
                f"{name}-{model_group}",
                name=alarm,
                alarm_description=f"A version in {model_group} has waited for approval for more than "
                f"{args.approval_hours} hours. In the registry account: mlops models list, then approve or reject it.",
                namespace=METRIC_NAMESPACE,
                metric_name="OldestPendingApprovalHours",
                dimensions={"ModelPackageGroup": model_group},
                statistic="Maximum",
                period=3600,
                evaluation_periods=1,
                comparison_operator="GreaterThanThreshold",
                threshold=args.approval_hours,
                treat_missing_data="ignore",  # the metric comes once a day and holds until the next
                alarm_actions=[args.alert_topic_arn],
                opts=child,
            )
        self.group_name = group.name
        self.register_outputs({"group_name": self.group_name})
