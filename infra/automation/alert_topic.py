"""The topic through which people hear of what needs them, in prod and in the registry account."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.identity.document import Statement, document


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertTopicArgs:
    """What an AlertTopic needs from its caller.

    ``rule_arns`` and ``alarm_arns`` may publish by the topic's policy; roles of the account by their own.
    """

    topic_name: str
    topic_arn: str
    account_id: str
    kms_key_arn: pulumi.Input[str]
    emails: tuple[str, ...]
    alarm_arns: tuple[str, ...]
    rule_arns: tuple[str, ...] = ()


def topic_policy(args: AlertTopicArgs) -> str:
    """Who may publish: named alarms and rules, and over TLS only.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    sources = {"cloudwatch.amazonaws.com": args.alarm_arns, "events.amazonaws.com": args.rule_arns}
    statements = [
        Statement(
            sid="DenyInsecureTransport",
            effect="Deny",
            principals="*",
            actions=("sns:Publish",),
            resources=(args.topic_arn,),
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
    ]
    statements += [
        Statement(
            sid=service.split(".")[0].capitalize(),
            principals={"Service": service},
            actions=("sns:Publish",),
            resources=(args.topic_arn,),
            conditions={"ArnEquals": {"aws:SourceArn": arns}, "StringEquals": {"aws:SourceAccount": args.account_id}}
            if service.startswith("cloudwatch")
            # EventBridge sends the rule's ARN, and no account:
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
            else {"ArnEquals": {"aws:SourceArn": arns}},
        )
        for service, arns in sources.items()
        if arns
    ]
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
