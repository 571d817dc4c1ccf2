"""The commit that lies in this checkout, unchanged."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mlops.failure import CommandError


def require_commit(folder: Path, commit: str) -> None:
    """Raise :class:`CommandError` unless ``commit`` is checked out in ``folder`` with no tracked file changed."""
    head = _git(folder, "rev-parse", "HEAD")
    if head != commit:
        raise CommandError(f"commit {head[:12]} is checked out, and not {commit[:12]}; nothing was touched")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    if changed:
        raise CommandError(f"files differ from commit {commit[:12]}; nothing was touched:\n{changed}")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, text=True, capture_output=True, check=False)
    if done.returncode:
        raise CommandError(f"git {arguments[0]} failed, and what is checked out is not known: {done.stderr.strip()}")
    return done.stdout.strip()
