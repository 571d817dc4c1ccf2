"""The runner of one job, a process that has the job role's credentials and stands for the job's instance.

It fetches the inputs from S3, runs the container's program as a child, uploads the outputs and writes ``result.json``.
"""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

from sandbox.sagemaker import processing, training, transform
from sandbox.sagemaker.container import Container, JobFailedError
from sandbox.sagemaker.storage import Storage

Document = dict[str, Any]
_KINDS = {"processing-job": processing, "training-job": training, "transform-job": transform}


class _Phases:
    """How long each phase of the job took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = self.began = time.monotonic()

    def end(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._began, 3)
        self._began = now


def main(folder: Path) -> None:
    """Run the job that ``folder/job.json`` describes."""
    job = json.loads((folder / "job.json").read_text())
    phases = _Phases()
    container = Container(folder, job)
    signal.signal(signal.SIGTERM, lambda *_: container.stop())
    storage = Storage(job["region"])
    result: Document
    try:
        result = {"Status": "Completed", **_KINDS[job["kind"]].run(job, container, storage, phases.end)}
    except JobFailedError as error:
        result = {"Status": "Failed", "FailureReason": error.reason[:1024], "ExitMessage": error.exit_message}
    container.close()
    result["Seconds"] = round(time.monotonic() - phases.began, 3)
    result["Phases"] = phases.seconds
    partial = folder / "result.partial"
    partial.write_text(json.dumps(result))
    partial.rename(folder / "result.json")
