"""Programs that the tests need from Debian packages: found on PATH, or installed where this user may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence

Say = Callable[[str], None]


class ProgramUnavailableError(Exception):
    """A program is not there and could not be installed; the message says what to do."""


def ensure(find: Callable[[], str | None], packages: Sequence[str], need: str, say: Say) -> str:
    """What ``find`` gives: as things are, or after installing the packages with apt-get as root on Debian.

    ``need`` is a clause that says who needs what, as in "the tests look at pages in chromium".
    """
    found = find()
    if found:
        return found
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise ProgramUnavailableError(
            f"{need}, which is not on PATH; install it, on Debian: sudo apt-get install {' '.join(packages)}"
        )
    say(f"installing the Debian packages {' and '.join(packages)}: {need}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "--quiet", "--quiet", *command], text=True, capture_output=True, env=environment, check=False
        )
        if done.returncode:
            raise ProgramUnavailableError(f"apt-get {command[0]} failed: {done.stderr.strip()}")
    found = find()
    if not found:
        raise ProgramUnavailableError(f"apt-get installed {' and '.join(packages)}, but {need}, which is not on PATH")
    return found
