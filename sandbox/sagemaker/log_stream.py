"""A job's output: always in a file, and in CloudWatch Logs where the job's role may write there."""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

Document = dict[str, Any]
_GROUPS = {
    "processing-job": "/aws/sagemaker/ProcessingJobs",
    "training-job": "/aws/sagemaker/TrainingJobs",
    "transform-job": "/aws/sagemaker/TransformJobs",
}
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
_BATCH_EVENTS = 10_000
_BATCH_BYTES = 1_000_000
_EVENT_BYTES = 256_000


class LogStream:
    """Takes a job's output line by line; a thread of its own sends it in batches."""

    def __init__(self, path: Path, job: Document) -> None:
        self._file = path.open("wb")
        self._region = job["region"]
        self._group = _GROUPS[job["kind"]]
        self._stream = f"{job['name']}/algo-1-{job['epoch']}"
        self._ahead_seconds = job["epoch"] - int(time.time())  # of the sandbox's clock
        self._lines: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, daemon=True)
        self._sender.start()

    def write(self, line: bytes) -> None:
        """Take one line of output."""
        self._file.write(line)
        self._file.flush()
        text = line.decode(errors="replace").rstrip("\n")
        if text:
            self._lines.put((int((time.time() + self._ahead_seconds) * 1000), text[: _EVENT_BYTES // 4]))

    def close(self) -> None:
        """Send what is left and end."""
        self._lines.put(None)
        self._sender.join()
        self._file.close()

    def _send_all(self) -> None:
        batch = self._next_batch()
        if not batch:
            return
        import botocore.config  # noqa: PLC0415  (a silent job needs no client)
        import botocore.exceptions  # noqa: PLC0415

        from sandbox.sagemaker import aws  # noqa: PLC0415

        endpoint_url = os.environ["AWS_ENDPOINT_URL"]
        client = aws.client("logs", region=self._region, endpoint_url=endpoint_url, config=botocore.config.Config())
        names = {"logGroupName": self._group, "logStreamName": self._stream}
        try:
            try:
                client.create_log_stream(**names)
            except client.exceptions.ResourceNotFoundException:
                client.create_log_group(logGroupName=self._group)
                client.create_log_stream(**names)
            while batch:
                events = [{"timestamp": moment, "message": text} for moment, text in batch]
                client.put_log_events(**names, logEvents=events)
                batch = self._next_batch()
        except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError) as error:
            # As in SageMaker, a role that may not write logs does not fail the job.
            self._file.write(f"(not in CloudWatch Logs: {error})\n".encode())

    def _next_batch(self) -> list[tuple[int, str]]:
        """What has come since the last batch, after waiting for the first line; empty at the end."""
        first = self._lines.get()
        if first is None:
            return []
        batch, size = [first], len(first[1]) * 4
        while len(batch) < _BATCH_EVENTS and size < _BATCH_BYTES - _EVENT_BYTES:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                break
            if line is None:
                self._lines.put(None)
                break
            batch.append(line)
            size += len(line[1]) * 4 + 26
        return batch
