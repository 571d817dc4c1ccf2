"""The comment on a pull request from which people decide whether its change may be deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlops.review import access as access_changes
from mlops.review import properties, wording
from mlops.review.access import NEW, WIDER, AccessProof
from mlops.review.access_subjects import held
from mlops.review.access_summary import summarised, widened
from mlops.review.access_words import Told
from mlops.review.cost import estimate
from mlops.review.cost_basis import PIPELINE
from mlops.review.definition import differences
from mlops.review.markdown import Section, escape, folded, table
from mlops.review.model import CREATE, DELETE, IMPORT, REPLACE, UPDATE, WAITS, ResourceChange, StackReview

MARKER = "<!-- model-promotion review -->"
MOST_LINES = 60
DIGEST_LENGTH = 12
COUNTED = (("create", (CREATE, IMPORT)), ("change", (UPDATE,)), ("replace", (REPLACE,)), ("delete", (DELETE,)))


def render(
    reviews: Sequence[StackReview], *, access: AccessProof | None, title: str, footer: Sequence[str] = ()
) -> str:
    """The comment: the verdict first, then what cannot be undone, then the rest; at most 60 lines."""
    told = [one for review in reviews for one in access_changes.told(review)]
    verdict = _verdict(reviews, access, *widened(told, reviews))
    rows = [[review.stack, *(str(review.count(*operations)) for _, operations in COUNTED)] for review in reviews]
    head = [MARKER, f"### {escape(f'{title}: {verdict}')}", *table(["stack", *(name for name, _ in COUNTED)], rows)]
    tail = ["", *_tail(reviews, access), *(escape(line) for line in footer)]
    sections = [
        Section("Why it is stopped", [*_violations(reviews), *_errors(reviews)], matters=True, lines_per_item=4),
        Section("The access proof fails", _proof(access), matters=True),
        Section("Replaced or deleted", _lost(reviews), matters=True),
        *_pipelines(reviews),
        Section("Advice of the policy pack", _advice(reviews)),
        Section("Access", _access(told, reviews), lines_per_item=4),
        Section("Other changes", [*_created(reviews), *_changed(reviews)]),
        Section("Cost", estimate(reviews).lines() if any(review.changes for review in reviews) else []),
    ]
    return "\n".join([*head, *folded(sections, MOST_LINES - len(head) - len(tail)), *tail]) + "\n"


def _verdict(
    reviews: Sequence[StackReview], access: AccessProof | None, wider: Sequence[str], wider_on_new: Sequence[str]
) -> str:

    def where(stacks: Sequence[str]) -> str:
        return "all stacks" if len(stacks) == len(reviews) > 2 else _and(stacks)

    violating = [review for review in reviews if review.violations]
    waiting = [review.stack for review in reviews if review.error == WAITS]
    failed = [one.stack for one in reviews if one.error and not one.violations and one.stack not in waiting]
    parts = []
    if violating:
        count = sum(len(review.violations) for review in violating)
        in_stacks = where([review.stack for review in violating])
        parts.append(f"stopped by {wording.counted(count, 'policy violation')} in {in_stacks}")
    if failed:
        parts.append(f"{_and(failed)} could not be previewed")
    if waiting:
        parts.append(f"{_and(waiting)}: planned by the build after this one, when the registry is deployed")
    if access and access.failed:
        parts.append(f"{wording.counted(len(access.failed), 'promise')} of the access proof broken")
    if access and access.unreviewed:
        parts.append(f"{wording.counted(len(access.unreviewed), 'access', 'accesses')} not reviewed")
    changing = [review for review in reviews if review.changes]
    if changing:
        told = [f"{sum(one.count(*operations) for one in changing)} to {name}" for name, operations in COUNTED]
        parts.append(f"{', '.join(told)} in {where([review.stack for review in changing])}")
    if not any(review.changes for review in reviews) and not parts:
        parts.append("nothing changes")
    if wider:
        parts.append(f"access is wider in {where(wider)}")
    elif wider_on_new:
        parts.append("access is wider on what it creates only")
    return "; ".join(parts)


def _violations(reviews: Sequence[StackReview]) -> list[str]:
    return _merged((review.stack, violation) for review in reviews for violation in review.violations)


def _errors(reviews: Sequence[StackReview]) -> list[str]:
    """Why a preview failed, without the violations, which an error repeats."""
    stopped = [review for review in reviews if review.error and review.error != WAITS]
    told = [(review, line.strip()) for review in stopped for line in str(review.error).splitlines()]
    return _merged(
        (review.stack, line)
        for review, line in told
        if line
        and not any(line in violation or violation in line for violation in review.violations)
        and not (review.violations and line.endswith("Pulumi stopped."))
    )


def _advice(reviews: Sequence[StackReview]) -> list[str]:
    return _merged((review.stack, advice) for review in reviews for advice in review.advice)


def _proof(access: AccessProof | None) -> list[str]:
    if access is None:
        return []
    advice = [
        "if these are meant: `python -m tools.access_matrix review` takes them over, and is reviewed with the change"
    ]
    broken = [f"broken: {case}" for case in access.failed]
    return [*broken, *(f"not reviewed: {one}" for one in access.unreviewed), *(advice if access.unreviewed else [])]


def _lost(reviews: Sequence[StackReview]) -> list[str]:
    return _merged(
        (review.stack, _loss(change))
        for operation in (DELETE, REPLACE)
        for review in reviews
        for change in review.changes
        if change.operation == operation
    )


def _loss(change: ResourceChange) -> str:
    kept = "; the old one stays" if change.retained else ""
    if change.operation == DELETE:
        return f"delete {change.kind} {change.name}{kept}"
    lines = properties.changed(change)
    forced = [line for line in lines if line.split(" ")[0].split(".")[0] in change.forces]
    cause = f", because of {wording.enumerate_some(forced or change.forces, 2)}" if change.forces else ""
    return f"replace {change.kind} {change.name}{cause}{kept}"


def _pipelines(reviews: Sequence[StackReview]) -> Iterator[Section]:
    """A section for each pipeline; a line that holds for some of its stacks only says so."""
    found: dict[str, dict[str, list[str]]] = {}
    for review in reviews:
        for change in review.changes:
            if change.type == PIPELINE:
                name = str((change.new or change.old).get("pipelineName", change.name))
                old, new = (side.get(properties.DEFINITION) for side in (change.old, change.new))
                for line in differences(old, new):
                    found.setdefault(name, {}).setdefault(line, []).append(review.stack)
    for name, lines in found.items():
        stacks = list(dict.fromkeys(_flat(lines.values())))
        items = [line if where == stacks else f"{line} ({_and(where)} only)" for line, where in lines.items()]
        yield Section(f"{name} in {_and(stacks)}", items)


def _created(reviews: Sequence[StackReview]) -> Iterator[str]:
    for verb, operation in (("creates", CREATE), ("takes over", IMPORT)):
        for review in reviews:
            kinds = [change.kind for change in review.changes if change.operation == operation]
            if kinds:
                counts = [
                    f"{kinds.count(kind)} {kind}"
                    for kind in sorted(set(kinds), key=lambda one: (-kinds.count(one), one))
                ]
                yield f"{review.stack} {verb} {wording.enumerate_some(counts, 10)}"


def _changed(reviews: Sequence[StackReview]) -> list[str]:
    """What is changed in place and is not told by another section."""
    return _merged(
        (review.stack, f"{change.kind} {change.name}: {line}")
        for review in reviews
        for change in review.changes
        if change.operation == UPDATE
        for line in _untold(review, change)
    )


def _untold(review: StackReview, change: ResourceChange) -> Iterator[str]:
    in_access = held(change, change.new) is not None and access_changes.changes(
        StackReview(stack=review.stack, changes=(change,))
    )
    definition = differences(*(side.get(properties.DEFINITION) for side in (change.old, change.new)))
    for line in properties.changed(change):
        told_by_access = in_access and line.startswith(("policy", "resourcePolicy", "assumeRolePolicy"))
        if line not in definition and not told_by_access:
            yield line


def _tail(reviews: Sequence[StackReview], access: AccessProof | None) -> Iterator[str]:
    if access and not access.failed and not access.unreviewed:
        yield f"Access proof: all {access.cases} cases hold, and nothing is allowed that was not reviewed."
    plans = [f"{one.stack} `{one.plan_digest[:DIGEST_LENGTH]}`" for one in reviews if one.plan_digest]
    states = [f"{one.stack} `{one.state_digest[:DIGEST_LENGTH]}`" for one in reviews if one.state_digest]
    commits = sorted({review.commit[:DIGEST_LENGTH] for review in reviews if review.commit})
    if plans or commits:
        of = f" of commit {', '.join(f'`{commit}`' for commit in commits)}" if commits else ""
        yield f"{f'Plans{of}: ' if plans else f'Preview{of}'}{', '.join(plans)}"
    if states:
        yield f"Planned from states: {', '.join(states)}"


def _merged(told: Iterable[tuple[str, str]]) -> list[str]:
    """Each text once, after the stacks of which it is true."""
    found: dict[str, list[str]] = {}
    for stack, text in told:
        if stack not in found.setdefault(text, []):
            found[text].append(stack)
    return [f"{', '.join(stacks)}: {text}" for text, stacks in found.items()]


def _access(told: Sequence[Told], reviews: Sequence[StackReview]) -> list[str]:
    return summarised(sorted(told, key=lambda one: (one.mark != WIDER, one.mark == NEW)), reviews)


def _flat(lists: Iterable[Iterable[str]]) -> list[str]:
    return [one for held_list in lists for one in held_list]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
