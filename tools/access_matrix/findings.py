"""The linter's layer: names in the documents that AWS does not know, but for those that are listed with a reason."""

from __future__ import annotations

import tomllib

from tools.access_documents.model import Document, Kind
from tools.access_matrix.process import FOLDER, ask

KNOWN = FOLDER / "known-findings.toml"
Finding = tuple[str, str, str]


def known_findings() -> dict[tuple[str, str], str]:
    """Problem and subject of each finding that is right as it is, with the reason."""
    rows = tomllib.loads(KNOWN.read_text(encoding="utf-8"))["finding"]
    return {(row["problem"], row["subject"]): row["reason"] for row in rows}


def lint(documents: dict[str, Document], kinds: dict[str, Kind]) -> list[dict[str, str]]:
    """Every finding in the documents, listed or not."""
    request = {name: {"kind": kinds[name], "policy": policy} for name, policy in documents.items()}
    return list(ask("lint", {"documents": request}))


def unexplained(found: list[dict[str, str]]) -> list[str]:
    """Findings that are not listed, and listed ones that are no more."""
    known = known_findings()
    seen = {(one["problem"], one["subject"]) for one in found}
    return [
        *(
            f"{one['document']}#{one['sid']}: {one['problem']}: {one['subject']}"
            for one in found
            if (one["problem"], one["subject"]) not in known
        ),
        *(f"{KNOWN.name} lists a finding that is no more: {key[0]}: {key[1]}" for key in known if key not in seen),
    ]
