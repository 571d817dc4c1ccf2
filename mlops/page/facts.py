"""What the HTML report shows, read from the three accounts."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from infra.settings import Environment
from ml import model as models
from mlops import runs, versions
from mlops.failure import CommandError
from mlops.place import Place
from mlops.sandbox_doors import read_clock, read_outbox

READERS = 8
OUTCOMES = {  # end of a step's name → what it means that the step failed
    "-DataDrift": "drift",
    "-BadInput": "bad input",
    "-NoApprovedModel": "no approved model",
    "-AUCFail": "below the threshold",
}
TRAINING_ENVIRONMENTS: tuple[Environment, ...] = ("dev", "prod")


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Plain data, oldest first; ``checks`` has the batch check report of each execution that wrote one."""

    place: str
    now: str
    versions: list[dict[str, Any]]
    evaluations: dict[str, dict[str, Any]]  # by the version's ARN
    executions: list[dict[str, Any]]
    checks: dict[str, dict[str, Any]]  # by the execution's ARN
    mail: list[dict[str, Any]]


def read_facts(place: Place, now: str) -> Facts:
    """Read everything, several things at a time; ``now`` is shown where there is no sandbox to ask."""
    with ThreadPoolExecutor(READERS) as pool:
        listed = pool.map(lambda environment: runs.list_executions(place, environment), TRAINING_ENVIRONMENTS)
        found = versions.list_versions(place)
        executions = sorted((e for part in listed for e in part), key=lambda execution: str(execution["started"]))
        evaluated = [version for version in found if version["evaluation"]]
        reports = pool.map(lambda v: versions.read_report(place, "registry", v["evaluation"]), evaluated)
        evaluations = {version["arn"]: report for version, report in zip(evaluated, reports, strict=True)}
        checks = zip(executions, pool.map(lambda execution: _check(place, execution), executions), strict=True)
        return Facts(
            place="the sandbox" if place.is_sandbox else "AWS",
            now=str(read_clock(place)["now"]) if place.is_sandbox else now,
            versions=sorted(found, key=lambda version: str(version["created"])),
            evaluations=evaluations,
            executions=[{**execution, "outcome": outcome(execution)} for execution in executions],
            checks={execution["arn"]: check for execution, check in checks if check},
            mail=read_outbox(place) if place.is_sandbox else [],
        )


def outcome(execution: Mapping[str, Any]) -> str:
    """One or two words for how an execution ended."""
    if execution["status"] != "Failed":
        return str(execution["status"]).lower()
    failed = [name for name, status in execution["steps"].items() if status == "Failed"]
    known = [meaning for name in failed for end, meaning in OUTCOMES.items() if name.endswith(end)]
    return known[0] if known else "failed"


def _check(place: Place, execution: Mapping[str, Any]) -> dict[str, Any] | None:
    """The batch check's report of an execution whose check ran."""
    if not any(name.endswith("-BatchCheck") and status == "Succeeded" for name, status in execution["steps"].items()):
        return None
    environment: Environment = execution["environment"]
    for name in place.settings[environment].models:
        model = models.load(name)
        if execution["pipeline"] == place.names.pipeline_name(model.inference_pipeline_name, environment):
            folder = f"s3://{place.names.data_bucket(environment)}/{model.model_name}/executions"
            identity = execution["arn"].rsplit("/", 1)[1]
            return versions.read_report(place, environment, f"{folder}/{identity}/check/batch_check.json")
    raise CommandError(f"{execution['pipeline']} belongs to no model of {environment}")
