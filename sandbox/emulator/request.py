"""The request that is being judged: who signed it, what it asks for, and the parameters that conditions look at."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cbor2


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that the caller must be allowed to do before the request is served."""

    action: str
    resource_arn: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Request:
    """One signed AWS request."""

    service: str
    action: str  # "s3:PutObject"
    access_key_id: str
    account_id: str
    region: str
    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, Any]
    body: bytes
    pending: list[Check] = field(default_factory=list)

    @property
    def operation(self) -> str:
        return self.action.partition(":")[2]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The body of a JSON or CBOR request; empty for other protocols."""
        try:
            if "cbor" in self.headers.get("content-type", ""):
                loaded = cbor2.loads(self.body)
            else:
                loaded = json.loads(self.body) if self.body[:1] == b"{" else {}
        except (ValueError, cbor2.CBORDecodeError):
            loaded = {}
        return loaded if isinstance(loaded, dict) else {}

    def parameter(self, *names: str) -> Any:
        """The first of these parameters that the body, the form or the query string has; "" if none."""
        for name in names:
            if self.document.get(name):
                return self.document[name]
        for name in names:
            value = self.query.get(name)
            value = value[0] if isinstance(value, list) and value else value
            if value:
                return value
        return ""


current: ContextVar[Request | None] = ContextVar("sandbox_request", default=None)
