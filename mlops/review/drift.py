"""What differs in the cloud from what was deployed: the nightly report, as a mail."""

from __future__ import annotations

from collections.abc import Sequence

from mlops.review import access, properties
from mlops.review.access import WIDER
from mlops.review.access_subjects import held
from mlops.review.model import DELETE, ResourceChange, StackReview

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, less than 100 characters.
SUBJECT_LENGTH = 99
# A message may have 256 KB; nobody reads more than this.
MOST_LINES = 200
SUBJECT_PREFIX = "[model-promotion] "
# Who looks at these first: approval, then who can read, then who can do.
FIRST = ("sagemaker/modelPackageGroup", "aws:kms/", "aws:iam/", "Policy:", "lambda/permission", "PublicAccessBlock")
URGENT, OTHER = "Registry policy, keys and access", "Everything else"


def is_clean(reviews: Sequence[StackReview]) -> bool:
    """Whether every stack could be compared, and nothing differs."""
    return not any(review.changes or review.error for review in reviews)


def render(reviews: Sequence[StackReview]) -> tuple[str, str]:
    """The mail's subject and text."""
    return _subject(reviews), "\n".join(_text(reviews)) + "\n"


def _subject(reviews: Sequence[StackReview]) -> str:
    if is_clean(reviews):
        return f"{SUBJECT_PREFIX}nothing has drifted"
    counts = [f"{len(review.changes)} in {review.stack}" for review in reviews if review.changes]
    urgent = sum(_is_urgent(change) for review in reviews for change in review.changes)
    failed = [review.stack for review in reviews if review.error]
    parts = [f"drift: {', '.join(counts)}"] if counts else []
    parts += [f"{urgent} of access or keys"] if urgent else []
    parts += [f"not compared: {', '.join(failed)}"] if failed else []
    text = f"{SUBJECT_PREFIX}{'; '.join(parts)}"
    return text.encode("ascii", "replace").decode("ascii")[:SUBJECT_LENGTH]


def _text(reviews: Sequence[StackReview]) -> list[str]:
    if is_clean(reviews):
        return [f"Nothing differs from what was deployed in {', '.join(review.stack for review in reviews)}."]
    lines = ["What AWS has differs from what was deployed. Somebody, or something, changed it outside of Jenkins."]
    for review in reviews:
        if review.error:
            lines += ["", f"{review.stack} could not be compared:", *(f"  {one}" for one in review.error.splitlines())]
    for title, urgent in ((URGENT, True), (OTHER, False)):
        found = [
            line
            for review in reviews
            for change in sorted(review.changes, key=_rank)
            if _is_urgent(change) == urgent
            for line in _lines(review.stack, change)
        ]
        lines += ["", f"{title}:", *found] if found else []
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"  and {len(lines) - MOST_LINES} more lines; the commands below show all"]
    return [*lines, "", *_next_steps(reviews)]


def _lines(stack: str, change: ResourceChange) -> list[str]:
    head = f"- {stack}: {change.kind} {change.name}"
    if change.operation == DELETE:
        return [f"{head} is gone"]
    by_access = access.changes(StackReview(stack=stack, changes=(change,))) if held(change, change.new) else []
    told = by_access or properties.changed(change)
    return [head, *(f"    {line.replace(WIDER, 'WIDER: ')}" for line in told)]


def _next_steps(reviews: Sequence[StackReview]) -> list[str]:
    stacks = [review.stack for review in reviews if review.changes or review.error]
    return [
        "Who did it: CloudTrail of the account, event history, by the resource's name.",
        "To see it again, changing nothing:",
        *(f"  pulumi refresh --preview-only --diff --stack {stack}" for stack in stacks),
        "To undo it: run the delivery job on main. To keep it: write it into the code, in a pull request.",
    ]


def _is_urgent(change: ResourceChange) -> bool:
    return any(part in change.type for part in FIRST)


def _rank(change: ResourceChange) -> tuple[int, str, str]:
    position = next((number for number, part in enumerate(FIRST) if part in change.type), len(FIRST))
    return position, change.type, change.name
