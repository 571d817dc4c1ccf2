"""A job's container, without a container: a folder that stands for ``/opt/ml``, a child with a clean environment."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.sagemaker.log_stream import LogStream

Document = dict[str, Any]
_ROOT = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")
_MESSAGE_BYTES = 1024
# With this a child finds the algorithms that stand for built-in ones.
SOURCE = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
_INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH")
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL")


class JobFailedError(Exception):
    """The job fails for a reason that its description shows."""

    def __init__(self, reason: str, exit_message: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_message = exit_message


class Container:
    """Runs programs of one job; ``root`` stands for ``/opt/ml``."""

    def __init__(self, folder: Path, job: Document) -> None:
        self._folder = folder
        self._job = job
        self.root = folder / "opt" / "ml"
        (self.root / "config").mkdir(parents=True)
        (self.root / "output").mkdir()
        self._temporary = folder / "opt" / "tmp"
        self._temporary.mkdir()
        self._log = LogStream(folder / "job.log", job)
        self._running = False
        self._stopped = False

    def path(self, container_path: str) -> Path:
        """Where a path of the container is. Raises :class:`JobFailedError` for one outside ``/opt/ml``."""
        if not (container_path + "/").startswith("/opt/ml/") or ".." in container_path:
            raise JobFailedError(f"ClientError: {container_path} is not below /opt/ml.")
        return Path(self.rewrite(container_path))

    def rewrite(self, text: str) -> str:
        """Text with each path below ``/opt/ml`` made the path that stands for it."""
        return _ROOT.sub(lambda _: str(self.root), text)

    def configure(self, name: str, content: Any) -> None:
        """Write a file that SageMaker puts into the container, such as ``config/processingjobconfig.json``."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))

    def run(
        self,
        command: list[str],
        environment: dict[str, str],
        *,
        isolated: bool,
        failure_file: str,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """Run a program to its end. Raises :class:`JobFailedError`, worded as SageMaker words it, when it fails.

        ``isolated`` is EnableNetworkIsolation: the program gets no credentials and no endpoint.
        """
        arguments = [self.rewrite(argument) for argument in command]
        if arguments[0] in ("python", "python3"):
            arguments[0] = sys.executable
        tail = b""
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._temporary,
                env=self._environment(environment, isolated=isolated),
            )
        except OSError as error:
            raise JobFailedError(f"ClientError: Cannot start {command[0]}: {error.strerror}", None) from None
        self._running = True
        if process.stdout is None:
            raise AssertionError("the child's output is a pipe")
        for line in process.stdout:
            self._log.write(line)
            tail = (tail + line)[-_MESSAGE_BYTES:]
            if on_line:
                on_line(line.decode(errors="replace"))
        code = process.wait()
        self._running = False
        if self._stopped:
            raise JobFailedError("The job was stopped.")
        if code:
            raise self._failure(failure_file, tail, 128 - code if code < 0 else code)

    def exit_message(self) -> str | None:
        """What the program left in ``/opt/ml/output/message``, up to a kilobyte."""
        return self._read("message")

    def stop(self) -> None:
        """On SIGTERM, which the program has got too: let it end, or end at once where none runs."""
        self._stopped = True
        if not self._running:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    def close(self) -> None:
        """Send what is left of the log."""
        self._log.close()

    def _failure(self, failure_file: str, tail: bytes, code: int) -> JobFailedError:
        text = tail.decode(errors="replace").strip()
        last = text.rpartition("\n")[2]
        message = self._read(failure_file)
        return JobFailedError(f"AlgorithmError: {(message or last)[:900]}, exit code: {code}", message or text or None)

    def _read(self, name: str) -> str | None:
        path = self.root / "output" / name
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(_MESSAGE_BYTES).decode(errors="replace") or None

    def _environment(self, given: dict[str, str], *, isolated: bool) -> dict[str, str]:
        names = _INHERITED if isolated else _INHERITED + _CREDENTIALS
        region = self._job["region"]
        return {
            **{name: os.environ[name] for name in names if name in os.environ},
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(self._temporary),
            "TMPDIR": str(self._temporary),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: self.rewrite(value) for name, value in given.items()},
        }
