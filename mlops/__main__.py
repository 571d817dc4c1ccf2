"""The `mlops` command: parses the line, calls ``mlops/commands.py``, prints the result."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from mlops import console, report
from mlops.failure import CommandError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Models across three AWS accounts: in the sandbox on this machine, or in AWS with --profile.",
)
models_app = typer.Typer(no_args_is_help=True, help="Versions in the registry: list, show, approve, reject.")
data_app = typer.Typer(no_args_is_help=True, help="The data set: prepare, upload.")
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")

Sandbox = Annotated[bool, typer.Option("--sandbox", help="Act in the sandbox, even if a profile is named.")]
Profile = Annotated[
    str | None, typer.Option("--profile", envvar="AWS_PROFILE", help="Act in AWS, with this profile of ~/.aws/config.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ModelName = Annotated[str | None, typer.Option("--model", help="Which model, where there is more than one.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the version.")]
ActingAs = Annotated[str, typer.Option("--as", help="The account whose credentials are used: registry, dev or prod.")]


def _where(sandbox: bool, profile: str | None) -> Any:
    from mlops.commands import Where  # noqa: PLC0415  # keeps `mlops --help` from loading AWS and Pulumi

    return Where(sandbox=sandbox, profile=profile)


def _environment(name: str) -> Any:
    from infra.settings import ENVIRONMENTS  # noqa: PLC0415  # see above

    if name not in ENVIRONMENTS:
        raise UsageError(f"there is no account {name!r}; write one of {', '.join(ENVIRONMENTS)}")
    return name


@app.command()
def up(
    sandbox: Sandbox = False,
    profile: Profile = None,
    train: Annotated[bool | None, typer.Option(help="Train a first version if there is none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring registry, dev and prod up, with data; in the sandbox also train and register a first version."""
    from mlops import commands  # noqa: PLC0415  # see _where

    result = commands.up(_where(sandbox, profile), train, console.say)
    console.show_json(result) if as_json else report.show_up(result)


@app.command()
def down(
    sandbox: Sandbox = False,
    profile: Profile = None,
    yes: Annotated[bool, typer.Option("--yes", help="In AWS: really delete models, data and stacks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the three stacks in the right order and stop the sandbox; says what is left, which should be nothing."""
    from mlops import commands  # noqa: PLC0415  # see _where

    if profile and not sandbox and not yes:
        raise UsageError("in AWS this deletes every model version and all data; say --yes if that is what you want")
    left = commands.down(_where(sandbox, profile), console.say)
    if as_json:
        console.show_json({"left": left})
    elif not left:
        console.show("Nothing is left in any account.")
    if left:
        raise CommandError("still there: " + "; ".join(left))


@app.command()
def bootstrap(sandbox: Sandbox = False, profile: Profile = None) -> None:
    """Make the deployment roles and the bucket of Pulumi's state: once, as an administrator, before the first `up`."""
    from mlops import commands  # noqa: PLC0415  # see _where
    from mlops.bootstrap import bootstrap as make  # noqa: PLC0415  # see _where

    make(commands.start_place(_where(sandbox, profile), console.say), console.say)


@app.command()
def status(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Show the three accounts with pending changes, the registered versions, the newest executions."""
    from mlops import commands  # noqa: PLC0415  # see _where
    from mlops.engine import Engine  # noqa: PLC0415  # see _where
    from mlops.status import read_status  # noqa: PLC0415  # see _where

    place = commands.find_place(_where(sandbox, profile))
    result = read_status(place, Engine(place))
    console.show_json(result) if as_json else report.show_status(result)


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
    from mlops import commands, runs  # noqa: PLC0415  # see _where

    parameters = dict(_pair(text) for text in param or [])
    place, environment = commands.find_place(_where(sandbox, profile)), _environment(stack)
    name = runs.pipeline_name(place, environment, pipeline, model)
    if wait:
        result = commands.run(place, environment, name, parameters, console.say)
    else:
        arn = runs.start(place, environment, name, parameters)
        result = runs.describe(place, environment, arn)
    console.show_json(result) if as_json else report.show_executions([result])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--param {text!r}: write NAME=VALUE")
    return name, value


@models_app.command("list")
def list_models(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """List every version, newest first."""
    from mlops import commands, versions  # noqa: PLC0415  # see _where

    found = versions.list_versions(commands.find_place(_where(sandbox, profile)))
    console.show_json(found) if as_json else report.show_models(found)


@models_app.command("show")
def show_model(
    version: Annotated[str, typer.Argument(help="its number, or its ARN")],
    model: ModelName = None,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show one version: who trained it, how good it is, who decided on it and why."""
    from mlops import commands, versions  # noqa: PLC0415  # see _where

    place = commands.find_place(_where(sandbox, profile))
    found = versions.describe(place, versions.version_arn(place, version, model))
    console.show_json(found) if as_json else report.show_model(found)


def _decide(status: str, version: str, reason: str, acting: str, model: str | None, where: Any, as_json: bool) -> None:
    from mlops import commands, versions  # noqa: PLC0415  # see _where

    place = commands.find_place(where)
    arn = versions.version_arn(place, version, model)
    versions.decide(place, arn, status, reason, _environment(acting))
    found = versions.describe(place, arn)
    console.show_json(found) if as_json else report.show_model(found)


@models_app.command()
def approve(
    version: Annotated[str, typer.Argument(help="its number, or its ARN")],
    reason: Reason,
    acting: ActingAs = "registry",
    model: ModelName = None,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Approve a version for inference. Only the registry account may."""
    _decide("Approved", version, reason, acting, model, _where(sandbox, profile), as_json)


@models_app.command()
def reject(
    version: Annotated[str, typer.Argument(help="its number, or its ARN")],
    reason: Reason,
    acting: ActingAs = "registry",
    model: ModelName = None,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Reject a version, so that it is not used, or not any more. Only the registry account may."""
    _decide("Rejected", version, reason, acting, model, _where(sandbox, profile), as_json)


@data_app.command("prepare")
def prepare(
    output: Annotated[Path | None, typer.Option(help="Folder to write to.")] = None, as_json: AsJson = False
) -> None:
    """Fetch the data set, verify it, and write the files that the accounts get."""
    from mlops.data import prepare_data  # noqa: PLC0415  # see _where

    prepared = prepare_data(console.say, output)
    files = [{"file": path.name, "bytes": path.stat().st_size, "path": str(path)} for path in prepared.files]
    if as_json:
        console.show_json({"files": files, "source": prepared.source})
    else:
        console.show_table(f"Data from {prepared.source}", ("file", "bytes", "path"), files, "no files")


@data_app.command("upload")
def upload(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Put the files where dev's and prod's pipelines read them; what is there already is left alone."""
    from mlops import commands  # noqa: PLC0415  # see _where
    from mlops.data import prepare_data, upload_data  # noqa: PLC0415  # see _where

    place = commands.find_place(_where(sandbox, profile))
    uploaded = upload_data(place, prepare_data(console.say), console.say)
    if as_json:
        console.show_json({"objects": uploaded})
    else:
        console.show_table("Objects", ("uri", "state"), uploaded, "no objects")


@app.command()
def env(sandbox: Sandbox = False, profile: Profile = None) -> None:
    """Print what to export so that `pulumi`, the AWS CLI and boto3 act as this command does (holds credentials)."""
    from mlops import commands, workspace  # noqa: PLC0415  # see _where

    place = commands.find_place(_where(sandbox, profile))
    for name, value in workspace.pulumi_environment(place).items():
        console.show(f"export {name}={shlex.quote(value)}")
    console.show(f"# then: pulumi -C {shlex.quote(str(workspace.work_folder(place)))} preview --stack dev --diff")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def pulumi(context: typer.Context, sandbox: Sandbox = False, profile: Profile = None) -> None:
    """Run `pulumi` as this command would: `mlops pulumi preview --stack dev --diff`."""
    from mlops import commands, workspace  # noqa: PLC0415  # see _where

    place = commands.find_place(_where(sandbox, profile))
    folder = workspace.work_folder(place)
    variables = {**os.environ, **workspace.pulumi_environment(place)}
    found = Path(workspace.pulumi_folder()) / "pulumi"
    raise typer.Exit(subprocess.run([found, "-C", folder, *context.args], env=variables, check=False).returncode)


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
