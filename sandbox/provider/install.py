"""Put the plugin where Pulumi's engine looks for ``pulumi-resource-aws``."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]


def install(pulumi_home: Path) -> None:
    """Write ``plugins/resource-aws-v<version>`` for the installed ``pulumi_aws``; does nothing if it is there."""
    folder = pulumi_home / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    script = folder / "pulumi-resource-aws"
    text = f"""#!/bin/sh
# -P: the program's folder must not shadow packages.
export PYTHONPATH={str(_PROJECT)!r}
exec {sys.executable!r} -P -m sandbox.provider "$@"
"""
    if script.is_file() and script.read_text() == text:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = script.with_suffix(".new")
    temporary.write_text(text)
    temporary.chmod(0o755)
    temporary.replace(script)
