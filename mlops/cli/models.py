"""`mlops models`: versions in the registry."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlops import console, tables
from mlops.cli.options import AsJson, ModelName, Profile, Sandbox, environment_named, where

app = typer.Typer(no_args_is_help=True, help="Versions in the registry: list, show, approve, reject.")

Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the version.")]
ActingAs = Annotated[str, typer.Option("--as", help="The account whose credentials are used: registry, dev or prod.")]


@app.command("list")
def list_models(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """List every version, newest first."""
    from mlops import commands, versions  # noqa: PLC0415  # see where

    found = versions.list_versions(commands.find_place(where(sandbox, profile)))
    console.show_json(found) if as_json else tables.show_models(found)


@app.command("show")
def show_model(
    version: Annotated[str, typer.Argument(help="its number, or its ARN")],
    model: ModelName = None,
    sandbox: Sandbox = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show one version: who trained it, how good it is, who decided on it and why."""
    from mlops import commands, versions  # noqa: PLC0415  # see where

    place = commands.find_place(where(sandbox, profile))
    found = versions.describe(place, versions.version_arn(place, version, model))
    console.show_json(found) if as_json else tables.show_model(found)


def _decide(
    status: str, version: str, reason: str, acting: str, model: str | None, place_of: Any, as_json: bool
) -> None:
    from mlops import commands, versions  # noqa: PLC0415  # see where

    place = commands.find_place(place_of)
    arn = versions.version_arn(place, version, model)
    versions.decide(place, arn, status, reason, environment_named(acting))
    found = versions.describe(place, arn)
    console.show_json(found) if as_json else tables.show_model(found)


@app.command()
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
    _decide("Approved", version, reason, acting, model, where(sandbox, profile), as_json)


@app.command()
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
    _decide("Rejected", version, reason, acting, model, where(sandbox, profile), as_json)
