"""Find Chromium for the tests that look at pages, or install it where this user may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "chromium"


class BrowserUnavailableError(Exception):
    """There is no browser, and none could be installed; the message says what to do."""


def find() -> str | None:
    """The browser on PATH."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def ensure(say: Callable[[str], None]) -> str:
    """The browser, installed with apt-get where it is missing and this user is root on Debian."""
    found = find()
    if found:
        return found
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise BrowserUnavailableError(
            f"the tests look at pages in {PACKAGE}, which is not on PATH; install it, on Debian: "
            f"sudo apt-get install {PACKAGE}"
        )
    say(f"installing the Debian package {PACKAGE}, for the tests that look at pages")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", PACKAGE]):
        done = subprocess.run(
            ["apt-get", "--quiet", "--quiet", *command], text=True, capture_output=True, env=environment, check=False
        )
        if done.returncode:
            raise BrowserUnavailableError(f"apt-get {command[0]} failed: {done.stderr.strip()}")
    found = find()
    if not found:
        raise BrowserUnavailableError(f"apt-get installed {PACKAGE}, but it is not on PATH")
    return found
