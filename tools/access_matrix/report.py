"""The matrix for people: as a page of the documentation, and as lines on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from tools.access_matrix.cases import Judged
from tools.access_matrix.contexts import PLAIN
from tools.access_matrix.grant import asks_resource
from tools.access_matrix.process import FOLDER
from tools.access_matrix.universe import Request, Universe

PAGE = FOLDER.parent.parent / "docs" / "access-matrix.md"
HEAD = """# Who can reach what

Written by `make prove-access`, out of the documents that the three programs declare for the committed stack files; do
not edit. [security.md](security.md) says what the roles are for, and what the rows mean together. *By* names each
document and its statement. An administrator stands for whatever an account can give to its own identities; `…,
rewritten` is a role with an administrator's permissions.
"""


def decided_by(judged: Judged, universe: Universe) -> str:
    """The statements that allow or forbid a request; for an implicit refusal, the side on which no statement speaks."""
    answer, request = judged.answer, judged.case.request
    policy = universe.platform.resources[request.resource]["policy"]
    reasons = answer["grants"] if answer["result"] == "Allowed" else answer["denials"]
    if reasons:
        return "; ".join(dict.fromkeys(f"{name or policy}#{sid}" for _, name, sid in reasons))
    silent = []
    if universe.platform.principals[request.principal]["policies"] and answer["identity"] != "Allowed":
        silent.append("no statement of its own")
    if asks_resource(universe, request) and answer["resource"] != "Allowed":
        silent.append(f"none in {policy}" if policy else "the resource has no policy")
    return ", ".join(silent)


def page(universe: Universe, judged: list[Judged], across: Iterable[Request]) -> str:
    """The whole of docs/access-matrix.md."""
    kept = [(True, "May"), (False, "May not, and why")]
    parts = [HEAD]
    for allowed, title in kept:
        chosen = [one for one in judged if one.case.allowed == allowed]
        parts.append(f"## {title} ({len(chosen)})\n")
        for section, rows in groupby(chosen, key=lambda one: one.case.section):
            last = "by" if allowed else "why | by"
            rule = "|---" * (5 if allowed else 6)
            parts.append(f"### {section}\n\n| who | action | on | when | {last} |\n{rule}|")
            parts += [_row(one, universe) for one in rows]
            parts.append("")
    reviewed = sorted(across)
    parts.append(
        f"## Everything allowed across accounts\n\nReviewed in `tools/access-proof/allowed-across-accounts.json`"
        f" ({len(reviewed)} requests); by identities, in short:\n\n| who | on | actions |\n|---|---|---|"
    )
    mine: dict[tuple[str, str], list[str]] = {}
    for request in reviewed:
        if universe.platform.principals[request.principal]["account"] != "AWS":
            when = f" ({request.context})" if request.context != PLAIN else ""
            mine.setdefault((request.principal, request.resource), []).append(f"`{request.action}`{when}")
    parts += [f"| {who} | {what} | {', '.join(actions)} |" for (who, what), actions in sorted(mine.items())]
    return "\n".join(parts) + "\n"


def line(judged: Judged, universe: Universe) -> str:
    """One case on the terminal."""
    request = judged.case.request
    mark = "ok  " if judged.kept else "FAIL"
    answer = "may" if judged.answer["result"] == "Allowed" else "may not"
    when = "" if request.context == PLAIN else f" ({request.context})"
    what = f"{request.principal} {answer} {request.action} on {request.resource}{when}"
    return f"{mark} {what}: {decided_by(judged, universe)}"


def _row(judged: Judged, universe: Universe) -> str:
    request = judged.case.request
    cells = [
        request.principal,
        f"`{request.action}`",
        request.resource,
        "" if request.context == PLAIN else request.context,
    ]
    if not judged.case.allowed:
        cells.append(judged.case.why)
    return f"| {' | '.join([*cells, decided_by(judged, universe)])} |"
