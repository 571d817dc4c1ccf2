"""Ways into a definition, and changes of it, for tests of what is found in a changed one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ml import lint

Definition = dict[str, Any]
Mutation = Callable[[Definition], object]


def step(definition: Definition, name: str) -> Definition:
    """One step's own dictionary."""
    return next(each for each in lint.walk_steps(definition["Steps"]) if each["Name"] == f"Mammo-{name}")


def arguments(definition: Definition, name: str) -> Definition:
    """One step's arguments."""
    found: Definition = step(definition, name)["Arguments"]
    return found


def replace(old: str, new: str) -> Mutation:
    """Replace text wherever it stands in the definition's JSON."""

    def mutate(definition: Definition) -> None:
        text = json.dumps(definition)
        assert old in text
        changed = json.loads(text.replace(old, new))
        definition.clear()
        definition.update(changed)

    return mutate
