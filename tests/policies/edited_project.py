"""Copies of the project, each with one edit, previewed against accounts that are up."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops.engine import Engine
from mlops.engine_noise import strip
from mlops.project import ROOT

CODE = ("infra", "stacks", "ml", "policy-pack")
PREVIEW_SECONDS = 120


@dataclass(frozen=True)
class Program:
    """A stack, the edit that makes its program violate a rule, and what the preview has to say."""

    stack: str
    file: str
    edits: Mapping[str, str]
    rule: str
    says: str


@dataclass(frozen=True)
class Preview:
    """How a preview ended and what it printed."""

    exit_code: int
    text: str


def preview(engine: Engine, folder: Path, program: Program) -> Preview:
    """Preview a project in ``folder`` that is this one but for the edit, under its own policy pack."""
    for name in CODE:
        # Compiled modules come along: compiling them again would take longer than the rest of a preview.
        if program.file.startswith(f"{name}/"):
            shutil.copytree(ROOT / name, folder / name)
        else:
            (folder / name).symlink_to(ROOT / name)
    for name in ("Pulumi.yaml", f"Pulumi.{program.stack}.yaml"):
        shutil.copy2(engine.folder / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    file = folder / program.file
    text = file.read_text()
    for old, new in program.edits.items():
        assert old in text, f"{old!r} is not in {program.file}"
        text = text.replace(old, new)
    file.write_text(text)
    done = subprocess.run(
        ["pulumi", "-C", folder, "preview", "--stack", program.stack, "--policy-pack", folder / "policy-pack",
         "--non-interactive", "--color", "never"],
        env={**os.environ, **engine.variables, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=PREVIEW_SECONDS,
        check=False,
    )  # fmt: skip
    return Preview(done.returncode, strip(done.stdout + done.stderr))
