"""The schedule in prod on which inference pipelines run, and the alarm for when none succeeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.inventory import no_success_alarm

MAXIMUM_AGE_SECONDS = 3600
MAXIMUM_ATTEMPTS = 10
SILENT_PERIODS = 2
ALARM_PERIOD_SECONDS = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class InferenceScheduleArgs:
    """What an InferenceSchedule needs from its caller; ``pipelines`` are ARNs by name."""

    group_name: str
    pipelines: Mapping[str, pulumi.Input[str]]
    role_arn: pulumi.Input[str]
    expression: str
    time_zone: str
    flexible_window_minutes: int
    period_hours: int
    dead_letter_queue_arn: pulumi.Input[str]
    alert_topic_arn: pulumi.Input[str]


class InferenceSchedule(pulumi.ComponentResource):
    """A group with a schedule for each pipeline, and for each an alarm after two periods without a success."""

    group_name: pulumi.Output[str]

    def __init__(self, name: str, args: InferenceScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:InferenceSchedule", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.scheduler.ScheduleGroup(f"{name}-group", name=args.group_name, opts=child)
        window = aws.scheduler.ScheduleFlexibleTimeWindowArgs(
            mode="FLEXIBLE" if args.flexible_window_minutes else "OFF",
            maximum_window_in_minutes=args.flexible_window_minutes or None,
        )
        for pipeline, arn in args.pipelines.items():
            aws.scheduler.Schedule(
                f"{name}-{pipeline}",
                name=pipeline,
                group_name=group.name,
                description=f"Starts {pipeline}",
                schedule_expression=args.expression,
                schedule_expression_timezone=args.time_zone,
                flexible_time_window=window,
                target={
                    "arn": arn,
                    "role_arn": args.role_arn,
                    "retry_policy": {
                        "maximum_event_age_in_seconds": MAXIMUM_AGE_SECONDS,
                        "maximum_retry_attempts": MAXIMUM_ATTEMPTS,
                    },
                    "dead_letter_config": {"arn": args.dead_letter_queue_arn},
                },
                opts=child,
            )
            self._alarm(name, pipeline, args)
        self.group_name = group.name
        self.register_outputs({"group_name": self.group_name})

    def _alarm(self, name: str, pipeline: str, args: InferenceScheduleArgs) -> None:
        hours = SILENT_PERIODS * args.period_hours
        # https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-pipelines
        aws.cloudwatch.MetricAlarm(
            f"{name}-{pipeline}-no-success",
            name=no_success_alarm(pipeline),
            alarm_description=f"No execution of {pipeline} has succeeded for {hours} hours: "
            "there are no new predictions. See mlops status.",
            namespace="AWS/Sagemaker/ModelBuildingPipeline",
            metric_name="ExecutionSucceeded",
            dimensions={"PipelineName": pipeline},
            statistic="Sum",
            # Many short periods: of a few long ones CloudWatch looks further back for data before it takes missing ones
            # for breaching, and two silent days would be told after four.
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
            period=ALARM_PERIOD_SECONDS,
            evaluation_periods=hours,
            comparison_operator="LessThanThreshold",
            threshold=1,
            treat_missing_data="breaching",
            alarm_actions=[args.alert_topic_arn],
            opts=pulumi.ResourceOptions(parent=self),
        )
