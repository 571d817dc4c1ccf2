"""The runner of one job, ``python -m sandbox.sagemaker.job <folder>``: a process that has the job role's credentials.

It stands for the instance: fetches the inputs from S3, runs the container's program as a child, uploads the
outputs, and writes ``result.json``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sandbox.sagemaker.container import Container, JobFailedError
from sandbox.sagemaker.storage import Storage

Document = dict[str, Any]


def _end_with_server() -> None:
    """Kill this process group when the server's end of standard input closes."""
    os.read(0, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


class _Phases:
    """How long each phase of the job took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = self.began = time.monotonic()

    def end(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._began, 3)
        self._began = now


def _run(job: Document, container: Container, storage: Storage, phases: _Phases) -> Document:
    # Each kind is imported only where it runs: the runner must start quickly.
    if job["kind"] == "processing-job":
        from sandbox.sagemaker import processing  # noqa: PLC0415

        return processing.run(job, container, storage, phases.end)
    if job["kind"] == "training-job":
        from sandbox.sagemaker import training  # noqa: PLC0415

        return training.run(job, container, storage, phases.end)
    from sandbox.sagemaker import transform  # noqa: PLC0415

    return transform.run(job, container, storage, phases.end)


def main(folder: Path) -> None:
    """Run the job that ``folder/job.json`` describes."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    job = json.loads((folder / "job.json").read_text())
    phases = _Phases()
    container = Container(folder, job)
    storage = Storage(job["region"])
    result: Document
    try:
        result = {"Status": "Completed", **_run(job, container, storage, phases)}
    except JobFailedError as error:
        result = {"Status": "Failed", "FailureReason": error.reason[:1024], "ExitMessage": error.exit_message}
    container.close()
    result["Seconds"] = round(time.monotonic() - phases.began, 3)
    result["Phases"] = phases.seconds
    partial = folder / "result.partial"
    partial.write_text(json.dumps(result))
    partial.rename(folder / "result.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
