"""Take one guard at a time out of the delivery and see its scenario fail.

``python tests/jenkins/mutations.py [names]``; `make test-jenkins-mutations` runs all, which takes many minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from delivery_world import World, world_in
from jenkins_build import restriction, takes_credentials_from_node, validate
from mutation_checks import Check
from mutation_list import MUTATIONS, Mutation
from mutation_texts import Edit

AT_ONCE = 2  # each builds, plans and deploys with real processes


@dataclass(frozen=True)
class Outcome:
    """What became of a check: ``kind`` is holds, fails or error, ``seen`` what it saw instead."""

    kind: str
    seen: str
    seconds: float


def mutate(world: World, edits: tuple[Edit, ...]) -> None:
    """Commit the edits on main; each old text must be there exactly once, and the result must parse."""
    for edit in edits:
        path = world.repository / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise ValueError(f"{edit.file} has {text.count(edit.old)} times, not once: {edit.old!r}")
        path.write_text(text.replace(edit.old, edit.new))
        if path.suffix == ".py":
            compile(path.read_text(), edit.file, "exec")
    jenkinsfile, casc = world.repository / "Jenkinsfile", world.repository / "jenkins" / "casc.yaml"
    errors = validate(jenkinsfile, folder=world.folder)[jenkinsfile]
    if errors:
        raise ValueError(f"the mutated Jenkinsfile is refused: {errors}")
    if edits:
        world.git("commit", "--quiet", "--all", "--message", "A guard is taken out")
    world.jenkins.nodes["deploy"] = {"env": world.jenkins.nodes["deploy"]["env"], **restriction("deploy", casc)}
    world.jenkins.credentials_from_node = takes_credentials_from_node(casc)


def run(check: Check, edits: tuple[Edit, ...]) -> Outcome:
    """Run a check in a fresh world with these edits; whatever breaks on the way is no finding but an error."""
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder, world_in(Path(folder)) as world:
            mutate(world, edits)
            seen = check(world)
    except Exception as error:  # told below and in the exit code, with all other outcomes
        traceback.print_exc()
        return Outcome("error", f"{type(error).__name__}: {error}".splitlines()[0], time.monotonic() - started)
    return Outcome("fails" if seen else "holds", seen or "", time.monotonic() - started)


def verdict(mutation: Mutation, without: Outcome, mutated: Outcome) -> tuple[str, str, bool]:
    """One word, what was seen, and whether it is as it should be."""
    if without.kind != "holds":
        return "invalid", f"without the mutation the check {without.kind}: {without.seen}", False
    if mutated.kind == "error":
        return "error", mutated.seen, False
    if mutated.kind == "fails":
        expected = mutation.survives is None
        return "killed", mutated.seen if expected else f"{mutated.seen}; but it is listed as a survivor", expected
    return "survived", mutation.survives or "nothing failed", mutation.survives is not None


def say(text: str) -> None:
    """Print at once, for whoever follows a log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    """Print each mutation's fate and a table; 1 unless all are killed or listed with a reason."""
    unknown = set(names) - {mutation.name for mutation in MUTATIONS}
    if unknown:
        names_known = "\n".join(mutation.name for mutation in MUTATIONS)
        say(f"no such mutation: {', '.join(sorted(unknown))}; there are:\n{names_known}")
        return 2
    chosen = [mutation for mutation in MUTATIONS if not names or mutation.name in names]
    table, good = [], True
    with ThreadPoolExecutor(AT_ONCE) as pool:
        without = {check: pool.submit(run, check, ()) for check in dict.fromkeys(m.check for m in chosen)}
        mutated = [pool.submit(run, mutation.check, mutation.edits) for mutation in chosen]
        for mutation, future in zip(chosen, mutated, strict=True):
            before, after = without[mutation.check].result(), future.result()
            word, seen, expected = verdict(mutation, before, after)
            say(f"{word}: {mutation.name} ({mutation.check.__name__}): {seen}")
            table.append(f"| {mutation.name} | {mutation.check.__name__} | {word} | {after.seconds:.0f} s |")
            good = good and expected
    say("\n".join(["", "| guard taken out | check | fate | time |", "|---|---|---|---|", *table]))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
