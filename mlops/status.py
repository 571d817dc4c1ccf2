"""How the three accounts are: what is deployed and pending, which versions there are, what ran."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.settings import ENVIRONMENTS, Environment
from mlops import runs, versions
from mlops.engine import Engine
from mlops.place import Place

TRAINING_ENVIRONMENTS: tuple[Environment, ...] = ("dev", "prod")


def read_status(place: Place, engine: Engine) -> dict[str, Any]:
    """Everything that `mlops status --json` prints. Asks the three stacks at once."""
    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        stacks = dict(zip(ENVIRONMENTS, pool.map(lambda e: _stack(place, engine, e), ENVIRONMENTS), strict=True))
    return {
        "place": "sandbox" if place.is_sandbox else "aws",
        "stacks": stacks,
        "models": versions.list_versions(place),
        "executions": [e for environment in TRAINING_ENVIRONMENTS for e in runs.list_executions(place, environment)],
    }


def _stack(place: Place, engine: Engine, environment: Environment) -> dict[str, Any]:
    account = place.settings[environment].account_id
    if not engine.exists(environment):
        return {"account_id": account, "resources": 0, "pending_changes": None}
    planned = engine.preview(environment)
    return {"account_id": account, "resources": planned.resources, "pending_changes": planned.changed}
