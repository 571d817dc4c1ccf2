"""Start, find and stop the sandbox's server process of one folder."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEALTH_PATH = "/_sandbox/health"
LOG_NAME = "server.log"
IDLE_MINUTES = 240.0

_RECORD_NAME = "server.json"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_PROJECT = Path(__file__).resolve().parent.parent


class SandboxError(Exception):
    """The sandbox could not be started or stopped; the message says what to do."""


class PortTakenError(SandboxError):
    """Something else listens on the sandbox's port."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(
            f"Port {port} on 127.0.0.1 is taken by another program. Stop it, or give the sandbox another port: "
            f"SANDBOX_PORT={port + 1}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server process and where it answers."""

    folder: Path
    pid: int
    port: int
    started_at: float  # seconds since the epoch

    @property
    def endpoint_url(self) -> str:
        return f"http://localhost:{self.port}"

    def as_document(self) -> dict[str, Any]:
        return {"folder": str(self.folder), "pid": self.pid, "port": self.port, "started_at": self.started_at}


def start(folder: Path, port: int, idle_minutes: float = IDLE_MINUTES, *, stub_steps: bool = False) -> Server:
    """The running server of this folder, started if there is none; ``port`` 0 takes a free one.

    ``stub_steps`` is for benchmarks, in a folder of their own: no step of a pipeline runs.
    Raises :class:`PortTakenError` if something else has the port, :class:`SandboxError` if the server does not come up.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        running = find(folder)
        if running is not None:
            return running
        if port and _is_taken(port):
            raise PortTakenError(port)
        log = folder / LOG_NAME
        with log.open("ab") as output:
            child = subprocess.Popen(
                _command(folder, port, idle_minutes) + (["--stub-steps"] if stub_steps else []),
                cwd=_PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return _wait_until_healthy(folder, child, log)


def find(folder: Path) -> Server | None:
    """The server of this folder if it runs and answers."""
    recorded = _read(folder.resolve())
    return recorded if recorded is not None and _is_healthy(recorded) else None


def stop(folder: Path) -> bool:
    """Stop the folder's server, its state saved; False if none ran. Raises :class:`SandboxError` if it does not end."""
    folder = folder.resolve()
    recorded = _read(folder)
    if recorded is None or not (_is_healthy(recorded) or _runs_our_command(recorded)):
        return False
    with suppress(ProcessLookupError):
        os.kill(recorded.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _is_alive(recorded.pid):
        if time.monotonic() > deadline:
            raise SandboxError(
                f"The sandbox (process {recorded.pid}) does not stop; its log is {folder / LOG_NAME}. "
                f"End it with: kill -9 {recorded.pid}"
            )
        time.sleep(_POLL_SECONDS)
    (folder / _RECORD_NAME).unlink(missing_ok=True)
    return True


def record(server: Server) -> None:
    """Write down the server that this process is; a reader never sees half of it."""
    path = server.folder / _RECORD_NAME
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(server.as_document()))
    temporary.replace(path)


def forget(server: Server) -> None:
    """Remove the record, unless it is another process's by now."""
    recorded = _read(server.folder)
    if recorded is not None and recorded.pid == server.pid:
        (server.folder / _RECORD_NAME).unlink(missing_ok=True)


def _read(folder: Path) -> Server | None:
    try:
        document = json.loads((folder / _RECORD_NAME).read_text())
        return Server(folder=folder, pid=document["pid"], port=document["port"], started_at=document["started_at"])
    except (OSError, ValueError, KeyError):
        return None


def _command(folder: Path, port: int, idle_minutes: float) -> list[str]:
    options = {"--folder": folder, "--port": port, "--idle-minutes": idle_minutes}
    return [sys.executable, "-m", "sandbox", "serve", *(str(part) for pair in options.items() for part in pair)]


def _wait_until_healthy(folder: Path, child: subprocess.Popen[bytes], log: Path) -> Server:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        recorded = _read(folder)
        if recorded is not None and recorded.pid == child.pid and _is_healthy(recorded):
            return recorded
        if child.poll() is not None:
            break
        time.sleep(_POLL_SECONDS)
    child.kill()
    last_lines = log.read_text(errors="replace").splitlines()[-15:]
    raise SandboxError("The sandbox did not start. The end of its log, " + f"{log}:\n" + "\n".join(last_lines))


def _is_healthy(server: Server) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=2)
    try:
        connection.request("GET", HEALTH_PATH)
        return bool(json.loads(connection.getresponse().read()) == server.as_document())
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _is_alive(pid: int) -> bool:
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    # A process that has ended stays listed, as a zombie, until whoever started it asks for its exit code.
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.lstrip().startswith("Z")


def _runs_our_command(server: Server) -> bool:
    """Whether the recorded process is still our server: it may be busy, and the number may be another program's now."""
    listed = subprocess.run(["ps", "-o", "args=", "-p", str(server.pid)], capture_output=True, text=True, check=False)
    return "-m sandbox serve" in listed.stdout and str(server.folder) in listed.stdout


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One start at a time."""
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
