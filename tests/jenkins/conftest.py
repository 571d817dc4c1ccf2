"""A small repository and a controller for tests of the runner itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jenkins_build import JenkinsController

Controller = Callable[..., JenkinsController]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The scenarios come first: their one story lasts longest, and the other worker has the rest for that time."""
    items.sort(key=lambda item: item.path.name != "test_scenario_delivery.py")


def git(folder: Path, *arguments: str) -> str:
    """Run git as a nameless author."""
    identity = ["-c", "user.name=Author", "-c", "user.email=author@example.com"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def small_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one file."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "committed.txt").write_text("committed\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=One file")
    return folder


@pytest.fixture
def controller(tmp_path: Path, small_repository: Path) -> Controller:
    """Make a controller whose job has this Jenkinsfile; one agent `any` unless others are named."""

    def make(jenkinsfile: str, **settings: object) -> JenkinsController:
        path = tmp_path / "Jenkinsfile"
        path.write_text(jenkinsfile)
        made = JenkinsController(tmp_path / "jenkins", small_repository, path, nodes={"linux": {}})
        for name, value in settings.items():
            assert hasattr(made, name), name
            setattr(made, name, value)
        return made

    return make
