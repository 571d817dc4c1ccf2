"""The start-up check knows all of ministack that the emulator relies on."""

from __future__ import annotations

import ast
from pathlib import Path

import sandbox.emulator
from sandbox.emulator.hooks import HOOKS

FOLDER = Path(sandbox.emulator.__file__).parent
SERVICES = "ministack.services"


def private_names(path: Path) -> set[tuple[str, str]]:
    """Each ``module._name`` of a service that a file uses."""
    tree = ast.parse(path.read_text())
    modules = {
        alias.asname or alias.name: f"{SERVICES}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == SERVICES
        for alias in node.names
    }
    return {
        (modules[node.value.id], node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in modules
        and node.attr.startswith("_")
    }


def test_every_private_name_of_a_service_that_the_emulator_uses_is_checked_at_start() -> None:
    used = {name for path in FOLDER.glob("*.py") for name in private_names(path)}
    assert len(used) > 40
    unchecked = {f"{module}.{name}" for module, name in used if name not in HOOKS.get(module, {})}
    assert unchecked == set()
