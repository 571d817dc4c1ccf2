"""Property values as the engine's events carry them, made fit to be read: no secrets, no paths of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

# Pulumi's own constants (sdk/go/common/resource/sig/sig.go, and plugin/rpc.go for a value that is not known yet).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

SECRET = "[secret]"  # noqa: S105
NOT_KNOWN_YET = "[known after deployment]"
# What bridged providers keep beside the inputs, for themselves.
PROVIDERS_OWN = "__defaults"


def readable(value: Any) -> Any:
    """The value with secrets masked, unknown values in words, and files as their name and digest."""
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return _special(str(value[SIGNATURE]), value)
        return {str(key): readable(item) for key, item in value.items() if key != PROVIDERS_OWN}
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return value.replace(UNKNOWN, NOT_KNOWN_YET) if isinstance(value, str) else value


def _special(signature: str, value: Mapping[str, Any]) -> Any:
    if signature == SECRET_SIGNATURE:
        return SECRET
    if signature == ASSET_SIGNATURE:
        found = {"file": PurePath(str(value["path"])).name} if value.get("path") else {}
        return {**found, "sha256": value.get("hash", "")}
    if signature == ARCHIVE_SIGNATURE:
        return {"files": sorted(value.get("assets") or {}), "sha256": value.get("hash", "")}
    # A resource reference, or what a later engine adds: named, and never shown whole.
    return f"[{signature}]"
