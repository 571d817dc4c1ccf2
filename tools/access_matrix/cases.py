"""The named cases: what must be allowed, and what must be refused and why."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.access_matrix.contexts import PLAIN
from tools.access_matrix.process import FOLDER, ask
from tools.access_matrix.universe import Request, Universe

CASES = FOLDER / "cases.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One promise; ``why`` is given for refusals."""

    section: str
    request: Request
    allowed: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what the engine says of it, and the context keys that AWS would not send."""

    case: Case
    answer: Mapping[str, Any]
    ignored: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether the promise holds, and was judged on what it says."""
        return (self.answer["result"] == "Allowed") == self.case.allowed and not self.ignored


def read_cases() -> list[Case]:
    """The committed cases; raises KeyError for one that lacks a part, ValueError for a refusal without a reason."""
    content = tomllib.loads(CASES.read_text(encoding="utf-8"))
    cases = []
    for kind in ("allowed", "refused"):
        for row in content[kind]:
            request = Request(row["who"], row["action"], row["resource"], row.get("when", PLAIN))
            if kind == "refused" and not row.get("why"):
                raise ValueError(f"a refusal needs its reason: {request}")
            cases.append(
                Case(section=row["section"], request=request, allowed=kind == "allowed", why=row.get("why", ""))
            )
    return cases


def judge(universe: Universe, cases: list[Case]) -> list[Judged]:
    """Ask the engine about every case; raises ValueError for a name that the platform does not have."""
    platform = universe.platform
    for case in cases:
        known = (platform.principals, None, platform.resources, universe.contexts)
        for name, names in zip(case.request, known, strict=True):
            if names is not None and name not in names:
                raise ValueError(f"{case.request}: there is no {name!r}; see `python -m tools.access_matrix names`")
    requests = [case.request for case in cases]
    found = ask("evaluate", universe.model(requests, detailed=list(range(len(requests))), checkKeys=True))
    ignored: dict[int, list[str]] = {}
    for position, key in found["ignored"]:
        ignored.setdefault(position, []).append(key)
    return [
        Judged(case, found["details"][str(position)], tuple(ignored.get(position, ())))
        for position, case in enumerate(cases)
    ]
