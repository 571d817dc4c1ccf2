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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.host import Credentials
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.container import SOURCE
from sandbox.sagemaker.state import Document

_GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL; AWS waits 120 seconds
_INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH")
Finished = Callable[[Document], None]


@dataclass(slots=True)
class _Running:
    folder: Path
    finished: Finished
    limit: threading.Timer
    stopped_because: str | None = None


class Launcher:
    """The jobs that this server runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._jobs: dict[str, _Running] = {}
        self._runners: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None
        self._closed = False

    def launch(
        self, job: Document, *, credentials: Credentials, endpoint_url: str, limit_seconds: float, finished: Finished
    ) -> None:
        """Start a job; ``finished`` is called from another thread with the result when its process has ended.

        The job's log stays in its folder, what stands for ``/opt/ml`` goes when it ends.
        """
        arn = Arn.parse(job["arn"])
        folder = self._folder / arn.account_id / arn.region / arn.kind / arn.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "job.json").write_text(json.dumps(job))
        environment = {
            **_inherited(),
            **credentials.environment(),
            "AWS_DEFAULT_REGION": arn.region,
            "AWS_ENDPOINT_URL": endpoint_url,
        }
        limit = threading.Timer(limit_seconds, self.stop, (job["arn"], "MaxRuntimeExceeded"))
        limit.daemon = True
        with self._lock:
            if self._closed:
                return
            self._jobs[job["arn"]] = _Running(folder, finished, limit)
            self._send({"arn": job["arn"], "folder": str(folder), "environment": environment})
        limit.start()

    def stop(self, arn: str, why: str = "Stopped") -> None:
        """Stop a job that runs: SIGTERM to its process group, then SIGKILL."""
        with self._lock:
            job = self._jobs.get(arn)
            if job is None or job.stopped_because:
                return
            job.stopped_because = why
            self._send({"arn": arn, "signal": signal.SIGTERM})
        kill = threading.Timer(_GRACE_SECONDS, self._kill, (arn, job))
        kill.daemon = True
        kill.start()

    def close(self) -> None:
        """Kill every job that runs."""
        with self._lock:
            self._closed = True
            jobs, self._jobs = self._jobs, {}
            runners, self._runners = self._runners, None
        for job in jobs.values():
            job.limit.cancel()
        if runners and runners.stdin and self._lifeline is not None:
            os.close(self._lifeline)
            runners.stdin.close()
            runners.wait()

    def _kill(self, arn: str, job: _Running) -> None:
        with self._lock:
            if self._jobs.get(arn) is job:
                self._send({"arn": arn, "signal": signal.SIGKILL})

    def _send(self, command: Document) -> None:
        """Tell the runners' process, which the first command starts."""
        if self._runners is None:
            runner_end, self._lifeline = os.pipe()
            self._runners = subprocess.Popen(
                [sys.executable, "-m", "sandbox.sagemaker.runners", str(runner_end)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[runner_end],
                env={**_inherited(), **SOURCE},
                start_new_session=True,
            )
            os.close(runner_end)
            threading.Thread(target=self._listen, args=(self._runners, self._lifeline), daemon=True).start()
        if self._runners.stdin is None:
            raise AssertionError("the runners' standard input is a pipe")
        with contextlib.suppress(BrokenPipeError):  # _listen tells of the jobs that are lost
            self._runners.stdin.write(json.dumps(command).encode() + b"\n")
            self._runners.stdin.flush()

    def _listen(self, runners: subprocess.Popen[bytes], lifeline: int) -> None:
        for line in runners.stdout or ():
            self._end(json.loads(line)["ended"])
        with self._lock:
            if self._runners is not runners:  # closed
                return
            self._runners = None
            lost = list(self._jobs)
        os.close(lifeline)
        runners.wait()
        for arn in lost:
            self._end(arn)

    def _end(self, arn: str) -> None:
        with self._lock:
            job = self._jobs.pop(arn, None)
        if job is None:
            return
        job.limit.cancel()
        result = _result(job.folder)
        if job.stopped_because and result["Status"] != "Completed":
            why = job.stopped_because
            result = {**result, "Status": "Stopped", "FailureReason": None, "ExitMessage": why, "StoppedBecause": why}
        job.finished(result)
        shutil.rmtree(job.folder / "opt", ignore_errors=True)


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _result(folder: Path) -> Document:
    try:
        result: Any = json.loads((folder / "result.json").read_text())
    except (OSError, ValueError):
        log = folder / "runner.log"
        tail = log.read_text(errors="replace")[-800:].strip() if log.exists() else ""
        return {"Status": "Failed", "FailureReason": f"InternalServerError: The job's runner ended. {tail}".strip()}
    return dict(result)
