"""Starts each job as a process of its own, in a process group of its own, and tells how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.host import Credentials
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.state import Document

_GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL; AWS waits 120 seconds
_SOURCE = Path(__file__).resolve().parents[2]
Finished = Callable[[Document], None]


class Launcher:
    """The job processes that this server started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopped: dict[str, str] = {}  # job -> why it was stopped
        self._closed = False

    def folder_of(self, job: Document) -> Path:
        """Where a job's files are: its log stays, its ``/opt/ml`` goes when it ends."""
        arn = Arn.parse(job["arn"])
        return self._folder / arn.account_id / arn.region / arn.kind / arn.name

    def launch(
        self, job: Document, *, credentials: Credentials, endpoint_url: str, limit_seconds: float, finished: Finished
    ) -> None:
        """Start a job; ``finished`` is called from a thread with the result when its process has ended."""
        folder = self.folder_of(job)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "job.json").write_text(json.dumps(job))
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ},
            **credentials.environment(),
            "AWS_DEFAULT_REGION": job["region"],
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": str(_SOURCE),
            "PYTHONUNBUFFERED": "1",
        }
        with self._lock:
            if self._closed:
                return
            # The runner ends its process group when this pipe closes, which a killed server's does too.
            with (folder / "runner.log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "sandbox.sagemaker.job", str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
            self._processes[job["arn"]] = process
        timer = threading.Timer(limit_seconds, self.stop, (job["arn"], "MaxRuntimeExceeded"))
        timer.daemon = True
        timer.start()
        threading.Thread(
            target=self._wait, args=(job, process, timer, finished), name=job["name"][-15:], daemon=True
        ).start()

    def stop(self, arn: str, why: str = "Stopped") -> None:
        """Stop a job that runs: SIGTERM to its process group, then SIGKILL."""
        with self._lock:
            process = self._processes.get(arn)
            if process is None or arn in self._stopped:
                return
            self._stopped[arn] = why
            _signal(process, signal.SIGTERM)
        timer = threading.Timer(_GRACE_SECONDS, self._kill, (arn, process))
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Kill every job that runs."""
        with self._lock:
            self._closed = True
            processes = list(self._processes.values())
        for process in processes:
            _signal(process, signal.SIGKILL)
        for process in processes:
            process.wait()

    def _kill(self, arn: str, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            if self._processes.get(arn) is process:
                _signal(process, signal.SIGKILL)

    def _wait(
        self, job: Document, process: subprocess.Popen[bytes], timer: threading.Timer, finished: Finished
    ) -> None:
        process.wait()
        timer.cancel()
        with self._lock:
            del self._processes[job["arn"]]
            _signal(process, signal.SIGKILL)  # whatever the job left behind in its group
            why = self._stopped.pop(job["arn"], None)
        if process.stdin:
            process.stdin.close()
        folder = self.folder_of(job)
        result = _result(folder, process.returncode)
        if why is not None and result["Status"] != "Completed":
            result = {**result, "Status": "Stopped", "FailureReason": None, "StoppedBecause": why}
        shutil.rmtree(folder / "opt", ignore_errors=True)
        if not self._closed:
            finished(result)


def _result(folder: Path, return_code: int) -> Document:
    try:
        result: Any = json.loads((folder / "result.json").read_text())
    except (OSError, ValueError):
        log = folder / "runner.log"
        tail = log.read_text(errors="replace")[-800:].strip() if log.exists() else ""
        reason = f"InternalServerError: The job's runner ended with exit code {return_code}. {tail}"
        return {"Status": "Failed", "FailureReason": reason.strip()}
    return dict(result)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
