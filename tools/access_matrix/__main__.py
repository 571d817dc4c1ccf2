"""Prove who can reach what, and write docs/access-matrix.md.

python -m tools.access_matrix             judge what the programs declare; exit code 1 when a promise is broken
python -m tools.access_matrix --summary F the same, and write F: JSON of what failed and what is not reviewed
python -m tools.access_matrix review      take what is allowed now as reviewed
python -m tools.access_matrix names       the names that a case may use
python -m tools.access_matrix mutations   test the proof: mutants of every statement, and which layer notices
python -m tools.access_matrix --exports registry.json dev.json prod.json
                                          judge what `pulumi stack export` gave of the deployed stacks
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tools.access_matrix import golden, mutation
from tools.access_matrix.grant import missing_grants
from tools.access_matrix.process import EngineError
from tools.access_matrix.proof import Proof, prove
from tools.access_matrix.report import PAGE, line, page


def main(arguments: list[str]) -> int:
    """Entry point; exit codes 0 proved, 1 not, 2 wrong use."""
    exports: list[str] = []
    summary: Path | None = None
    match arguments:
        case ["--summary", path]:
            summary = Path(path)
        case ["--exports", registry, dev, prod]:
            exports = [registry, dev, prod]
        case ["mutations"]:
            return _mutate()
        case [] | ["review"] | ["names"]:
            pass
        case _:
            print(__doc__)
            return 2
    started = time.monotonic()
    try:
        proof = prove(exports)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    if arguments == ["names"]:
        print("\n".join([*proof.universe.platform.principals, "", *proof.universe.platform.resources, ""]))
        print("\n".join(proof.universe.contexts))
        return 0
    if arguments == ["review"]:
        golden.ACROSS.write_text(golden.as_json(golden.arrange(proof.across)), encoding="utf-8")
        golden.WITHIN.write_text(golden.as_json(golden.arrange(proof.within)), encoding="utf-8")
    if not exports:
        PAGE.write_text(page(proof.universe, proof.judged, proof.across), encoding="utf-8")
    if summary:
        summary.write_text(json.dumps(proof.summary()), encoding="utf-8")
    return _tell(proof, seconds)


def _mutate() -> int:
    started = time.monotonic()
    outcome = mutation.run(*mutation.all_mutants())
    unexplained = mutation.unexplained_survivors(outcome)
    print("\n".join(f"survives: {name}: by {request}" for name, request in outcome.survivors.items()))
    print("\n".join(f"not listed in {mutation.SURVIVORS.name}: {one}" for one in unexplained))
    print(f"{outcome.told()}; {time.monotonic() - started:.0f} s")
    return 1 if unexplained or outcome.rate < mutation.LEAST_NOTICED else 0


def _tell(proof: Proof, seconds: float) -> int:
    for judged in proof.judged:
        print(line(judged, proof.universe))
    broken = [judged for judged in proof.judged if not judged.kept]
    for judged in broken:
        for key in judged.ignored:
            print(f"the case cannot be judged: {judged.case.request.action} is never sent with {key}")
        if judged.case.allowed and not judged.ignored:
            print("\n".join(missing_grants(proof.universe, judged.case.request, judged.answer)))
    unreviewed = proof.unreviewed
    if unreviewed:
        print(
            "allowed now (+), or no more (-), and not reviewed; `python -m tools.access_matrix review` takes it over:"
        )
    print("\n".join([*unreviewed, *proof.ignored, *proof.findings]))
    asked = len(proof.universe.across) + len(proof.universe.within)
    print(
        f"{len(proof.judged)} cases, {len(broken)} broken; {asked:,} requests, {len(proof.across)} allowed across "
        f"accounts and {len(proof.within)} within, {len(unreviewed)} not reviewed; "
        f"{len(proof.findings)} findings of the linter; {seconds:.1f} s"
    )
    return 1 if broken or unreviewed or proof.ignored or proof.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
