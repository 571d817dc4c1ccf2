"""`mlops up`, `down`, `bootstrap`, `status`, `env`, `pulumi`: the three accounts."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from mlops import console, tables
from mlops.cli.options import AsJson, Profile, Sandbox, where
from mlops.failure import CommandError, UsageError

app = typer.Typer()


@app.command()
def up(
    sandbox: Sandbox = False,
    profile: Profile = None,
    train: Annotated[bool | None, typer.Option(help="Train a first version if there is none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring registry, dev and prod up, with data; in the sandbox also train and register a first version."""
    from mlops import commands  # noqa: PLC0415  # see where

    result = commands.up(where(sandbox, profile), train, console.say)
    console.show_json(result) if as_json else tables.show_up(result)


@app.command()
def down(
    sandbox: Sandbox = False,
    profile: Profile = None,
    yes: Annotated[bool, typer.Option("--yes", help="In AWS: really delete models, data and stacks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the three stacks in the right order and stop the sandbox; says what is left, which should be nothing."""
    from mlops import commands  # noqa: PLC0415  # see where

    if profile and not sandbox and not yes:
        raise UsageError("in AWS this deletes every model version and all data; say --yes if that is what you want")
    left = commands.down(where(sandbox, profile), console.say)
    if as_json:
        console.show_json({"left": left})
    elif not left:
        console.show("Nothing is left in any account.")
    if left:
        raise CommandError("still there: " + "; ".join(left))


@app.command()
def bootstrap(sandbox: Sandbox = False, profile: Profile = None) -> None:
    """Make the delivery roles, the state bucket and its key: once, as an administrator, before the first `up`."""
    from mlops import commands  # noqa: PLC0415  # see where
    from mlops.bootstrap import bootstrap as make  # noqa: PLC0415  # see where

    make(commands.start_place(where(sandbox, profile), console.say), console.say)


@app.command()
def status(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Show the three accounts with pending changes, the registered versions, the newest executions."""
    from mlops import commands  # noqa: PLC0415  # see where
    from mlops.engine import Engine  # noqa: PLC0415  # see where
    from mlops.status import read_status  # noqa: PLC0415  # see where

    place = commands.find_place(where(sandbox, profile))
    result = read_status(place, Engine(place))
    console.show_json(result) if as_json else tables.show_status(result)


@app.command()
def preview(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Preview all three stacks under the policy pack; a violation in any of them is a failure."""
    from mlops import commands  # noqa: PLC0415  # see where

    result = commands.preview(where(sandbox, profile), console.say)
    console.show_json(result) if as_json else console.show("No rule has anything against the three stacks.")


@app.command()
def env(sandbox: Sandbox = False, profile: Profile = None) -> None:
    """Print what to export so that `pulumi`, the AWS CLI and boto3 act as this command does (holds credentials)."""
    from mlops import commands, workspace  # noqa: PLC0415  # see where

    place = commands.find_place(where(sandbox, profile))
    for name, value in workspace.pulumi_environment(place).items():
        console.show(f"export {name}={shlex.quote(value)}")
    folder = shlex.quote(str(workspace.work_folder(place)))
    console.show(f"# then: pulumi -C {folder} preview --stack dev --policy-pack policy-pack")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def pulumi(context: typer.Context, sandbox: Sandbox = False, profile: Profile = None) -> None:
    """Run `pulumi` as this command would: `mlops pulumi preview --stack dev --diff`. It is put to the policy pack."""
    from mlops import commands, policy_pack, pulumi_program, workspace  # noqa: PLC0415  # see where

    place = commands.find_place(where(sandbox, profile))
    folder = workspace.work_folder(place)
    variables = {**os.environ, **workspace.pulumi_environment(place)}
    found = Path(pulumi_program.pulumi_folder()) / "pulumi"
    given = [str(argument) for argument in context.args]
    command: list[str | Path] = [found, "-C", folder, *given, *policy_pack.arguments(given)]
    raise typer.Exit(subprocess.run(command, env=variables, check=False).returncode)
