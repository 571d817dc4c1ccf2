"""Pulumi's wire values and plain Python data: unknowns, secrets, assets and archives.

https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of a secret, not one
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

Data = dict[str, Any]


class Unknown:
    """A value that only the deployment will know."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, _memo: Any) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file or a text of the program; ``digest`` is the engine's hash of the content."""

    signature: str = ASSET
    path: str = ""
    text: str | None = None
    uri: str = ""
    assets: tuple[tuple[str, Asset], ...] = ()
    digest: str = ""

    def same_content(self, other: Any) -> bool:
        return isinstance(other, Asset) and bool(self.digest) and self.digest == other.digest


def load(struct: struct_pb2.Struct) -> Data:
    """A message's properties; secrets are unwrapped, since the engine marks them again by their names."""
    return {name: load_value(value) for name, value in struct.fields.items()}


def load_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [load_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _load_struct(value.struct_value)
    return None


def dump(data: Mapping[str, Any]) -> struct_pb2.Struct:
    """The properties as a message; None is left out."""
    return struct_pb2.Struct(fields={name: dump_value(value) for name, value in data.items() if value is not None})


def dump_value(value: Any) -> struct_pb2.Value:
    if isinstance(value, Asset):
        return struct_pb2.Value(struct_value=_dump_asset(value))
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=dump(value))
    if isinstance(value, list | tuple):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[dump_value(item) for item in value]))
    return _dump_scalar(value)


def _dump_scalar(value: Any) -> struct_pb2.Value:
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    raise TypeError(f"{type(value).__name__} has no form on Pulumi's wire")


def contains_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(item) for item in value)
    return isinstance(value, Unknown)


def without_none(value: Any) -> Any:
    """The value without what is None, at every level."""
    if isinstance(value, Mapping):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_none(item) for item in value if item is not None]
    return value


def _load_struct(struct: struct_pb2.Struct) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature in (ASSET, ARCHIVE):
        members = fields["assets"].struct_value.fields if "assets" in fields else {}
        return Asset(
            signature=signature,
            path=fields["path"].string_value if "path" in fields else "",
            text=fields["text"].string_value if "text" in fields else None,
            uri=fields["uri"].string_value if "uri" in fields else "",
            assets=tuple((name, load_value(member)) for name, member in members.items()),
            digest=fields["hash"].string_value if "hash" in fields else "",
        )
    if signature in (SECRET, OUTPUT_VALUE):
        return load_value(fields["value"]) if "value" in fields else UNKNOWN
    return load(struct)


def _dump_asset(asset: Asset) -> struct_pb2.Struct:
    data: Data = {SIGNATURE: asset.signature, "hash": asset.digest or None}
    data["path"] = asset.path or None
    data["text"] = asset.text
    data["uri"] = asset.uri or None
    data["assets"] = dict(asset.assets) or None
    return dump(data)
