"""The engine that judges requests: a Node process of its own, because its licence (AGPL) and language are."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "access-proof"


class EngineError(Exception):
    """The engine is not there, or could not judge what it was given; the message says what to do."""


def ask(command: str, request: dict[str, Any]) -> Any:
    """Run one command of the engine (applicable, evaluate, lint) and return its answer."""
    node = shutil.which("node")
    if not node:
        raise EngineError("the access proof needs Node 20 or newer, and there is no `node` on PATH; install it")
    if not (FOLDER / "node_modules").is_dir():
        raise EngineError("the access proof's packages are not installed: run `make setup-test`")
    done = subprocess.run(
        [node, FOLDER / "main.mjs", command], input=json.dumps(request), text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise EngineError(f"{command}: {done.stderr.strip()}")
    return json.loads(done.stdout)
