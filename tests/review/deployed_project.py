"""The three accounts, up in a sandbox of their own, and previews of edited copies of the project against them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from pulumi import automation

from infra.settings import ENVIRONMENTS
from mlops.bootstrap import bootstrap
from mlops.engine import Engine
from mlops.engine_noise import strip
from mlops.place import Place
from mlops.project import ROOT, load_settings
from mlops.review.collect import Collector
from mlops.review.model import StackReview
from sandbox import process

CODE = ("infra", "stacks", "ml", "policy-pack")
Edit = Callable[[Path], None]


@contextmanager
def deployed(folder: Path) -> Iterator[Engine]:
    """The engine of a sandbox in which registry, dev and prod are up; stopped and forgotten at the end."""
    path = os.environ["PATH"]
    try:
        server = process.start(folder, port=0)
        engine = Engine(Place(settings=load_settings(), folder=folder, endpoint_url=server.endpoint_url), judged=False)
        bootstrap(engine.place, str)
        for environment in ENVIRONMENTS:
            engine.up(environment, str)
        yield engine
    finally:
        os.environ["PATH"] = path
        process.stop(folder)


def preview(engine: Engine, folder: Path, edit: Edit) -> list[StackReview]:
    """The reviews of the three stacks of a copy of the project that differs by an edit."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Pulumi.yaml", *(f"Pulumi.{environment}.yaml" for environment in ENVIRONMENTS)):
        shutil.copy2(engine.folder / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    edit(folder)
    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        return list(pool.map(lambda environment: _review(engine, folder, environment), ENVIRONMENTS))


def refresh(engine: Engine) -> list[StackReview]:
    """What differs in the cloud from what was deployed."""
    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        return list(pool.map(lambda environment: _compare(engine, environment), ENVIRONMENTS))


def replace(folder: Path, name: str, old: str, new: str) -> None:
    """Edit one file of a copy; the old text must be there."""
    path = folder / name
    text = path.read_text()
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new))


def compile_definitions(folder: Path) -> None:
    """`make definitions` in a copy."""
    subprocess.run(
        [ROOT / ".venv-definitions" / "bin" / "python", "-m", "ml.compile"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        check=True,
    )


def _review(engine: Engine, folder: Path, environment: str) -> StackReview:
    options = automation.LocalWorkspaceOptions(env_vars={**engine.variables, "PYTHONPATH": str(folder)})
    stack = automation.select_stack(environment, work_dir=str(folder), opts=options)
    collector = Collector(environment)
    try:
        stack.preview(on_event=collector.on_event, color="never", policy_packs=[str(folder / "policy-pack")])
    except automation.CommandError as error:
        return collector.finish(strip(str(error)))
    return collector.finish(None)


def _compare(engine: Engine, environment: str) -> StackReview:
    options = automation.LocalWorkspaceOptions(env_vars=engine.variables)
    stack = automation.select_stack(environment, work_dir=str(engine.folder), opts=options)
    collector = Collector(environment)
    stack.preview_refresh(on_event=collector.on_event, color="never")
    return collector.finish(None)
