"""A sandbox server per test worker, and clients of its accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator_callers import Principal, assume, document
from emulator_world import World

from sandbox import process
from sandbox.process import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sandbox")
    yield process.start(folder, 0)
    process.stop(folder)


@pytest.fixture(scope="session")
def root(server: Server) -> Callable[[str], Principal]:
    """The root of an account."""
    return lambda account: Principal(account, server.endpoint_url, account, "test")


@pytest.fixture
def names(request: pytest.FixtureRequest) -> str:
    """A prefix of this test's own for names that live in one server."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:6]
    return f"{request.node.originalname.removeprefix('test_').replace('_', '-')[:30].strip('-')}-{digest}"


@pytest.fixture
def role(root: Callable[[str], Principal], names: str) -> Callable[..., Principal]:
    """Make a role with these statements and take it on."""

    def make(
        account: str, *statements: dict[str, Any], name: str = "worker", path: str = "/", **options: Any
    ) -> Principal:
        owner = root(account)
        iam = owner.client("iam")
        full_name = f"{names}-{name}"
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName=full_name, Path=path, AssumeRolePolicyDocument=document(trust), **options)[
            "Role"
        ]
        if statements:
            iam.put_role_policy(RoleName=full_name, PolicyName="inline", PolicyDocument=document(*statements))
        return assume(owner, made["Arn"])

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server, if a test starts one, is stopped."""
    yield tmp_path / "sandbox"
    process.stop(tmp_path / "sandbox")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A sandbox of the test's own."""
    found = World(tmp_path / "sandbox")
    yield found
    found.stop()


@pytest.fixture
def stubbed_world(tmp_path: Path) -> Iterator[World]:
    """As ``world``, but no step of a pipeline runs."""
    found = World(tmp_path / "sandbox", stub_steps=True)
    yield found
    found.stop()
