"""Stacks that run through the real engine with our plugin, against a sandbox server per test worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from provider_stacks import ACCOUNT, REGION, ROOT, Stack
from pulumi import automation

from sandbox import process
from sandbox.process import Server
from sandbox.provider.install import install


@pytest.fixture(scope="session", autouse=True)
def pulumi_on_path() -> Iterator[None]:
    """The project's Pulumi CLI comes first."""
    command = [sys.executable, str(ROOT / "tools" / "toolchain.py"), "pulumi"]
    folder = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", folder, prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pulumi-home")
    install(home)
    return home


@pytest.fixture(scope="session")
def provider_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("provider-sandbox")
    yield process.start(folder, 0)
    process.stop(folder)


@pytest.fixture
def make_stack(tmp_path: Path, pulumi_home: Path, provider_server: Server) -> Callable[..., Stack]:
    """Make a stack of an account; by default the account's root deploys it."""

    def make(account: str = ACCOUNT, name: str = "test", **provider: Any) -> Stack:
        state = tmp_path / "state"
        state.mkdir(exist_ok=True)
        made: list[Stack] = []

        def program() -> None:
            made[0].run()

        stack = automation.create_or_select_stack(
            stack_name=name,
            project_name="provider-tests",
            program=program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(tmp_path),
                pulumi_home=str(pulumi_home),
                env_vars={
                    "AWS_ACCESS_KEY_ID": account,
                    "AWS_SECRET_ACCESS_KEY": "test",
                    "AWS_ENDPOINT_URL": provider_server.endpoint_url,
                    "AWS_REGION": REGION,
                    "PULUMI_BACKEND_URL": f"file://{state}",
                    "PULUMI_CONFIG_PASSPHRASE": "",
                    "PULUMI_SKIP_UPDATE_CHECK": "true",
                },
            ),
        )
        made.append(Stack(stack=stack, server=provider_server, account=account, provider=provider))
        return made[0]

    return make
