"""What identities gain and lose by a stack's change, from the documents before and after, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mlops.review import wording
from mlops.review.access_subjects import ATTACHMENT, BOUNDARY, OWNERS, PUBLIC_ACCESS, ROLE, TRUST, Held, held
from mlops.review.access_words import Speaker
from mlops.review.model import CREATE, DELETE, ResourceChange, StackReview
from mlops.review.policy_document import ALLOW, DENY, Grant, not_covered, read

WIDER, NEW = "**wider** ", "new: "


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
    subjects: dict[tuple[str, str], _Subject] = defaultdict(_Subject)
    for change in review.changes:
        before, after = held(change, change.old), held(change, change.new)
        if before:
            subjects[before.about, before.name].old.append(before)
        if after:
            subjects[after.about, after.name].new.append(after)
    created, deleted = _names(review, CREATE), _names(review, DELETE)
    lines = [
        line
        for (about, name), subject in sorted(subjects.items())
        for line in _of_subject(
            _title(review.stack, about, name), subject, is_new=name in created, is_gone=name in deleted
        )
    ]
    lines += [
        line
        for change in review.changes
        if str(change.old.get("bucket")) not in deleted
        for line in _of_properties(review.stack, change)
    ]
    return sorted(dict.fromkeys(lines), key=lambda line: (not line.startswith(WIDER), line.startswith(NEW)))


def _names(review: StackReview, operation: str) -> set[str]:
    """What resources under an operation are called in AWS; only what bears a document of its own or through another."""
    changes = [change for change in review.changes if change.operation == operation and change.type in OWNERS]
    return {str((change.new or change.old).get(OWNERS[change.type], change.name)) for change in changes}


def _title(stack: str, about: str, name: str) -> str:
    return f"{stack} {about} {name}" if about else f"{stack} {name}"


def _of_subject(title: str, subject: _Subject, *, is_new: bool, is_gone: bool) -> Iterator[str]:
    before, after = _grants(subject.old), _grants(subject.new)
    if before is None or after is None:
        if [one.text for one in subject.old] != [one.text for one in subject.new]:
            yield f"{WIDER}or not, {title}: a document is not known before the deployment"
        return
    one = (subject.new or subject.old)[0]
    speaker = Speaker(title, is_identity=one.is_identity, is_trust=one.about == TRUST, is_new=is_new)
    gained = not_covered(_only(after, ALLOW), before)
    no_more_refused = not_covered(_only(before, DENY), after)
    # What a new role may do is no widening of anybody's access before somebody can take it.
    mark = NEW if is_new else WIDER
    yield from (f"{mark}{line}" for line in speaker.gains(gained, before))
    if is_gone:
        yield f"{title} is deleted, and with it {wording.counted(len({grant.sid for grant in before}), 'statement')}"
        return
    yield from (f"{WIDER}{line}" for line in speaker.no_more_refused(no_more_refused, after))
    yield from speaker.losses(not_covered(_only(before, ALLOW), after), after)
    refused = [] if is_new else not_covered(_only(after, DENY), before)
    yield from speaker.refusals(refused, before)


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


def _of_properties(stack: str, change: ResourceChange) -> Iterator[str]:
    """What decides about access without a document."""
    old, new = change.old, change.new
    if change.type == ATTACHMENT:
        for inputs, mark, verb in ((old, "", "loses"), (new, WIDER, "gets")):
            if inputs and old != new:
                policy = str(inputs.get("policyArn")).rsplit("/", maxsplit=1)[-1]
                yield f"{mark}{stack} {inputs.get('role')} {verb} the managed policy {policy}"
    elif change.type == ROLE and old and new and old.get(BOUNDARY) != new.get(BOUNDARY):
        mark = WIDER if old.get(BOUNDARY) else ""
        told = wording.change(old.get(BOUNDARY), new.get(BOUNDARY))
        yield f"{mark}{stack} {new.get('name')}: permissions boundary {told}"
    elif change.type == PUBLIC_ACCESS and old:
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) is True and new.get(name) is not True:
                yield f"{WIDER}{stack} bucket {old.get('bucket')}: {name} is no longer on"
            elif isinstance(new.get(name), bool) and new.get(name) and not old.get(name):
                yield f"{stack} bucket {new.get('bucket')}: {name} is now on"
