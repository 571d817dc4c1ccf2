"""The `mlops` command."""

from __future__ import annotations

import os
import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError

from mlops import console
from mlops.cli import accounts, data, delivery, loop, models
from mlops.failure import CommandError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Models across three AWS accounts: in the sandbox on this machine, or in AWS with --profile.",
)
for part in (accounts, loop):
    app.registered_commands += part.app.registered_commands
    app.registered_groups += part.app.registered_groups
app.add_typer(models.app, name="models")
app.add_typer(data.app, name="data")
app.add_typer(delivery.app, name="delivery")


def main() -> None:
    """Entry point; exit codes 0 done, 1 failed, 2 wrong use."""
    # Programs, plug-ins and jobs start often: without compiled modules each spends seconds on importing.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        app()
    except CommandError as error:
        console.complain(str(error))
        sys.exit(error.exit_code)
    except (BotoCoreError, ClientError) as error:
        console.complain(f"AWS: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        console.complain("interrupted; run the same command again to go on from here")
        sys.exit(130)


if __name__ == "__main__":
    main()
