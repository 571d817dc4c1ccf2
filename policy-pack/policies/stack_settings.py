"""The stack's own settings, as far as rules need them: what they say is not asked for a second time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pulumi

NAMESPACE = "model-promotion"
ENVIRONMENTS = ("registry", "dev", "prod")


@dataclass(frozen=True, kw_only=True, slots=True)
class StackSettings:
    """What the stack file says; a stack without settings knows no account, so every principal is a stranger to it."""

    environment: str = ""
    accounts: Mapping[str, str]
    permissions: str = "least-privilege"
    permissions_boundary: str | None = None
    external_id: str | None = None
    log_retention_days: int = 365

    @property
    def account(self) -> str:
        """The account that the stack is deployed into."""
        return self.accounts.get(self.environment, "")

    @property
    def is_managed(self) -> bool:
        """Whether the stack asks for the replaced system's permissions."""
        return self.permissions == "managed"


def load() -> StackSettings:
    """The settings of the stack that is being previewed or deployed."""
    return parse(pulumi.Config(NAMESPACE).get("settings") or "{}")  # noqa: TID251  # the pack's one reader


@cache
def parse(text: str) -> StackSettings:
    """Settings from the JSON of ``model-promotion:settings``; the program itself says what is wrong with them."""
    raw: dict[str, Any] = json.loads(text)
    return StackSettings(
        environment=str(raw.get("environment", "")),
        accounts={name: str(account) for name, account in raw.get("accounts", {}).items()},
        permissions=str(raw.get("permissions", "least-privilege")),
        permissions_boundary=raw.get("permissions_boundary"),
        external_id=raw.get("jenkins", {}).get("external_id"),
        log_retention_days=int(raw.get("log_retention_days", 365)),
    )
