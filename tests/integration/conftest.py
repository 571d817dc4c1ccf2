"""Fixtures of the integration suite; what they hand out is in ``project_checkout.py``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_checkout import ROOT, Checkout, make_checkout

from sandbox import process


@pytest.fixture(scope="session", autouse=True)
def real_data() -> None:
    """The real data set where a copy lies beside the checkout; elsewhere the data set's own order of sources."""
    copy = ROOT.parent / "shared" / "data" / "mammographic_masses.data"
    if "MAMMOGRAPHIC_MASSES" not in os.environ and copy.is_file():
        os.environ["MAMMOGRAPHIC_MASSES"] = str(copy)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the project for one test; its sandbox, if it started one, is stopped."""
    made = make_checkout(tmp_path / "project")
    yield made
    process.stop(made.sandbox)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the project that `mlops up` has brought up, with a first version registered."""
    made = make_checkout(tmp_path_factory.mktemp("deployed") / "project")
    try:
        done = made.mlops("up", "--json")
        assert done.returncode == 0, done.stderr[-4000:]
        (made.folder / "up.json").write_text(done.stdout)
        yield made
    finally:
        process.stop(made.sandbox)
