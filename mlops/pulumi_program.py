"""The Pulumi CLI that commands run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mlops.failure import CommandError
from mlops.project import ROOT


def local_environment() -> dict[str, str]:
    """What `pulumi` needs of this machine: itself and the project's Python first on PATH."""
    programs = f"{pulumi_folder()}{os.pathsep}{Path(sys.executable).parent}"
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def pulumi_folder() -> str:
    """The folder of the Pulumi CLI, made if need be."""
    found = subprocess.run(
        [sys.executable, ROOT / "tools" / "toolchain.py", "pulumi"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise CommandError(f"there is no Pulumi CLI: {found.stderr.strip()}")
    return found.stdout.strip()
