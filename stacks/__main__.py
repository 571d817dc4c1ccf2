"""Entry point of `pulumi up`: the selected stack's settings choose its program."""

from __future__ import annotations

import atexit
import gc
from importlib import import_module

import pulumi

from infra import settings as stack_settings
from infra.providers import declare_provider


def main() -> None:
    """Read the settings, declare the account's resources under its provider, export what it promises."""
    settings = stack_settings.load()
    provider = declare_provider(settings)
    program = import_module(f"stacks.{settings.environment}")
    program.declare(settings, pulumi.ResourceOptions(providers=[provider])).export()


# The process is short: collecting the thousands of classes of pulumi_aws, once more at its exit, would cost a preview
# about a second.
gc.disable()
atexit.register(gc.freeze)
try:
    main()
except stack_settings.SettingsError as error:
    raise pulumi.RunError(str(error)) from error  # which Pulumi shows without a traceback
