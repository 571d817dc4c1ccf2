"""A preview of prod that changes nothing, beside that of a program which does nothing but import pulumi_aws."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.measurement import Measurement, MeasurementError
from mlops.engine import Engine
from mlops.project import ROOT

REPEATS = 5
GOAL_RATIO = 1.5
PROJECT = "name: empty\nruntime:\n  name: python\n  options:\n    virtualenv: .venv\n"
# Its own region and credentials come from the environment, as the settings of prod's provider do from its stack file.
PROGRAM = """import pulumi_aws

pulumi_aws.Provider(
    "aws", region="{region}", skip_metadata_api_check=True, skip_region_validation=True, s3_use_path_style=True
)
"""

Say = Callable[[str], None]


def measure(engine: Engine, say: Say) -> list[Measurement]:
    """Both previews in turn, several times, after one of each that warms what is kept between runs."""
    folders = {"prod": engine.folder, "empty": _deploy_empty(engine)}
    taken: dict[str, list[float]] = {stack: [] for stack in folders}
    for number in range(REPEATS + 1):
        for stack, folder in folders.items():
            started = time.monotonic()
            run_pulumi(engine, folder, "preview", "--stack", stack, "--expect-no-changes")
            seconds = time.monotonic() - started
            if number:
                taken[stack].append(seconds)
    prod, empty = statistics.median(taken["prod"]), statistics.median(taken["empty"])
    say(f"previews: prod {prod:.2f} s, empty {empty:.2f} s")
    return [
        Measurement(
            name="no-change preview of prod / of an empty AWS program",
            value=prod / empty,
            goal=GOAL_RATIO,
            unit="times",
            details={"prod (s)": prod, "empty (s)": empty},
        )
    ]


def _deploy_empty(engine: Engine) -> Path:
    folder = engine.folder.parent / "empty"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    program = PROGRAM.format(region=engine.place.settings["prod"].region)
    (folder / "__main__.py").write_text(program, encoding="utf-8")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    run_pulumi(engine, folder, "stack", "init", "empty")
    run_pulumi(engine, folder, "up", "--stack", "empty", "--yes", "--skip-preview")
    return folder


def run_pulumi(engine: Engine, folder: Path, *arguments: str) -> str:
    """Run `pulumi` to its end and return what it printed; raises :class:`MeasurementError`."""
    command = ["pulumi", "-C", str(folder), *arguments, "--non-interactive", "--color", "never"]
    # Engine has put `pulumi` first on this process's own PATH.
    done = subprocess.run(command, env={**os.environ, **engine.variables}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
