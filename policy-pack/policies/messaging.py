"""Topics and queues: encrypted, over TLS only, for named publishers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.document import allowed, denies_plain_transport
from policies.rule import Context, Resource, Rule
from policies.strangers import strangers, unsourced

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
SENDING = {TOPIC_POLICY: ("sns:Publish",), QUEUE_POLICY: ("sqs:SendMessage", "sqs:ReceiveMessage")}
# "You can't use of Condition blocks in Amazon SNS topic policies for EventBridge", which for a queue are needed:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
SERVICES_WITHOUT_SOURCE: Mapping[str, tuple[str, ...]] = {TOPIC_POLICY: ("events.amazonaws.com",), QUEUE_POLICY: ()}
READS = {TOPIC_POLICY: ("policy",), QUEUE_POLICY: ("policy",)}


def _customer_key(resource: Resource, _: Context) -> Iterator[str]:
    if not resource.has_own_key("kmsMasterKeyId"):
        yield (
            f"`kmsMasterKeyId` is {resource.get('kmsMasterKeyId')}: without a key, or with AWS's own, whose policy "
            "lets neither EventBridge nor CloudWatch publish; write the ARN of the account's key"
        )


def _queue_encrypted(resource: Resource, _: Context) -> Iterator[str]:
    if resource.get("sqsManagedSseEnabled") is not True and not resource.is_set("kmsMasterKeyId"):
        yield "the queue is not encrypted; write `sqsManagedSseEnabled` true, or a key in `kmsMasterKeyId`"


def _over_tls(resource: Resource, _: Context) -> Iterator[str]:
    actions = SENDING[resource.type]
    if not denies_plain_transport(resource, actions):
        yield (
            f"the policy lets messages in without TLS. Add to `policy`: Effect Deny, Principal *, Action "
            f'{" and ".join(actions)}, Condition {{"Bool": {{"aws:SecureTransport": "false"}}}}, and no other'
        )


def _known_principals(resource: Resource, context: Context) -> Iterator[str]:
    for statement in allowed(resource):
        yield from strangers(statement, context, "policy")


def _service_source(resource: Resource, _: Context) -> Iterator[str]:
    for statement in allowed(resource):
        yield from unsourced(statement, SERVICES_WITHOUT_SOURCE[resource.type])


RULES = (
    Rule(
        name="sns-customer-key",
        description="Topics are encrypted with a key of the account.",
        reads={TOPIC: ("kmsMasterKeyId",)},
        judge=_customer_key,
    ),
    Rule(
        name="sqs-encryption",
        description="Queues are encrypted.",
        reads={QUEUE: ("sqsManagedSseEnabled", "kmsMasterKeyId")},
        judge=_queue_encrypted,
    ),
    Rule(
        name="messaging-tls-only",
        description="Messages are sent over TLS only.",
        reads=READS,
        judge=_over_tls,
    ),
    Rule(
        name="messaging-known-principals",
        description="No principal outside the platform's accounts sends or publishes.",
        reads=READS,
        judge=_known_principals,
    ),
    Rule(
        name="messaging-service-source",
        description="Services send and publish for this account's resources only.",
        reads=READS,
        judge=_service_source,
    ),
)
