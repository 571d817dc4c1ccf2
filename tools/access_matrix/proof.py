"""The three layers together: cases, reviewed sets, linter."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from mlops.project import load_settings
from tools.access_documents.reading import read_platform
from tools.access_matrix import golden
from tools.access_matrix.cases import Judged, judge, read_cases
from tools.access_matrix.findings import lint, unexplained
from tools.access_matrix.process import ask
from tools.access_matrix.universe import Request, Universe, universe


@dataclass
class Proof:
    """What the three layers found."""

    universe: Universe
    judged: list[Judged] = field(default_factory=list)
    across: set[Request] = field(default_factory=set)
    within: set[Request] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def unreviewed(self) -> list[str]:
        """Differences from the reviewed sets."""
        return [
            *golden.differences(golden.read(golden.ACROSS), self.across),
            *golden.differences(golden.read(golden.WITHIN), self.within),
        ]

    def summary(self) -> dict[str, Any]:
        """What a reviewer of a change is told of it, as JSON values."""
        failed = [
            f"{'' if judged.case.allowed else 'not '}{judged.case.request.principal}: {judged.case.request.action} on "
            f"{judged.case.request.resource}"
            for judged in self.judged
            if not judged.kept
        ]
        return {
            "cases": len(self.judged),
            "failed": [*failed, *self.ignored, *self.findings],
            "unreviewed": self.unreviewed,
        }


def prove(exports: Sequence[str] = ()) -> Proof:
    """Judge the platform of the committed stack files, or of three exports, on all three layers."""
    platform = read_platform(exports)
    own = dict(platform.documents)
    everything = universe(platform, load_settings()["prod"])
    proof = Proof(everything)
    requests = [*everything.across, *everything.within]
    # Each waits for a process of its own.
    with ThreadPoolExecutor() as pool:
        judging = pool.submit(judge, everything, read_cases())
        linting = pool.submit(lint, own, platform.kinds)
        found = ask("evaluate", everything.model(requests, detailed=[], checkKeys=True))
    proof.judged, proof.findings = judging.result(), unexplained(linting.result())
    allowed = {request for request, answer in zip(requests, found["answers"], strict=True) if answer}
    proof.across, proof.within = allowed & set(everything.across), allowed & set(everything.within)
    proof.ignored = sorted(
        {f"{requests[position].action} is never sent with {key}" for position, key in found["ignored"]}
    )
    return proof
