"""Run `pulumi` so that an interrupt lets it end in order, whoever sends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.engine_noise import strip

# Jenkins ends the processes that have its cookie in their environment:
# https://www.jenkins.io/doc/book/using/aborting-a-build/
COOKIES = ("JENKINS_SERVER_COOKIE", "JENKINS_NODE_COOKIE", "HUDSON_SERVER_COOKIE", "HUDSON_COOKIE")
POLL_SECONDS = 0.2


def run_pulumi(arguments: Sequence[str], variables: Mapping[str, str], folder: Path, log: Path) -> tuple[int, str]:
    """Run `pulumi` to its end, showing what it prints; return its exit code and its output, which is in ``log`` too.

    It is in a session of its own, without Jenkins' cookies, and writes to a file: it lives on when this process is
    killed. An interrupt or termination of this process is passed on once, as SIGINT, on which `pulumi` finishes what is
    under way and writes the state; on a second one it would stop at once.
    """
    environment = {k: v for k, v in {**os.environ, **variables}.items() if k not in COOKIES}
    interrupted = passed_on = ended = False

    def note(_number: int, _frame: Any) -> None:
        nonlocal interrupted
        interrupted = True

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with log.open("wb") as output:
            running = subprocess.Popen(
                ["pulumi", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with log.open(encoding="utf-8", errors="replace") as written:
            while not ended:
                ended = running.poll() is not None
                if interrupted and not passed_on:
                    passed_on = True
                    running.send_signal(signal.SIGINT)
                    sys.stdout.write("interrupted; letting pulumi finish what is under way\n")
                sys.stdout.write(written.read())
                sys.stdout.flush()
                time.sleep(0 if ended else POLL_SECONDS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return running.returncode, strip(log.read_text(encoding="utf-8", errors="replace"))
