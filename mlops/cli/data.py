"""`mlops data`: the data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops import console
from mlops.cli.options import AsJson, Profile, Sandbox, where

app = typer.Typer(no_args_is_help=True, help="The data set: prepare, upload.")


@app.command("prepare")
def prepare(
    output: Annotated[Path | None, typer.Option(help="Folder to write to.")] = None, as_json: AsJson = False
) -> None:
    """Fetch the data set, verify it, and write the files that the accounts get."""
    from mlops.data import prepare_data  # noqa: PLC0415  # see where

    prepared = prepare_data(console.say, output)
    files = [{"file": path.name, "bytes": path.stat().st_size, "path": str(path)} for path in prepared.files]
    if as_json:
        console.show_json({"files": files, "source": prepared.source})
    else:
        console.show_table(f"Data from {prepared.source}", ("file", "bytes", "path"), files, "no files")


@app.command("upload")
def upload(sandbox: Sandbox = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Put the files where dev's and prod's pipelines read them; what is there already is left alone."""
    from mlops import commands  # noqa: PLC0415  # see where
    from mlops.data import prepare_data, upload_data  # noqa: PLC0415  # see where

    place = commands.find_place(where(sandbox, profile))
    uploaded = upload_data(place, prepare_data(console.say), console.say)
    if as_json:
        console.show_json({"objects": uploaded})
    else:
        console.show_table("Objects", ("uri", "state"), uploaded, "no objects")
