"""`mlops run`, `clock`, `outbox`, `redrive`, `demo`, `report`: the loop from training to alert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops import console, tables
from mlops.cli.options import AsJson, ModelName, Profile, Sandbox, environment_named, where
from mlops.failure import CommandError, UsageError

app = typer.Typer()


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(help="train or inference")],
    stack: Annotated[str, typer.Option("--stack", help="dev or prod")] = "dev",
    param: Annotated[list[str] | None, typer.Option("--param", help="NAME=VALUE, as often as needed.")] = None,
    model: ModelName = None,
    wait: Annotated[bool, typer.Option(help="Wait until it ends, and tell of each step.")] = True,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Start a pipeline; exit code 0 only if it succeeds."""
    from mlops import commands, runs  # noqa: PLC0415  # see where

    parameters = dict(_pair(text) for text in param or [])
    place, environment = commands.find_place(where(sandbox, profile)), environment_named(stack)
    name = runs.pipeline_name(place, environment, pipeline, model)
    if wait:
        result = commands.run(place, environment, name, parameters, console.say)
    else:
        arn = runs.start(place, environment, name, parameters)
        result = runs.describe(place, environment, arn)
    console.show_json(result) if as_json else tables.show_executions([result])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--param {text!r}: write NAME=VALUE")
    return name, value


clock_app = typer.Typer(no_args_is_help=True, help="The sandbox's clock: show it, move it forward.")
app.add_typer(clock_app, name="clock")


@clock_app.command("show")
def show_clock(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Show the sandbox's time."""
    from mlops import commands, sandbox_doors  # noqa: PLC0415  # see where

    clock = sandbox_doors.read_clock(commands.find_place(where(sandbox, profile)))
    console.show_json(clock) if as_json else console.show(clock["now"])


@clock_app.command("advance")
def advance_clock(
    length: Annotated[str, typer.Argument(help="How far: 26h, 90m, 7d, 1d12h.")],
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Move the sandbox's clock forward; schedules, retries and alarms on the way fire in order."""
    from mlops import commands, sandbox_doors  # noqa: PLC0415  # see where

    wanted = sandbox_doors.duration(length)
    clock = sandbox_doors.advance(commands.find_place(where(sandbox, profile)), wanted, console.say)
    console.show_json(clock) if as_json else console.show(f"{clock['now']}, {len(clock['fired'])} fired on the way")


@app.command()
def outbox(
    after: Annotated[int, typer.Option(help="Only messages with a greater number.")] = 0,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show the e-mails that AWS would have sent."""
    from mlops import commands, sandbox_doors  # noqa: PLC0415  # see where

    messages = sandbox_doors.read_outbox(commands.find_place(where(sandbox, profile)), after)
    console.show_json({"messages": messages}) if as_json else tables.show_mail(messages)


@app.command()
def redrive(
    stack: Annotated[str, typer.Option("--stack", help="registry, dev or prod")] = "prod",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what waits.")] = False,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Deliver again what lies in the dead-letter queues; exit code 1 if something could not be delivered."""
    from mlops import commands  # noqa: PLC0415  # see where
    from mlops.redrive import redrive as deliver  # noqa: PLC0415  # see where

    place, environment = commands.find_place(where(sandbox, profile)), environment_named(stack)
    done = deliver(place, environment, console.say, dry_run=dry_run)
    console.show_json({"messages": done}) if as_json else tables.show_redriven(done)
    failed = [message for message in done if message["state"] == "failed"]
    if failed:
        raise CommandError(f"{len(failed)} of {len(done)} could not be delivered and stay in their queue")


@app.command()
def demo(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Play the story in the sandbox: train, approve, infer, drift, retrain once, alert, approve, infer again."""
    from mlops import commands  # noqa: PLC0415  # see where

    result = commands.demo(where(sandbox, profile), console.say)
    console.show_json(result) if as_json else tables.show_demo(result)


@app.command()
def report(
    output: Annotated[Path | None, typer.Option(help="File to write to.")] = None,
    model: ModelName = None,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page: executions, quality of the versions, drift by feature, decisions and who made them."""
    from mlops import commands  # noqa: PLC0415  # see where

    place = commands.find_place(where(sandbox, profile))
    path = commands.write_report(place, output, model)
    console.show_json({"report": str(path)}) if as_json else console.show(f"The report is {path}")
