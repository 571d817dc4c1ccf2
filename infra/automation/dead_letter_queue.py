"""Where one sender leaves what it could not deliver, with an alarm: nothing is lost, and nothing lies there unseen."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.identity.document import Statement, document

RETENTION_SECONDS = 14 * 24 * 60 * 60  # the longest that SQS keeps a message
ALARM_PERIOD_SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetterQueueArgs:
    """What a DeadLetterQueue needs from its caller.

    ``rule_arns`` are EventBridge rules, which send by the queue's policy; Lambda and the Scheduler send as roles.
    """

    queue_name: str
    queue_arn: str
    alarm_name: str
    alert_topic_arn: pulumi.Input[str]
    rule_arns: tuple[str, ...] = ()


def queue_policy(args: DeadLetterQueueArgs) -> str:
    """TLS only, and the rules, if any: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    statements = [
        Statement(
            sid="DenyInsecureTransport",
            effect="Deny",
            principals="*",
            actions=("sqs:SendMessage", "sqs:ReceiveMessage"),
            resources=(args.queue_arn,),
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
    ]
    if args.rule_arns:
        statements.append(
            Statement(
                sid="Rules",
                principals={"Service": "events.amazonaws.com"},
                actions=("sqs:SendMessage",),
                resources=(args.queue_arn,),
                conditions={"ArnEquals": {"aws:SourceArn": args.rule_arns}},
            )
        )
    return document(statements)


class DeadLetterQueue(pulumi.ComponentResource):
    """A queue that keeps messages for 14 days, its policy, and an alarm while there is one in it.

    SQS's own encryption: with a key of the account each sender would need the key too, and a message that is refused
    for the key's sake is lost.
    """

    arn: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(self, name: str, args: DeadLetterQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:DeadLetterQueue", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            name,
            name=args.queue_name,
            message_retention_seconds=RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        policy = aws.sqs.QueuePolicy(f"{name}-policy", queue_url=queue.url, policy=queue_policy(args), opts=child)
        aws.cloudwatch.MetricAlarm(
            f"{name}-alarm",
            name=args.alarm_name,
            alarm_description=f"{args.queue_name} holds what could not be delivered. Repair the cause, then run: "
            "mlops redrive",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue.name},
            statistic="Maximum",
            period=ALARM_PERIOD_SECONDS,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",  # SQS sends no metric for a queue that nobody uses
            alarm_actions=[args.alert_topic_arn],
            opts=child,
        )
        # Whoever names the queue must be able to send to it.
        self.arn = pulumi.Output.all(queue.arn, policy.id).apply(lambda values: str(values[0]))
        self.url = queue.url
        self.register_outputs({"arn": self.arn, "url": self.url})
