"""The resource policies of event buses."""

from __future__ import annotations

from typing import Any

from ministack.services import eventbridge


def bus_policy(arn: str) -> tuple[Any, str] | None:
    """The policy of a bus and its owner; None for other ARNs."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("event-bus/"):
        return None
    name = parts[5].removeprefix("event-bus/")
    policy = eventbridge._event_bus_policies.get_scoped(parts[4], parts[3], name)
    # PutPermission writes an account id where a policy has a principal's ARN.
    return (_with_principals(policy) if policy else ""), parts[4]


def _with_principals(policy: dict[str, Any]) -> dict[str, Any]:
    statements = policy.get("Statement", [])
    return {
        **policy,
        "Statement": [
            {**one, "Principal": {"AWS": one["Principal"]}} if isinstance(one.get("Principal"), str) else one
            for one in (statements if isinstance(statements, list) else [statements])
        ],
    }
