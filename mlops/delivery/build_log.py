"""Put a build's log into prod's log group, where it outlives the controller."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops.delivery.agent import Agent

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
BATCH_EVENTS = 10_000
BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
LINE_BYTES = 256 * 1024 - EVENT_OVERHEAD_BYTES
NOT_IN_STREAM = re.compile(r"[:*\s]")


def ship(agent: Agent, path: Path, stream: str) -> int | None:
    """Write a file's lines to a stream of their own; return how many, None before prod has the log group.

    Blank lines are left out, as AWS demands.
    """
    logs, group = agent.prod_client("logs"), agent.names.jenkins_log_group
    name = NOT_IN_STREAM.sub("-", stream)
    try:
        with suppress(logs.exceptions.ResourceAlreadyExistsException):  # a stage that was run again goes on in it
            logs.create_log_stream(logGroupName=group, logStreamName=name)
    except logs.exceptions.ResourceNotFoundException:
        return None
    shipped = 0
    for batch in batches(path.read_text(encoding="utf-8", errors="replace").splitlines(), int(time.time() * 1000)):
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=batch)
        shipped += len(batch)
    return shipped


def batches(lines: list[str], now: int) -> Iterator[list[dict[str, Any]]]:
    """Lines as events of one time (milliseconds), in batches within AWS's limits."""
    batch: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        encoded = line.encode()
        for start in range(0, len(encoded), LINE_BYTES):
            message = encoded[start : start + LINE_BYTES].decode(errors="replace")
            if not message.strip():
                continue
            cost = len(message.encode()) + EVENT_OVERHEAD_BYTES
            if batch and (len(batch) == BATCH_EVENTS or size + cost > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append({"timestamp": now, "message": message})
            size += cost
    if batch:
        yield batch
