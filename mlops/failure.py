"""The two ways in which a command ends badly, and their exit codes."""

from __future__ import annotations


class CommandError(Exception):
    """The work failed; the message says what failed and what to do next. Exit code 1."""

    exit_code = 1


class UsageError(CommandError):
    """The command was called wrongly, or with settings that cannot be used. Exit code 2."""

    exit_code = 2
