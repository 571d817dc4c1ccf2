"""What a preview, or a refresh that changes nothing, says of one stack: plain values that survive JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# What is an account's whole error while its registry is not deployed: the build after this one plans it.
WAITS = "waits for the registry, which is not deployed yet: the build after this one plans it"
CREATE, UPDATE, REPLACE, DELETE, IMPORT, SAME = "create", "update", "replace", "delete", "import", "same"


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One resource before and after.

    ``old`` and ``new`` are inputs, secrets masked; ``properties`` are the paths that differ, ``forces`` those of them
    that make a replacement necessary; ``retained`` says that what is deleted or replaced stays in the cloud.
    """

    operation: str
    type: str
    name: str
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    properties: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()
    retained: bool = False

    @property
    def kind(self) -> str:
        """The type without its package and module: ``RolePolicy`` of ``aws:iam/rolePolicy:RolePolicy``."""
        return self.type.rsplit(":", 1)[-1]

    def as_json(self) -> dict[str, Any]:
        """The change as JSON values."""
        return {**asdict(self), "properties": list(self.properties), "forces": list(self.forces)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ResourceChange:
        """The change that :meth:`as_json` wrote; raises TypeError for a field that is unknown or missing."""
        return cls(**{**data, "properties": tuple(data["properties"]), "forces": tuple(data["forces"])})


@dataclass(frozen=True, kw_only=True)
class StackReview:
    """One stack's review.

    ``violations`` stop a deployment and ``advice`` does not; both are ``[rule] message``. ``unchanged`` holds, of the
    resources that stay as they are, only those on which the monthly cost depends.
    """

    stack: str
    changes: tuple[ResourceChange, ...] = ()
    violations: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    error: str | None = None
    plan_digest: str | None = None
    state_digest: str | None = None
    commit: str | None = None
    unchanged: tuple[ResourceChange, ...] = ()

    def count(self, *operations: str) -> int:
        """How many resources are under one of these operations."""
        return sum(change.operation in operations for change in self.changes)

    def as_json(self) -> dict[str, Any]:
        """The review as JSON values."""
        return {
            **asdict(self),
            "changes": [change.as_json() for change in self.changes],
            "unchanged": [change.as_json() for change in self.unchanged],
            "violations": list(self.violations),
            "advice": list(self.advice),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StackReview:
        """The review that :meth:`as_json` wrote; raises TypeError for a field that is unknown or missing."""
        return cls(
            **{
                **data,
                "changes": tuple(ResourceChange.from_json(change) for change in data["changes"]),
                "unchanged": tuple(ResourceChange.from_json(change) for change in data["unchanged"]),
                "violations": tuple(data["violations"]),
                "advice": tuple(data["advice"]),
            }
        )
