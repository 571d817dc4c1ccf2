"""Install the packages that the access proof runs on, from their lock, by npm."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "access-proof"
OLDEST_NODE = 20


class EngineUnavailableError(Exception):
    """The engine of the access proof cannot be installed; the message says what to do."""


def ensure(say: Callable[[str], None]) -> None:
    """Bring tools/access-proof/node_modules to what the lock says; does nothing when it is there already."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise EngineUnavailableError(
            f"the access proof needs Node {OLDEST_NODE} or newer with npm, and there is none on PATH; install it"
        )
    version = _run([node, "--version"]).strip().removeprefix("v")
    if int(version.split(".")[0]) < OLDEST_NODE:
        raise EngineUnavailableError(f"the access proof needs Node {OLDEST_NODE} or newer; `node` here is {version}")
    say("installing tools/access-proof/package-lock.json")
    _run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
    stamp.write_text(wanted)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=FOLDER, text=True, capture_output=True, check=False)
    if done.returncode:
        raise EngineUnavailableError(
            f"`{' '.join([Path(command[0]).name, *command[1:]])}` failed in tools/access-proof; is npm's registry, "
            f"or your mirror, reachable?\n{done.stderr.strip()}"
        )
    return done.stdout
