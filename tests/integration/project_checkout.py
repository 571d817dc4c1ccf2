"""The project as a user has it: a copy, and a sandbox with a folder, port, Pulumi home and state of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).parent.parent.parent
COPIED = ("infra", "ml", "mlops", "policy-pack", "sandbox", "stacks", "tools", "Pulumi.yaml", "Pulumi.registry.yaml",
          "Pulumi.dev.yaml", "Pulumi.prod.yaml")  # fmt: skip
ACCOUNTS = {"registry": "333333333333", "dev": "111111111111", "prod": "222222222222", "jenkins": "444444444444"}
UP_SECONDS = 240


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Checkout:
    """A copy of the project, and the `mlops` command in it."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        left_out = ("AWS_", "PULUMI_", "SANDBOX_", "PYTHONDONTWRITEBYTECODE")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
        return {
            **kept,
            "PYTHONPATH": str(self.folder),
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_FOLDER": str(self.sandbox),
        }

    @property
    def sandbox(self) -> Path:
        return self.folder / ".sandbox"

    @property
    def endpoint_url(self) -> str:
        return f"http://localhost:{self.port}"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "mlops", *arguments]

    def mlops(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `mlops` to its end; the caller looks at the exit code."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    def json(self, *arguments: str, **variables: str) -> Any:
        """The JSON that a successful `mlops` prints."""
        done = self.mlops(*arguments, "--json", **variables)
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout)

    def client(self, account: str, service: str) -> Any:
        """A boto3 client of an account's root."""
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=ACCOUNTS[account],
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def edit(self, name: str, old: str, new: str) -> None:
        """Change one file of the copy, as a user would; the old text must be there."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new))


def make_checkout(folder: Path) -> Checkout:
    """A fresh copy in ``folder``."""
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return Checkout(folder=folder, port=free_port())
