"""Forks the runner of each job: ``python -m sandbox.sagemaker.runners <lifeline>``, one process per server.

It has imported once what every runner needs, which would take each of them a third of a second. Commands come as lines
of JSON on standard input, what ended is told on standard output. ``lifeline`` is a pipe that the server holds open: a
runner whose lifeline closes kills itself, so no job outlives its server.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

import botocore.config

from sandbox.sagemaker import aws, job


class Runners:
    """The runners that this process has forked, by the ARN of their jobs."""

    def __init__(self, lifeline: int) -> None:
        self._lifeline = lifeline
        self._pids: dict[str, int] = {}
        self._waking, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Obey until standard input ends, then kill every runner."""
        selector = selectors.DefaultSelector()
        selector.register(0, selectors.EVENT_READ)
        selector.register(self._waking, selectors.EVENT_READ)
        buffer = b""
        while True:
            for key, _ in selector.select():
                received = os.read(key.fd, 1 << 16)
                if key.fd == self._waking:
                    self._reap()
                elif not received:
                    self._kill_all()
                    return
                else:
                    *lines, buffer = (buffer + received).split(b"\n")
                    for line in lines:
                        self._obey(json.loads(line))

    def _obey(self, command: dict[str, Any]) -> None:
        arn = command["arn"]
        if "signal" in command:
            self._signal(arn, command["signal"])
            return
        pid = os.fork()
        if pid == 0:
            self._run(Path(command["folder"]), command["environment"])
        self._pids[arn] = pid

    def _run(self, folder: Path, environment: dict[str, str]) -> NoReturn:
        """In the child: become the runner of one job."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(folder / "runner.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, nothing), (1, log), (2, log)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        threading.Thread(target=_end_with_server, args=(self._lifeline,), daemon=True).start()
        try:
            job.main(folder)
        except BaseException:
            traceback.print_exc()
        finally:
            # The result is written: this ends whatever the job left behind in its process group, and the runner.
            os.killpg(os.getpgrp(), signal.SIGKILL)
        raise AssertionError("SIGKILL has ended this process")

    def _reap(self) -> None:
        for arn, pid in list(self._pids.items()):
            ended, _ = os.waitpid(pid, os.WNOHANG)
            if ended:
                with contextlib.suppress(ProcessLookupError):  # as a rule the runner has left nobody behind
                    os.killpg(pid, signal.SIGKILL)
                del self._pids[arn]
                os.write(1, json.dumps({"ended": arn}).encode() + b"\n")

    def _signal(self, arn: str, number: int) -> None:
        if arn in self._pids:  # not reaped yet, so the process group is still this runner's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pids[arn], number)

    def _kill_all(self) -> None:
        for arn, pid in self._pids.items():
            self._signal(arn, signal.SIGKILL)
            os.waitpid(pid, 0)


def _end_with_server(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _preload() -> None:
    """Read the API models that a runner's clients need; what they are made of here is never used."""
    for service in ("s3", "logs"):
        aws.client(
            service,
            region="us-east-1",
            endpoint_url="http://localhost",
            config=botocore.config.Config(),
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106
        )


if __name__ == "__main__":
    _preload()
    Runners(int(sys.argv[1])).serve()
