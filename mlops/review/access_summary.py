"""Many changes of access in few lines: those alike together, and those that are unlike any other by themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from mlops.review import wording
from mlops.review.access import NEW, WIDER
from mlops.review.access_words import Told
from mlops.review.model import CREATE, StackReview

# So many lines are read one by one.
MOST_SINGLE = 12
ARN = re.compile(r"^arn:[^:]+:([^:]+):[^:]*:[^:]*:")
ACCOUNT = re.compile(r"\b\d{12}\b")
# The inputs that give a resource its name.
NAMES = ("name", "pipelineName", "modelPackageGroupName", "statementId")
Key = tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def summarised(found: Sequence[Told], reviews: Sequence[StackReview]) -> list[str]:
    """A line for each, but one for all that concerns nothing older than the change; of many, one for those alike."""
    created = _created_names(reviews)
    fresh = [one for one in found if one.mark == WIDER and is_on_new(one, created)]
    others = [one for one in found if one not in fresh]
    lines = list(dict.fromkeys(map(str, others)))
    if len(lines) > MOST_SINGLE:
        lines = [*dict.fromkeys(str(one) for one in others if _stands_alone(one)), *_alike(others)]
    # What is wider than before for what was there before comes first.
    return [*lines, _on_new(fresh)] if fresh else lines


def widened(found: Sequence[Told], reviews: Sequence[StackReview]) -> tuple[list[str], list[str]]:
    """The stacks in which access to what is already there is wider, and those in which access to what is new is."""
    created = _created_names(reviews)
    wider = [one for one in found if one.mark == WIDER]
    on_new = [one.stack for one in wider if is_on_new(one, created)]
    return list(dict.fromkeys(one.stack for one in wider if not is_on_new(one, created))), list(dict.fromkeys(on_new))


def is_on_new(one: Told, created: frozenset[str]) -> bool:
    """Whether it reaches nothing but what the change creates, by its resources or by one of its conditions."""
    return any(
        values and all(_names_one_of(value, created) for value in values) for values in (one.places, *one.limits)
    )


def _created_names(reviews: Sequence[StackReview]) -> frozenset[str]:
    """What the resources that are created are called in AWS; of objects in a bucket, where a model's prefix begins."""
    created = [change.new for review in reviews for change in review.changes if change.operation == CREATE]
    named = {str(inputs[name]) for inputs in created for name in NAMES if inputs.get(name)}
    return frozenset(named | {str(inputs["key"]).split("/")[0] for inputs in created if "/" in str(inputs.get("key"))})


def _names_one_of(place: str, created: frozenset[str]) -> bool:
    return not created.isdisjoint(re.split("[:/]", place))


def _on_new(fresh: Sequence[Told]) -> str:
    counts: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in fresh:
        counts[one.subject][one.stack].add(one.statement)
    parts = [
        f"{subject} ({', '.join(f'{stack} {len(statements)}' for stack, statements in stacks.items())})"
        for subject, stacks in sorted(counts.items())
    ]
    return f"{WIDER}on nothing but what this change creates, by so many statements: {', '.join(parts)}"


def _alike(found: Sequence[Told]) -> list[str]:
    """A line for each subject's changes, of all stacks in which they are the same."""
    by_subject: dict[tuple[str, str, str], list[Told]] = defaultdict(list)
    for one in found:
        if not _stands_alone(one):
            by_subject[one.mark, one.stack, one.subject].append(one)
    alike: dict[Key, list[str]] = defaultdict(list)
    for (mark, stack, subject), several in by_subject.items():
        statements = tuple(dict.fromkeys(one.statement for one in several))
        actions = tuple(sorted({action for one in several for action in one.actions}))
        places = tuple(sorted({_place(place, stack) for one in several for place in one.places}))
        alike[mark, subject, statements, actions, places].append(stack)
    return [_sentence(key, stacks) for key, stacks in sorted(alike.items(), key=lambda item: _rank(item[0]))]


def _stands_alone(one: Told) -> bool:
    """Whether it is too weighty, or too unlike the rest, to be one of many."""
    everything = "*" in one.places or "*" in one.principals or any(part.endswith(":*") for part in one.actions)
    return one.mark != NEW and (not one.places or everything)


def _rank(key: Key) -> tuple[bool, bool, str]:
    mark, subject, *_ = key
    return mark != WIDER, mark == NEW, subject


def _place(place: str, stack: str) -> str:
    """The same for every account, so that what is alike in two is told once."""
    if place == "*":
        return "every resource"
    return ACCOUNT.sub("…", ARN.sub(r"\1:", place)).replace(f"/{stack}/", "/<stack>/")


def _sentence(key: Key, stacks: Sequence[str]) -> str:
    mark, subject, statements, actions, places = key
    where = f" on {wording.enumerate_some(sorted(places, key=len), 3)}" if places else ""
    verb = "may also" if mark == WIDER else "may" if mark == NEW else "changes in"
    named = wording.counted(len(statements), "statement")
    return (
        f"{mark}{', '.join(stacks)} {subject} {verb}, by {named}: {wording.enumerate_some(actions, 4)}{where}"
        f" ({wording.enumerate_some(statements, 5)})"
    )
