"""The pull request's comment: what comes first, how long it gets, and that nobody writes into it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlops.review.access import AccessProof
from mlops.review.comment import MARKER, MOST_LINES, render
from mlops.review.markdown import Section, folded
from mlops.review.model import ResourceChange, StackReview

QUEUE, ROLE_POLICY = "aws:sqs/queue:Queue", "aws:iam/rolePolicy:RolePolicy"
EMPTY = [StackReview(stack=stack) for stack in ("registry", "dev", "prod")]


def queue(operation: str, name: str, **more: Any) -> ResourceChange:
    old, new = {"name": "a", "delaySeconds": 0}, {"name": "b", "delaySeconds": 5}
    return ResourceChange(
        operation=operation,
        type=QUEUE,
        name=name,
        old={} if operation == "create" else old,
        new={} if operation == "delete" else new,
        properties=("delaySeconds",) if operation == "update" else ("name",),
        **more,
    )


def comment(*reviews: StackReview, access: AccessProof | None = None, **more: Any) -> list[str]:
    text = render(reviews, access=access, title="Review", **more)
    assert text.endswith("\n")
    return text.splitlines()


def prod(*changes: ResourceChange, **more: Any) -> StackReview:
    return StackReview(stack="prod", changes=changes, **more)


def test_the_marker_comes_first_and_then_the_verdict():
    found = comment(EMPTY[0], prod(queue("create", "a"), queue("update", "b"), queue("delete", "c")))
    assert found[:2] == [MARKER, "### Review: 1 to create, 1 to change, 0 to replace, 1 to delete in prod"]
    assert found[4:6] == ["| registry | 0 | 0 | 0 | 0 |", "| prod | 1 | 1 | 0 | 1 |"]


def test_a_violation_stops_and_its_message_says_what_to_write():
    violation = "[kms-rotation] key: `enableKeyRotation` is not set; write true"
    found = comment(prod(violations=(violation,), error=f"prod: Pulumi stopped.\n{violation}\nand another thing"))
    assert found[1] == "### Review: stopped by 1 policy violation in prod"
    reasons = found[found.index("#### Why it is stopped") + 1 :][:2]
    assert reasons == [
        "- prod: \\[kms-rotation\\] key: \\`enableKeyRotation\\` is not set; write true",
        "- prod: and another thing",
    ]


def test_a_stack_without_a_plan_is_in_the_verdict_with_the_reason():
    found = comment(EMPTY[0], prod(error="waits for the registry"))
    assert found[1] == "### Review: prod could not be previewed"
    assert "- prod: waits for the registry" in found


def test_the_same_violation_in_two_stacks_is_told_once():
    both = [StackReview(stack=stack, violations=("[rule] message",)) for stack in ("dev", "prod")]
    found = comment(*both)
    assert found[1] == "### Review: stopped by 2 policy violations in dev and prod"
    assert [line for line in found if "message" in line] == ["- dev, prod: \\[rule\\] message"]


def test_what_is_lost_comes_by_name_before_what_is_changed():
    found = comment(
        prod(
            queue("update", "kept"), queue("replace", "moved", forces=("name",)), queue("delete", "gone", retained=True)
        )
    )
    start = found.index("#### Replaced or deleted")
    assert found[start + 1 : start + 3] == [
        "- prod: delete Queue gone; the old one stays",
        "- prod: replace Queue moved, because of name a → b",
    ]
    assert found.index("- prod: Queue kept: delaySeconds 0 → 5") > start + 2


def test_the_access_proof_says_that_it_holds_or_what_is_broken():
    assert "Access proof: all 9 cases hold, and nothing is allowed that was not reviewed." in comment(
        *EMPTY, access=AccessProof(9)
    )
    broken = comment(*EMPTY, access=AccessProof(9, ("dev may approve",), ("+ dev: s3:Get on x", "- y")))
    assert broken[1] == "### Review: 1 promise of the access proof broken; 2 accesses not reviewed"
    assert {"- broken: dev may approve", "- not reviewed: + dev: s3:Get on x", "- not reviewed: - y"} < set(broken)
    assert not any("Access proof: all" in line for line in broken)


def test_wider_access_is_in_the_verdict_and_marked_bold():
    old, new = (f'{{"Statement": [{{"Effect": "Allow", "Action": {a}, "Resource": "*"}}]}}' for a in ('"a:B"', '"a:*"'))
    found = comment(
        prod(ResourceChange(operation="update", type=ROLE_POLICY, name="p", old={"role": "r", "policy": old},
                            new={"role": "r", "policy": new}, properties=("policy",)))
    )  # fmt: skip
    assert found[1].endswith("; access is wider in prod")
    assert "- **wider** prod r may also a:\\* on every resource (statement number 1)" in found
    assert "#### Other changes" not in found


def test_a_document_that_is_only_written_differently_is_told_as_that():
    sides = [{"role": "r", "policy": text} for text in ('{"Statement": []}', '{"Statement":[]}')]
    change = ResourceChange(
        operation="update", type=ROLE_POLICY, name="p", old=sides[0], new=sides[1], properties=("policy",)
    )
    found = comment(prod(change))
    assert "- prod: RolePolicy p: policy is written differently and means the same" in found
    assert "#### Access" not in found


def test_plans_and_commit_stand_at_the_end_before_the_footer():
    one = prod(queue("update", "a"), plan_digest="a" * 64, state_digest="b" * 64, commit="c" * 40)
    assert comment(one, footer=["Build: 7"])[-3:] == [
        f"Plans of commit `{'c' * 12}`: prod `{'a' * 12}`",
        f"Planned from states: prod `{'b' * 12}`",
        "Build: 7",
    ]


def test_no_change_is_said_in_a_few_lines():
    found = comment(*EMPTY)
    assert found[1] == "### Review: nothing changes"
    assert len(found) < 10


def test_what_comes_from_outside_cannot_become_markup_or_a_mention():
    evil = "</details> **approved** [x](https://evil) `code` | @team _a_ ~~b~~"
    found = "\n".join(comment(prod(violations=(evil,), error=evil, advice=(evil,)), footer=[evil]))
    for raw in ("</details>", "**approved**", "[x](", "`code`", "@team", " _a_", "~~b"):
        assert raw not in found


def enormous() -> list[StackReview]:
    changes = [queue(kind, f"{kind}-{number:03}", forces=("name",)) for kind in ("update", "replace", "delete")
               for number in range(200)]  # fmt: skip
    violation = "[rule] " + "a very long message of a rule that says a lot " * 20
    return [
        StackReview(
            stack=stack,
            changes=tuple(changes),
            violations=tuple(f"{violation}{number} in {stack}" for number in range(50)),
            advice=tuple(f"[advice] {number}" for number in range(50)),
            error="\n".join(f"error {number}" for number in range(50)),
            plan_digest="a" * 64,
            state_digest="b" * 64,
            commit="c" * 40,
        )
        for stack in ("registry", "dev", "prod")
    ]


def test_whatever_comes_there_are_at_most_sixty_short_lines_and_the_folded_parts_are_counted():
    proof = AccessProof(9, tuple(f"case {n}" for n in range(99)), tuple(f"+ access {n}" for n in range(99)))
    found = comment(*enormous(), access=proof, footer=["Build: 7"])
    assert MOST_LINES - 5 < len(found) <= MOST_LINES
    assert len(found[1]) <= 200
    assert max(map(len, found[2:])) <= 170
    assert sum("more; the log of the build has all" in line for line in found) >= 5
    for heading in ("Why it is stopped", "Replaced or deleted", "Other changes", "The access proof fails"):
        start = found.index(f"#### {heading}")
        assert found[start + 1].startswith("- ")


def test_same_input_same_bytes_in_whatever_order_changes_come():
    reviews = enormous()
    again = [replace(review) for review in reviews]
    assert comment(*reviews) == comment(*again)


def test_what_matters_is_folded_last():
    sections = [Section("Lost", [f"lost {n}" for n in range(10)], matters=True), Section("Rest", ["rest"] * 40)]
    found = folded(sections, 20)
    assert sum("lost" in line for line in found) == 10
    assert found[-1] == "- and 33 more; the log of the build has all"


def test_more_headings_than_lines_are_an_error_and_no_endless_loop():
    with pytest.raises(ValueError, match="3 sections do not fit into 2 lines"):
        folded([Section(name, ["item"]) for name in "abc"], 2)
