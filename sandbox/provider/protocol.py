"""Pulumi's protocol messages without the SDK around them, which takes half a second to import."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path


def _as_bare_package(name: str, folder: Path) -> None:
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


if "pulumi" not in sys.modules:
    _found = importlib.util.find_spec("pulumi")
    if _found is not None and _found.origin is not None:
        _folder = Path(_found.origin).parent
        _as_bare_package("pulumi", _folder)
        _as_bare_package("pulumi.runtime", _folder / "runtime")

from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2  # noqa: E402

__all__ = ["plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
