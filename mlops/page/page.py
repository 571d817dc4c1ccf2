"""Write the HTML report: one file that needs nothing beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ml.model import Model
from mlops.page import charts
from mlops.page.facts import Facts

SHOWN_CHECKS = 12
COMPARED_VERSIONS = 4  # as many as there are colours


def render(facts: Facts, model: Model) -> str:
    """The page's text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    checked = [execution for execution in facts.executions if execution["arn"] in facts.checks][-SHOWN_CHECKS:]
    drifted = [execution for execution in checked if execution["outcome"] == "drift"]
    compared = {
        f"version {version['version']}": facts.evaluations[version["arn"]]
        for version in facts.versions[-COMPARED_VERSIONS:]
        if version["arn"] in facts.evaluations
    }
    return environment.get_template("page.html").render(
        facts=facts,
        model=model,
        checked=checked,
        last_drift=_with_check(facts, drifted[-1]) if drifted else None,
        compared=compared,
        charts=charts,
        decided=[version for version in facts.versions if version["reason"]],
    )


def _with_check(facts: Facts, execution: dict[str, Any]) -> dict[str, Any]:
    return {**execution, "check": facts.checks[execution["arn"]]}
