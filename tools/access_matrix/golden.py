"""The reviewed sets of everything that is allowed: across accounts, and within each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tools.access_matrix.process import FOLDER
from tools.access_matrix.universe import Request

ACROSS = FOLDER / "allowed-across-accounts.json"
WITHIN = FOLDER / "allowed-within-accounts.json"
Allowed = dict[str, dict[str, dict[str, list[str]]]]


def arrange(requests: Iterable[Request]) -> Allowed:
    """Allowed requests as people review them: who, which resource, which circumstances, what."""
    found: Allowed = {}
    for who, action, what, context in requests:
        found.setdefault(who, {}).setdefault(what, {}).setdefault(context, []).append(action)
    return found


def as_json(allowed: Allowed) -> str:
    """The set in an order of its own; a resource's circumstances take one line each."""
    lines = []
    for who in sorted(allowed):
        resources = []
        for what in sorted(allowed[who]):
            circumstances = ",\n".join(
                f"   {json.dumps(context)}: {json.dumps(sorted(allowed[who][what][context]))}"
                for context in sorted(allowed[who][what])
            )
            resources.append(f"  {json.dumps(what)}: {{\n{circumstances}\n  }}")
        lines.append(f" {json.dumps(who)}: {{\n" + ",\n".join(resources) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(path: Path) -> set[Request]:
    """The requests that a reviewed set allows."""
    return {
        Request(who, action, what, context)
        for who, resources in json.loads(path.read_text(encoding="utf-8")).items()
        for what, circumstances in resources.items()
        for context, actions in circumstances.items()
        for action in actions
    }


def differences(reviewed: set[Request], found: set[Request]) -> list[str]:
    """What is allowed and was not reviewed, and what was and is no more."""
    return [
        f"{sign} {request.principal}: {request.action} on {request.resource} ({request.context})"
        for sign, requests in (("+", found - reviewed), ("-", reviewed - found))
        for request in sorted(requests)
    ]
