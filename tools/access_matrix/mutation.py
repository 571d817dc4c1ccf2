"""The test of the proof: of the mutants that change what somebody can do, how many does a layer notice?"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mlops.project import load_settings
from tools.access_documents.reading import read_platform
from tools.access_matrix.cases import read_cases
from tools.access_matrix.findings import known_findings, lint
from tools.access_matrix.mutant import Mutant, listed, mutants
from tools.access_matrix.process import FOLDER, ask
from tools.access_matrix.universe import ALSO_APPLICABLE, Request, Universe, universe
from tools.access_matrix.witness import Witnesses

LEAST_NOTICED = 0.95
SURVIVORS = FOLDER / "survivors.toml"


@dataclass
class Outcome:
    """What became of the mutants; a survivor changes something and nobody notices."""

    total: int = 0
    by_cases: list[str] = field(default_factory=list)
    by_sets: list[str] = field(default_factory=list)
    by_linter: list[str] = field(default_factory=list)
    without_effect: list[str] = field(default_factory=list)
    survivors: dict[str, str] = field(default_factory=dict)  # mutant → a request that it answers differently

    @property
    def caught(self) -> int:
        """Mutants that a layer noticed."""
        return len(self.by_cases) + len(self.by_sets) + len(self.by_linter)

    @property
    def rate(self) -> float:
        """Of the mutants that change something, the part that was noticed."""
        return self.caught / max(1, self.caught + len(self.survivors))

    def told(self) -> str:
        """The totals in a line."""
        return (
            f"{self.total} mutants: {len(self.without_effect)} change nothing; of the others {self.rate:.1%} are "
            f"noticed ({len(self.by_cases)} by a case, {len(self.by_sets)} by a reviewed set alone, "
            f"{len(self.by_linter)} by the linter alone), {len(self.survivors)} survive"
        )


def known_survivors() -> dict[str, str]:
    """Patterns of mutants that survive, with the reason."""
    rows = tomllib.loads(SURVIVORS.read_text(encoding="utf-8")).get("survivor", [])
    return {row["mutant"]: row["reason"] for row in rows}


def unexplained_survivors(outcome: Outcome) -> list[str]:
    """Survivors that no listed pattern covers."""
    patterns = [pattern.replace("[", "[[]") for pattern in known_survivors()]
    return [
        f"{name}: {request}"
        for name, request in outcome.survivors.items()
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def all_mutants(seed: int | None = None, sample: int | None = None) -> tuple[Universe, list[Mutant]]:
    """The universe, and every mutant of its declared documents, or a seeded sample of them."""
    platform = read_platform()
    own = dict(platform.documents)
    everything = universe(platform, load_settings()["prod"])
    found = [mutant for name, document in sorted(own.items()) for mutant in mutants(name, document)]
    if sample is not None:
        chosen = random.Random(seed).sample(range(len(found)), sample)  # noqa: S311  # a sample, not a secret
        found = [found[position] for position in sorted(chosen)]
    return everything, found


def run(everything: Universe, found: Sequence[Mutant]) -> Outcome:
    """Judge every mutant by the cases, the reviewed sets and the linter, and by requests of its own."""
    platform = everything.platform
    witnesses = Witnesses(platform, found)
    asked: dict[Request, int] = {}
    cases = {case.request for case in read_cases()}
    layers = list(dict.fromkeys([*sorted(cases), *everything.across, *everything.within]))
    questions = []
    by_document = _by_document(everything, layers)
    for mutant in found:
        touched = [request for request in by_document.get(mutant.document, []) if _speaks(mutant, request.action)]
        first = [request for request in touched if request in cases]
        own = [Request(*request) for request in witnesses.requests(mutant)]
        questions.append(
            [[asked.setdefault(request, len(asked)) for request in part] for part in (first, touched, own)]
        )
    model = everything.model(list(asked), detailed=[])
    model["resources"] = {**platform.resources, **witnesses.resources}
    model["contexts"] = {**everything.contexts, **witnesses.contexts}
    model["alsoApplicable"] = ALSO_APPLICABLE
    model["mutants"] = [
        {
            "document": m.document,
            "policy": m.policy(platform.documents[m.document]),
            "requests": positions[:2],
            "witnesses": positions[2],
        }
        for m, positions in zip(found, questions, strict=True)
    ]
    requests = list(asked)
    outcome = Outcome(total=len(found))
    linted = _linted(everything, found)
    for position, (mutant, firsts) in enumerate(zip(found, ask("evaluate", model)["changes"], strict=True)):
        by_case, by_set, by_witness = firsts
        if by_case >= 0:
            outcome.by_cases.append(mutant.name)
        elif by_set >= 0:
            outcome.by_sets.append(mutant.name)
        elif by_witness < 0:
            outcome.without_effect.append(mutant.name)
        elif position in linted:
            outcome.by_linter.append(mutant.name)
        else:
            outcome.survivors[mutant.name] = str(tuple(requests[by_witness]))
    return outcome


def _by_document(everything: Universe, requests: Sequence[Request]) -> dict[str, list[Request]]:
    """The requests that each document is part of the answer to."""
    found: dict[str, list[Request]] = {}
    for request in requests:
        principal = everything.platform.principals[request.principal]
        policy = everything.platform.resources[request.resource]["policy"]
        for document in (*principal["policies"], *([policy] if policy else [])):
            found.setdefault(document, []).append(request)
    return found


def _speaks(mutant: Mutant, action: str) -> bool:
    patterns = [*listed(mutant.original["Action"]), *listed((mutant.changed or {}).get("Action"))]
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _linted(everything: Universe, found: Sequence[Mutant]) -> set[int]:
    """Positions of the mutants about which the linter says something that is not listed."""
    platform = everything.platform
    known = known_findings()
    documents = {str(n): {"Version": "2012-10-17", "Statement": [m.changed]} for n, m in enumerate(found) if m.changed}
    kinds = {name: platform.kinds[found[int(name)].document] for name in documents}
    return {int(one["document"]) for one in lint(documents, kinds) if (one["problem"], one["subject"]) not in known}
