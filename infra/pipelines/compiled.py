"""Compiled pipeline definitions, images and scripts, read from ``ml`` as values."""

from __future__ import annotations

import json
from pathlib import Path

import ml

ROOT = Path(ml.__file__).parent
SCRIPTS = ROOT / "steps"
FUNCTIONS = ROOT / "functions"


def function(name: str) -> Path:
    """The file of a Lambda function of the platform's own name for it."""
    return FUNCTIONS / f"{name.replace('-', '_')}.py"


def template(model: str, pipeline: str) -> str:
    """The compiled definition of one of a model's pipelines, with ``${name}`` where an account's values go."""
    return (ROOT / "definitions" / model / f"{pipeline}.json").read_text(encoding="utf-8")


def images(region: str) -> dict[str, str] | None:
    """URIs of SageMaker's own containers in a region by framework, or None where SageMaker publishes none."""
    published: dict[str, dict[str, str]] = json.loads(
        (ROOT / "definitions" / "images.json").read_text(encoding="utf-8")
    )
    return published.get(region)
