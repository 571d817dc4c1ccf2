"""What the commands do, one function each; ``mlops/cli`` parses the line and prints."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.settings import ENVIRONMENTS, Environment, SettingsError
from ml import model as models
from mlops import runs, teardown, versions
from mlops.bootstrap import bootstrap
from mlops.data import prepare_data, upload_data
from mlops.engine import Engine, Outcome
from mlops.failure import CommandError, UsageError
from mlops.jenkins_account import remove_controller
from mlops.leftovers import leftovers
from mlops.place import Place, sandbox_folder, sandbox_port
from mlops.project import load_settings
from mlops.sandbox_doors import read_outbox
from sandbox import process

Say = Callable[[str], None]
REPORT = "report.html"


@dataclass(frozen=True)
class Where:
    """What the user said about where to act."""

    sandbox: bool = False
    profile: str | None = None


def find_place(where: Where) -> Place:
    """The sandbox if one runs and no profile is named, else AWS."""
    place = _place(where)
    if where.profile and not where.sandbox:
        return place
    running = process.find(sandbox_folder())
    if running is None:
        raise UsageError(
            "no sandbox runs for this checkout: start one with `mlops up`, or name an AWS profile with --profile"
        )
    return replace(place, folder=sandbox_folder(), endpoint_url=running.endpoint_url, profile=None)


def _place(where: Where) -> Place:
    try:
        return Place(settings=load_settings(), profile=where.profile)
    except SettingsError as error:
        raise UsageError(str(error)) from error


def start_place(where: Where, say: Say) -> Place:
    """As :func:`find_place`, but a sandbox that does not run is started. Settings are checked before that."""
    place = _place(where)
    if where.profile and not where.sandbox:
        return place
    folder, port = sandbox_folder(), sandbox_port()
    was_running = process.find(folder) is not None
    try:
        running = process.start(folder, port)
    except process.SandboxError as error:
        raise CommandError(str(error)) from error
    say(f"sandbox {'runs' if was_running else 'started'} at {running.endpoint_url}")
    return replace(place, folder=folder, endpoint_url=running.endpoint_url, profile=None)


def up(where: Where, train: bool | None, say: Say) -> dict[str, Any]:
    """Bring the three accounts up, with data; train a first version where there is none and ``train`` is not False."""
    # A damaged data file, like wrong settings, must be known before anything is touched.
    data = prepare_data(say)
    place = start_place(where, say)
    bootstrap(place, say)
    engine = Engine(place)
    outcomes = {"registry": engine.up("registry", say)}
    say(f"registry: {outcomes['registry']}")
    with ThreadPoolExecutor(2) as pool:
        environments: tuple[Environment, ...] = ("dev", "prod")
        for environment, outcome in zip(environments, pool.map(lambda e: engine.up(e, say), environments), strict=True):
            outcomes[environment] = outcome
            say(f"{environment}: {outcome}")
    upload_data(place, data, say)
    execution = None
    wanted = place.is_sandbox if train is None else train
    if wanted and not versions.list_versions(place):
        execution = train_once(place, say)
    return {
        "place": "sandbox" if place.is_sandbox else "aws",
        "endpoint_url": place.endpoint_url,
        "stacks": {
            environment: {
                "account_id": place.settings[environment].account_id,  # type: ignore[index]
                "resources": outcome.resources,
                "changes": outcome.changed,
            }
            for environment, outcome in outcomes.items()
        },
        "execution": execution,
        "models": versions.list_versions(place),
    }


def preview(where: Where, say: Say) -> dict[str, Any]:
    """Preview the three stacks under the policy pack; raises :class:`CommandError` with all that it has against any."""
    engine = Engine(find_place(where))

    def judge(environment: Environment) -> Outcome | CommandError:
        try:
            return engine.judge(environment, say)
        except CommandError as error:
            return error

    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        found = dict(zip(ENVIRONMENTS, pool.map(judge, ENVIRONMENTS), strict=True))
    stopped = [str(outcome) for outcome in found.values() if isinstance(outcome, CommandError)]
    outcomes = {environment: outcome for environment, outcome in found.items() if isinstance(outcome, Outcome)}
    for environment, outcome in outcomes.items():
        say(f"{environment}: {outcome}")
    if stopped:
        raise CommandError("\n".join(stopped))
    return {e: {"resources": outcome.resources, "changes": outcome.changed} for e, outcome in outcomes.items()}


def train_once(place: Place, say: Say) -> dict[str, Any]:
    """Run dev's train pipeline and wait for it; raises :class:`CommandError` with the reason if it fails."""
    pipeline = runs.pipeline_name(place, "dev", "train", place.settings["dev"].models[0])
    return run(place, "dev", pipeline, {}, say)


def run(place: Place, environment: Environment, pipeline: str, parameters: dict[str, str], say: Say) -> dict[str, Any]:
    """Start a pipeline and wait for it."""
    arn = runs.start(place, environment, pipeline, parameters)
    say(f"{environment}: started {arn}")
    ended = runs.watch(place, environment, arn, say)
    say(f"{environment}: {pipeline} {ended['status']} after {ended['seconds']} s")
    if ended["status"] != "Succeeded":
        raise CommandError(f"{pipeline} {ended['status']}: {ended['reason']}\nexecution {arn}")
    return ended


def demo(where: Where, say: Say) -> dict[str, Any]:
    """Play the whole story in the sandbox, which is brought up first; ends with the report."""
    from mlops.demo import Demo  # noqa: PLC0415  # a template engine that no other command needs

    if where.profile and not where.sandbox:
        raise UsageError("the demo plays in the sandbox only: leave --profile out, or say --sandbox")
    up(where, True, say)
    place = find_place(where)
    chapters = Demo(place, prepare_data(say), say).tell()
    mail = [message for message in read_outbox(place) if "rift" in (message["subject"] or "")]
    return {"chapters": chapters, "mail": mail[-2:], "report": str(write_report(place, None, None))}


def write_report(place: Place, output: Path | None, model: str | None) -> Path:
    """Write the HTML report; without a path beside the sandbox's files, or where the command was called."""
    from mlops.page.facts import read_facts  # noqa: PLC0415  # a template engine that no other command needs
    from mlops.page.page import render  # noqa: PLC0415  # see above

    path = output or (place.folder or Path.cwd()) / REPORT
    now = datetime.now(UTC).isoformat(timespec="seconds")
    chosen = runs.model_name(place, "registry", model)
    path.write_text(render(read_facts(place, now), models.load(chosen)), encoding="utf-8")
    return path


def down(where: Where, say: Say) -> list[str]:
    """Take everything down and stop the sandbox; returns what is left, which should be nothing."""
    if where.profile and not where.sandbox:
        place = _place(where)
    elif process.find(sandbox_folder()) is None and not (sandbox_folder() / "pulumi-state").exists():
        say("no sandbox here: nothing to take down")
        return []
    else:
        # A sandbox that was stopped, or killed, keeps its accounts on disk: they are taken down all the same.
        place = start_place(where, say)
    teardown.take_down(place, Engine(place), say)
    left = leftovers(place)
    if place.folder is not None and not left:
        remove_controller(place)
        try:
            process.stop(place.folder)
        except process.SandboxError as error:
            raise CommandError(str(error)) from error
        say("sandbox stopped")
    return left
