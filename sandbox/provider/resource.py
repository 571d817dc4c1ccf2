"""What a resource type is: its properties, and how it is made, read, changed and deleted at AWS."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.wire import UNKNOWN, Asset, Data, contains_unknown, without_none

Fields = Mapping[str, "Property"]


def equal(old: Any, new: Any) -> bool:
    """Equal without regard to what is None."""
    return bool(without_none(old) == without_none(new))


def equal_as_set(old: Any, new: Any) -> bool:
    """Equal lists in any order."""
    return sorted(map(_canonical, without_none(old or []))) == sorted(map(_canonical, without_none(new or [])))


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """One input property."""

    required: bool = False
    computed: bool = False  # AWS chooses a value where the program gives none
    replaces: bool = False  # AWS cannot change it in place
    default: Any = None
    same: Callable[[Any, Any], bool] = equal
    kept: bool = False  # AWS does not give it back: the state keeps what the program gave
    fields: Fields | None = None  # of a nested block, or of each in a list of blocks
    values: tuple[str, ...] = ()  # the only ones allowed


class Resource(ABC):
    """One resource type. ``old`` and ``new`` are states and inputs under the names of the wire."""

    pulumi_type: ClassVar[str]
    properties: ClassVar[Fields]
    outputs: ClassVar[tuple[str, ...]] = ()
    refused: ClassVar[frozenset[str]] = frozenset()
    """Inputs of the real type that this one does not implement."""
    name_property: ClassVar[str | None] = None
    """What names it at AWS, so that two cannot exist at once; also made up where the program gives none."""
    regional: ClassVar[bool] = True
    tagged: ClassVar[bool] = False

    @abstractmethod
    def create(self, aws: Aws, new: Data) -> str:
        """Make the resource; its id."""

    def finish(self, aws: Aws, resource_id: str, new: Data) -> None:
        """Settings that can only be made on what exists; if this fails the resource is kept in the state as broken."""
        return

    @abstractmethod
    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        """The state at AWS, None if it is gone. ``old`` is empty when a resource is imported."""

    @abstractmethod
    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        """Make the state equal to ``new`` in the properties that changed."""

    @abstractmethod
    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        """Delete it; that it is gone already is no error."""

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        """Set these tags and remove those, on a ``tagged`` type."""
        raise NotImplementedError(self.pulumi_type)

    def unknown_after(self, changed: frozenset[str]) -> tuple[str, ...]:
        """Outputs that an update of these properties makes anew."""
        return ()

    def state_id(self, resource_id: str, _state: Data) -> str:
        """The id for the state; an import may be given another form of it."""
        return resource_id

    def all_properties(self) -> dict[str, Property]:
        """The type's properties with those that most types have."""
        found = dict(self.properties)
        if self.tagged:
            found["tags"] = Property()
            found["tagsAll"] = Property(computed=True)
        if self.regional:
            found["region"] = Property(computed=True, replaces=True)
        return found

    def all_outputs(self) -> tuple[str, ...]:
        return self.outputs


def write_only(resource: Resource, source: Mapping[str, Any]) -> Data:
    """The properties of the source that AWS does not give back."""
    kept = {name for name, found in resource.all_properties().items() if found.kept}
    return {name: value for name, value in source.items() if name in kept}


def changes(resource: Resource, old: Data, new: Data) -> dict[str, Property]:
    """The input properties in which a state differs from what the program wants."""
    found = {}
    for name, definition in resource.all_properties().items():
        wanted, present = new.get(name), old.get(name)
        if contains_unknown(wanted):
            found[name] = definition
        elif wanted is None:
            if not definition.computed and not _is_zero(present):
                found[name] = definition
        elif isinstance(wanted, Asset):
            if not wanted.same_content(present):
                found[name] = definition
        elif not definition.same(present, wanted):
            found[name] = definition
    return found


def planned(resource: Resource, old: Data, new: Data, changed: frozenset[str]) -> Data:
    """The state to expect of an update, or of a creation where ``old`` is empty."""
    if not old:
        unknown = dict.fromkeys(resource.all_outputs(), UNKNOWN)
        computed = {name: UNKNOWN for name, found in resource.all_properties().items() if found.computed}
        return {**computed, **unknown, **new}
    return {**old, **new, **dict.fromkeys(resource.unknown_after(changed), UNKNOWN)}


def split_tags(aws: Aws, old: Data, actual: Mapping[str, str]) -> Data:
    """``tags`` and ``tagsAll``: what the provider adds to every resource is in the second only."""
    own = old.get("tags") or {}
    tags = {name: value for name, value in actual.items() if name in own or aws.default_tags.get(name) != value}
    return {"tags": tags or None, "tagsAll": dict(actual)}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def is_error(error: ClientError, *codes: str) -> bool:
    return error.response["Error"]["Code"] in codes


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def _is_zero(value: Any) -> bool:
    return value in (None, "", False, 0, [], {})
