"""What goes from the build that plans to the approver and to the deployment: plans, reviews, the approval."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.settings import ENVIRONMENTS, Environment
from mlops.failure import CommandError
from mlops.review.model import StackReview


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Who let which plans into prod, and when (UTC)."""

    by: str
    at: str
    build: str
    commit: str
    plans: dict[str, str]


@dataclass(frozen=True)
class PlanFolder:
    """``<path>/<environment>/plan.json`` and ``review.json`` of each stack, and ``<path>/approval.json``."""

    path: Path

    def plan(self, environment: Environment) -> Path:
        """Where a stack's plan is, or is to be."""
        return self.path / environment / "plan.json"

    def write(self, environment: Environment, review: StackReview) -> None:
        """Keep a review."""
        path = self._review(environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(review.as_json(), indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def read(self, environment: Environment) -> StackReview:
        """A stack's review; raises :class:`CommandError` if the stack was not planned."""
        path = self._review(environment)
        if not path.is_file():
            raise CommandError(f"{environment}: nothing was planned; there is no {path}")
        return StackReview.from_json(json.loads(path.read_text(encoding="utf-8")))

    def reviews(self) -> list[StackReview]:
        """The reviews that are there, in the order of deployment."""
        return [self.read(environment) for environment in ENVIRONMENTS if self._review(environment).is_file()]

    def approve(self, by: str, at: str, build: str) -> Approval:
        """Write down who approved the plans as they are here."""
        if not by:
            raise CommandError("an approval needs a name: --by")
        reviews = [review for review in self.reviews() if review.plan_digest]
        if not reviews:
            raise CommandError(f"there is no plan in {self.path} to approve")
        plans = {review.stack: str(review.plan_digest) for review in reviews}
        approval = Approval(by=by, at=at, build=build, commit=str(reviews[0].commit), plans=plans)
        text = json.dumps(asdict(approval), indent=1, sort_keys=True) + "\n"
        (self.path / "approval.json").write_text(text, encoding="utf-8")
        return approval

    def approval(self) -> Approval:
        """The approval; raises :class:`CommandError` if nobody approved."""
        path = self.path / "approval.json"
        if not path.is_file():
            raise CommandError(f"nobody has approved these plans: there is no {path}")
        return Approval(**json.loads(path.read_text(encoding="utf-8")))

    def _review(self, environment: Environment) -> Path:
        return self.path / environment / "review.json"


def digest_of_file(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of_state(deployment: Mapping[str, Any]) -> str:
    """sha256 of a stack's state, given as `pulumi stack export` has it.

    A plan says what will be done, and not to which state: https://www.pulumi.com/docs/iac/concepts/update-plans/
    """
    return hashlib.sha256(json.dumps(deployment, sort_keys=True).encode()).hexdigest()
