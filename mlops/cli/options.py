"""Options that commands share, and where they say to act."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlops.failure import UsageError

Sandbox = Annotated[bool, typer.Option("--sandbox", help="Act in the sandbox, even if a profile is named.")]
Profile = Annotated[
    str | None, typer.Option("--profile", envvar="AWS_PROFILE", help="Act in AWS, with this profile of ~/.aws/config.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ModelName = Annotated[str | None, typer.Option("--model", help="Which model, where there is more than one.")]


def where(sandbox: bool, profile: str | None) -> Any:
    """Where the user says to act."""
    from mlops.commands import Where  # noqa: PLC0415  # keeps `mlops --help` from loading AWS and Pulumi

    return Where(sandbox=sandbox, profile=profile)


def environment_named(name: str) -> Any:
    """One of the three accounts, or :class:`UsageError`."""
    from infra.settings import ENVIRONMENTS  # noqa: PLC0415  # see above

    if name not in ENVIRONMENTS:
        raise UsageError(f"there is no account {name!r}; write one of {', '.join(ENVIRONMENTS)}")
    return name
