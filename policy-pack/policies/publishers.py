"""Alerts arrive: whoever publishes to a topic is let in by its policy, and by the policy of its key.

EventBridge and CloudWatch publish as services: without the key's permission the message is lost without a word.
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.document import allowed
from policies.events import EVENT_TARGET
from policies.kms import KEY
from policies.messaging import TOPIC, TOPIC_POLICY
from policies.rule import Context, Resource, StackRule, of_type, refers

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
EVENTS, CLOUDWATCH = "events.amazonaws.com", "cloudwatch.amazonaws.com"


def _publishers_let_in(resources: Sequence[Resource], _: Context) -> Iterator[tuple[Resource | None, str]]:
    for topic in of_type(resources, TOPIC):
        policies = [p for p in of_type(resources, TOPIC_POLICY) if refers(p, "arn", topic, "arn")]
        admitted = {
            service
            for policy in policies
            for statement in allowed(policy)
            if statement.covers("sns:Publish")
            for service in statement.principals_of("Service")
        }
        used = _publishers(topic, resources)
        for service in sorted(used - admitted):
            yield (
                policies[0] if policies else topic,
                f"{service} publishes to {topic.name}, but the topic policy does not let it in. Add to `policy`: "
                f'Effect Allow, Principal {{"Service": "{service}"}}, Action sns:Publish, Resource the topic',
            )
        key = next((k for k in of_type(resources, KEY) if refers(topic, "kmsMasterKeyId", k, "arn")), None)
        if key is None:
            yield (
                topic,
                "its key is not in this stack, so nobody can see whether the key's policy lets publishers in; write "
                "the ARN of the account's key in `kmsMasterKeyId`",
            )
            continue
        for service in sorted(used | admitted):
            missing = [action for action in KEY_ACTIONS if not _lets_in(key, service, action)]
            if missing:
                yield (
                    key,
                    f"{service} publishes to {topic.name}, which is encrypted with this key, but the key policy does "
                    f"not let it: alerts would not arrive. Add to `policy`: Effect Allow, Principal "
                    f'{{"Service": "{service}"}}, Action {" and ".join(missing)}*, Resource *',
                )


def _publishers(topic: Resource, resources: Sequence[Resource]) -> set[str]:
    """The services that rules and alarms of the stack make publish."""
    used = set()
    if any(refers(target, "arn", topic, "arn") for target in of_type(resources, EVENT_TARGET)):
        used.add(EVENTS)
    for alarm in of_type(resources, ALARM):
        if any(refers(alarm, path, topic, "arn") for path in alarm.items("alarmActions")):
            used.add(CLOUDWATCH)
    return used


def _lets_in(key: Resource, service: str, action: str) -> bool:
    return any(service in s.principals_of("Service") and s.covers(action) for s in allowed(key))


STACK_RULES = (
    StackRule(
        name="sns-publishers-let-in",
        description="Whoever publishes to a topic may use the topic and its key.",
        reads={
            TOPIC: ("arn", "kmsMasterKeyId"),
            TOPIC_POLICY: ("arn", "policy"),
            KEY: ("arn", "policy"),
            EVENT_TARGET: ("arn",),
            ALARM: ("alarmActions",),
        },
        judge=_publishers_let_in,
    ),
)
