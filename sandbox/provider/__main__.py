"""The plugin's process: ``python -m sandbox.provider <engine address>``, as Pulumi's engine starts it."""

from __future__ import annotations

from importlib.metadata import version

from sandbox.provider.plugin import Plugin, serve
from sandbox.provider.types import TYPES

if __name__ == "__main__":
    serve(Plugin(version("pulumi-aws"), TYPES))
