"""The topic through which people hear of what needs them, in prod and in the registry account."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.identity.document import Statement, document


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertTopicArgs:
    """What an AlertTopic needs from its caller.

    Alarms, and EventBridge's rules where ``open_to_rules``, publish by the topic's policy; roles by their own.
    """

    topic_name: str
    topic_arn: str
    account_id: str
    kms_key_arn: pulumi.Input[str]
    emails: tuple[str, ...]
    alarm_arns: tuple[str, ...]
    open_to_rules: bool = False


def topic_policy(args: AlertTopicArgs) -> str:
    """Who may publish: named alarms, EventBridge where a rule needs it, and over TLS only.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    publish = ("sns:Publish",)
    topic = (args.topic_arn,)
    statements = [
        Statement(
            sid="DenyInsecureTransport",
            effect="Deny",
            principals="*",
            actions=publish,
            resources=topic,
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        Statement(
            sid="Alarms",
            principals={"Service": "cloudwatch.amazonaws.com"},
            actions=publish,
            resources=topic,
            conditions={
                "ArnEquals": {"aws:SourceArn": args.alarm_arns},
                "StringEquals": {"aws:SourceAccount": args.account_id},
            },
        ),
    ]
    if args.open_to_rules:
        # "You can't use of Condition blocks in Amazon SNS topic policies for EventBridge": with one, nothing arrives.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
        statements.append(
            Statement(sid="Rules", principals={"Service": "events.amazonaws.com"}, actions=publish, resources=topic)
        )
    return document(statements)


class AlertTopic(pulumi.ComponentResource):
    """An encrypted topic, its policy, and a subscription for each address."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:automation:AlertTopic", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, name=args.topic_name, kms_master_key_id=args.kms_key_arn, opts=child)
        policy = aws.sns.TopicPolicy(f"{name}-policy", arn=topic.arn, policy=topic_policy(args), opts=child)
        for email in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{email.replace('@', '-at-')}", topic=topic.arn, protocol="email", endpoint=email, opts=child
            )
        # Whoever publishes must wait for the policy, not only for the topic.
        self.arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda values: str(values[0]))
        self.register_outputs({"arn": self.arn})
