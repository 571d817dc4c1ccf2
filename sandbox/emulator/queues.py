"""Messages that services put into queues, and what a queue holds."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.core.responses import request_scope
from ministack.services import sqs

Queue = dict[str, Any]


def find(arn: str) -> Queue | None:
    """The queue with this ARN, in whichever account."""
    found: Queue | None = sqs._queue_by_arn(arn)
    return found


def put(queue: Queue, body: str, attributes: Mapping[str, str] | None = None, sender: str = "") -> None:
    """Put a message into a standard queue; ``attributes`` are texts."""
    _, _, _, region, account, _ = queue["attributes"]["QueueArn"].split(":")
    given = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
    with request_scope(account, region):
        now = sqs.time.time()
        message = {
            "id": str(uuid.uuid4()),
            "body": body,
            "md5_body": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            "md5_attrs": sqs._md5_msg_attrs(given),
            "message_attributes": given,
            "sent_at": now,
            "visible_at": now + sqs.queue_delay(queue),
            "sys": {"SenderId": sender or account, "SentTimestamp": str(int(now * 1000))},
        }
        sqs._ensure_msg_fields(message)
        queue["messages"].append(message)
    esm_wake.set()


def visible(queue: Queue) -> int:
    """How many messages a reader would get at this moment."""
    sqs._expire_retained(queue)
    now = sqs.time.time()
    return sum(message["visible_at"] <= now for message in queue["messages"])


def next_change(queue: Queue) -> float | None:
    """The next moment at which a message becomes visible by itself."""
    now = sqs.time.time()
    later = [message["visible_at"] for message in queue["messages"] if message["visible_at"] > now]
    return min(later, default=None)
