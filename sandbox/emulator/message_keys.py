"""Topics and queues under a key: who publishes, sends or receives needs the key as well.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import sns

from sandbox.emulator import keys, queues
from sandbox.emulator.request import Check, Request

_NEEDED = {
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
}


def checks(request: Request) -> list[Check]:
    """The use of the key for each action that the request needs it for."""
    if request.action not in _NEEDED:
        return []
    arn, reference = _topic(request) if request.service == "sns" else _queue(request)
    if not reference:
        return []
    _, _, _, region, owner, _ = arn.split(":", 5)
    key = keys.find(reference, owner, region)
    if key is None:
        return []  # one of AWS's own, which everybody in the account may use through the service
    context = {
        **keys.condition_context(key, reference),
        "kms:ViaService": f"{request.service}.{region}.amazonaws.com",
        "kms:CallerAccount": request.account_id,
    }
    return [Check(action=action, resource_arn=key["Arn"], context=context) for action in _NEEDED[request.action]]


def _topic(request: Request) -> tuple[str, str]:
    arn = str(request.parameter("TopicArn", "TargetArn"))
    topic: dict[str, Any] = sns._topic_by_arn_any_scope(arn) or {}
    return arn, topic.get("attributes", {}).get("KmsMasterKeyId") or ""


def _queue(request: Request) -> tuple[str, str]:
    account, _, name = str(request.parameter("QueueUrl")).rstrip("/").rpartition("/")
    arn = f"arn:aws:sqs:{request.region}:{account.rpartition('/')[2]}:{name}"
    queue = queues.find(arn) or {}
    return arn, queue.get("attributes", {}).get("KmsMasterKeyId") or ""
