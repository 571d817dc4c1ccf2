"""Fixtures for models, data and definitions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ml import model
from ml.datasets import mammographic_masses as dataset

ROOT = Path(__file__).resolve().parents[2]
SHARED_COPY = ROOT.parent / "shared" / "data" / dataset.FILE_NAME
MODEL_NAME = "mammography-severity"


@pytest.fixture(scope="session")
def settings() -> model.Model:
    """The committed model's settings."""
    return model.load(MODEL_NAME)


@pytest.fixture(scope="session")
def source() -> Iterator[dataset.Source]:
    """The real data, wherever it can be had: the tests that need it do not skip."""
    patch = pytest.MonkeyPatch()
    if dataset.VARIABLE not in os.environ and SHARED_COPY.is_file():
        patch.setenv(dataset.VARIABLE, str(SHARED_COPY))
    yield dataset.fetch()
    patch.undo()


@pytest.fixture
def definition_of() -> Callable[[str], dict[str, Any]]:
    """A fresh copy of a committed definition, by its name without ``.json``."""

    def load(name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((ROOT / "ml" / "definitions" / MODEL_NAME / f"{name}.json").read_text())
        return loaded

    return load


@pytest.fixture
def definition(definition_of: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A fresh copy of the committed definition of the train pipeline."""
    return definition_of("train")
