"""What identities gain and lose by a stack's change, from the documents before and after, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from mlops.review import wording
from mlops.review.access_subjects import ATTACHMENT, BOUNDARY, OWNERS, PUBLIC_ACCESS, ROLE, TRUST, Held, held
from mlops.review.access_words import Speaker, Told
from mlops.review.model import CREATE, DELETE, ResourceChange, StackReview
from mlops.review.policy_document import ALLOW, DENY, Grant, not_covered, read

WIDER, UNKNOWN, NEW = "**wider** ", "**not known** ", "new: "


@dataclass(frozen=True)
class AccessProof:
    """What `make prove-access` found: promises judged, those broken, and what is allowed and was not reviewed."""

    cases: int
    failed: tuple[str, ...] = ()
    unreviewed: tuple[str, ...] = ()


@dataclass
class _Subject:
    """All documents about one subject that change, before and after."""

    old: list[Held] = field(default_factory=list)
    new: list[Held] = field(default_factory=list)


def changes(review: StackReview) -> list[str]:
    """A line for each thing that somebody may or may no more do; what widens access is marked and comes first."""
    return list(dict.fromkeys(map(str, told(review))))


def told(review: StackReview) -> list[Told]:
    """As :func:`changes`, with what a summary of many needs."""
    subjects: dict[tuple[str, str], _Subject] = defaultdict(_Subject)
    for change in review.changes:
        before, after = held(change, change.old), held(change, change.new)
        if before:
            subjects[before.about, before.name].old.append(before)
        if after:
            subjects[after.about, after.name].new.append(after)
    created, deleted = _names(review, CREATE), _names(review, DELETE)
    found = [
        one
        for (about, name), subject in sorted(subjects.items())
        for one in _of_subject(
            review.stack, f"{about} {name}".strip(), subject, is_new=name in created, is_gone=name in deleted
        )
    ]
    for change in review.changes:
        if str(change.old.get("bucket")) not in deleted:
            found += _of_properties(review.stack, change)
    return sorted(found, key=lambda one: (one.mark != WIDER, one.mark == NEW))


def _names(review: StackReview, operation: str) -> set[str]:
    """What resources under an operation are called in AWS; only what bears a document of its own or through another."""
    changes = [change for change in review.changes if change.operation == operation and change.type in OWNERS]
    return {str((change.new or change.old).get(OWNERS[change.type], change.name)) for change in changes}


def _of_subject(stack: str, name: str, subject: _Subject, *, is_new: bool, is_gone: bool) -> Iterator[Told]:
    one = (subject.new or subject.old)[0]
    speaker = Speaker(stack, name, is_identity=one.is_identity, is_trust=one.about == TRUST, is_new=is_new)
    before, after = _grants(subject.old), _grants(subject.new)
    if before is None or after is None:
        if [each.text for each in subject.old] != [each.text for each in subject.new]:
            yield speaker.tell(f"{speaker.title}: a document is not known before the deployment", mark=UNKNOWN)
        return
    # What a new role may do is no widening of anybody's access before somebody can take it.
    mark = NEW if is_new else WIDER
    gained = not_covered(_only(after, ALLOW), before)
    yield from (replace(line, mark=mark) for line in speaker.gains(gained, before))
    if is_gone:
        statements = wording.counted(len({grant.sid for grant in before}), "statement")
        yield speaker.tell(f"{speaker.title} is deleted, and with it {statements}")
        return
    lifted = not_covered(_only(before, DENY), after)
    yield from (replace(line, mark=WIDER) for line in speaker.no_more_refused(lifted, after))
    yield from speaker.losses(not_covered(_only(before, ALLOW), after), after)
    yield from speaker.refusals([] if is_new else not_covered(_only(after, DENY), before), before)


def _grants(documents: Iterable[Held]) -> list[Grant] | None:
    found: list[Grant] = []
    for document in documents:
        grants = read(document.text)
        if grants is None:
            return None
        found += grants
    return found


def _only(grants: Iterable[Grant], effect: str) -> list[Grant]:
    return [grant for grant in grants if grant.effect == effect]


def _of_properties(stack: str, change: ResourceChange) -> Iterator[Told]:
    """What decides about access without a document."""
    old, new = change.old, change.new
    if change.type == ATTACHMENT:
        for inputs, mark, verb in ((old, "", "loses"), (new, WIDER, "gets")):
            if inputs and old != new:
                policy = str(inputs.get("policyArn")).rsplit("/", maxsplit=1)[-1]
                yield _plainly(stack, str(inputs.get("role")), f"{verb} the managed policy {policy}", mark)
    elif change.type == ROLE and old and new and old.get(BOUNDARY) != new.get(BOUNDARY):
        text = f"permissions boundary {wording.change(old.get(BOUNDARY), new.get(BOUNDARY))}"
        yield _plainly(stack, f"{new.get('name')}:", text, WIDER if old.get(BOUNDARY) else "")
    elif change.type == PUBLIC_ACCESS and old:
        bucket = f"bucket {old.get('bucket')}:"
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) is True and new.get(name) is not True:
                yield _plainly(stack, bucket, f"{name} is no longer on", WIDER)
            elif new.get(name) is True and old.get(name) is not True:
                yield _plainly(stack, bucket, f"{name} is now on", "")


def _plainly(stack: str, subject: str, text: str, mark: str) -> Told:
    return Told(stack=stack, subject=subject, text=f"{stack} {subject} {text}", mark=mark)
