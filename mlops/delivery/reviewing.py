"""From the plans of a build to the comment that people decide from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mlops.delivery.plan_folder import PlanFolder
from mlops.failure import CommandError, UsageError
from mlops.review import github
from mlops.review.access import AccessProof
from mlops.review.comment import render

TITLE = "What this change does"
PUBLIC_API = "https://api.github.com"


def write_review(folder: PlanFolder, access: Path | None, build: str) -> str:
    """The review of every stack in the folder; raises :class:`CommandError` where there is none."""
    reviews = folder.reviews()
    if not reviews:
        raise CommandError(f"there is no review in {folder.path}: `mlops delivery plan` writes one for each stack")
    proof = None
    if access is not None and access.is_file():
        found = json.loads(access.read_text(encoding="utf-8"))
        proof = AccessProof(found["cases"], tuple(found["failed"]), tuple(found["unreviewed"]))
    return render(reviews, access=proof, title=TITLE, footer=[f"Build: {build}"])


def verdict(text: str) -> str:
    """The first line that a reader of the review sees, as plain text."""
    visible = (line for line in text.splitlines() if line.strip() and not line.startswith("<!--"))
    return next(visible).strip("#* ").removeprefix(f"{TITLE}: ")


def publish_comment(text: str, variables: Mapping[str, str]) -> str:
    """Write the comment, or write it anew, in the pull request that Jenkins builds; return its address.

    Jenkins' GitHub Branch Source gives ``CHANGE_URL`` and ``CHANGE_ID``; ``GITHUB_API_URL`` names another API than
    github.com's, and ``GITHUB_TOKEN`` is a credential of the stage.
    """
    missing = [name for name in ("CHANGE_URL", "CHANGE_ID", "GITHUB_TOKEN") if not variables.get(name)]
    if missing:
        raise UsageError(f"{', '.join(missing)} not set: the comment is published in builds of pull requests only")
    owner, repository = variables["CHANGE_URL"].split("/pull/")[0].rstrip("/").split("/")[-2:]
    return github.publish(
        text,
        api_url=variables.get("GITHUB_API_URL") or PUBLIC_API,
        repository=f"{owner}/{repository}",
        number=int(variables["CHANGE_ID"]),
        token=variables["GITHUB_TOKEN"],
    )
