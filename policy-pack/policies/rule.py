"""What a rule is, and what it is told about a resource and about the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from policies.stack_settings import StackSettings


class Level(Enum):
    """What a violation does: stop the preview and the update, or only be told."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class Unknown:
    """The value of a property that only a deployment can tell."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


class UnknownValueError(Exception):
    """A rule has met a value that is not known at a preview; the message is the property's path."""


def is_own_key(key: Any) -> bool:
    """Whether a value names a key, and not one that AWS manages, all of which have aliases ``alias/aws/…``."""
    return bool(key) and "alias/aws/" not in str(key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A resource as plain data, property names as on the wire.

    ``provider`` are its provider's properties; ``dependencies`` are the URNs that each property was made from.
    """

    type: str
    name: str
    props: Mapping[str, Any]
    urn: str = ""
    provider: Mapping[str, Any] | None = None
    dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """The value at a dotted path, None where there is none; raises :class:`UnknownValueError`."""
        value = self.raw(path)
        if value is UNKNOWN:
            raise UnknownValueError(path)
        return value

    def items(self, path: str) -> Iterator[str]:
        """The paths of a list's members."""
        return (f"{path}.{position}" for position in range(len(self.get(path) or [])))

    def is_set(self, path: str) -> bool:
        """Whether a value is there, known or not: enough where AWS itself makes the value, as a key's ARN.

        Raises :class:`UnknownValueError` where nobody knows whether it is there, because what holds it is unknown.
        """
        holder, _, _ = path.rpartition(".")
        if holder and self.raw(holder) is UNKNOWN:
            raise UnknownValueError(holder)
        return self.raw(path) not in (None, "", [], {})

    def has_own_key(self, path: str) -> bool:
        """Whether a key is named that is not AWS's own: nobody can change the policy of those."""
        return self.is_set(path) and (self.is_unknown(path) or is_own_key(self.get(path)))

    def is_unknown(self, path: str) -> bool:
        """Whether the value at a path is not known at this preview."""
        return self.raw(path) is UNKNOWN

    def raw(self, path: str) -> Any:
        """The value at a dotted path, :data:`UNKNOWN` where it is not known."""
        value: Any = self.props
        for part in path.split("."):
            if isinstance(value, Mapping):
                value = value.get(part)
            elif isinstance(value, Sequence) and not isinstance(value, str):
                value = value[int(part)] if int(part) < len(value) else None
            elif value is UNKNOWN:
                return UNKNOWN
            else:
                return None
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a rule knows beside the resource: the stack's settings and the rule's own configuration."""

    settings: StackSettings
    today: date
    config: Mapping[str, Any] = field(default_factory=dict)


Judge = Callable[[Resource, Context], Iterator[str]]
StackJudge = Callable[[Sequence[Resource], Context], Iterator[tuple[Resource | None, str]]]
Reads = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule on single resources. ``reads`` is its table: type token to the properties that it judges.

    ``judge`` yields, for each violation, what is wrong and what to write; ``config`` is a JSON schema by property,
    each with its default.
    """

    name: str
    description: str
    reads: Reads
    judge: Judge
    level: Level = Level.MANDATORY
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StackRule:
    """A rule on a whole stack; ``judge`` yields the resource that is to blame, if it is one, and the message."""

    name: str
    description: str
    reads: Reads
    judge: StackJudge
    level: Level = Level.MANDATORY
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def of_type(resources: Sequence[Resource], token: str) -> list[Resource]:
    """The resources of one type."""
    return [resource for resource in resources if resource.type == token]


def refers(child: Resource, path: str, parent: Resource, parent_property: str) -> bool:
    """Whether a property names another resource: by its value, or while that is unknown by what it was made from."""
    value = child.raw(path)
    if value is not UNKNOWN and value is not None and parent.is_set(parent_property):
        known = parent.raw(parent_property)
        if known is not UNKNOWN:
            return bool(value == known)
    return parent.urn in child.dependencies.get(path.split(".", maxsplit=1)[0], frozenset())
