"""The collector, on the events that the engine is known to send."""

from __future__ import annotations

import json

import pytest
from engine_events import ROLE_POLICY, after, before, collect, policy, state, step

from mlops.review.model import StackReview
from mlops.review.values import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SECRET_SIGNATURE, SIGNATURE, UNKNOWN

OBJECT, SCHEDULE, FUNCTION = (
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:scheduler/schedule:Schedule",
    "aws:lambda/function:Function",
)


def test_components_providers_reads_and_what_stays_are_left_out():
    found = collect(
        before(step("create", "model-promotion:identity:Role", "role", new=state("c", "role", {}, custom=False))),
        before(step("create", "pulumi:providers:aws", "aws", new={})),
        before(step("read", "pulumi:pulumi:StackReference", "registry", new={})),
        before(step("read", "aws:s3/bucket:Bucket", "found", new={})),
        before(step("same", ROLE_POLICY, "policy", old={}, new={})),
        before(step("create", ROLE_POLICY, "new", new={"policy": "{}"})),
    )
    assert [(change.operation, change.name) for change in found.changes] == [("create", "new")]
    assert found.unchanged == ()


def test_a_replacement_is_one_change_with_what_forces_it_and_whether_the_old_one_stays():
    old, new = {"key": "a"}, {"key": "b"}
    kept = state(OBJECT, "script", old, retain_on_delete=True)
    steps = [
        step("create-replacement", OBJECT, "script", kept, new, keys=["key"], diffs=["key", "source"]),
        step("replace", OBJECT, "script", kept, new, keys=["key"], diffs=["key", "source"]),
        step("delete-replaced", OBJECT, "script", kept),
    ]
    (change,) = collect(*[before(one) for one in steps]).changes
    assert (change.operation, change.old, change.new) == ("replace", old, new)
    assert (change.forces, change.properties, change.retained) == (("key",), ("key", "source"), True)


def test_a_deletion_keeps_what_is_lost():
    (change,) = collect(before(step("delete", ROLE_POLICY, "policy", old={"policy": "{}"}))).changes
    assert (change.operation, change.old, change.new) == ("delete", {"policy": "{}"}, {})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({SIGNATURE: SECRET_SIGNATURE, "ciphertext": "c2VjcmV0"}, "[secret]"),
        ({SIGNATURE: ASSET_SIGNATURE, "path": "/home/someone/a.py", "hash": "12"}, {"file": "a.py", "sha256": "12"}),
        ({SIGNATURE: ASSET_SIGNATURE, "text": "x", "hash": "12"}, {"sha256": "12"}),
        (
            {SIGNATURE: ARCHIVE_SIGNATURE, "assets": {"b.py": {}, "a.py": {}}, "hash": "12"},
            {"files": ["a.py", "b.py"], "sha256": "12"},
        ),
        ({SIGNATURE: "other", "value": 1}, "[other]"),
        (f"arn:{UNKNOWN}", "arn:[known after deployment]"),
        ([{"__defaults": [], "kept": 1}], [{"kept": 1}]),
    ],
    ids=["secret", "file", "text", "archive", "unforeseen", "unknown", "defaults"],
)
def test_values_are_readable_and_tell_no_secret_and_no_path_of_a_machine(value, shown):
    (change,) = collect(before(step("create", ROLE_POLICY, "new", new={"given": {"here": value}}))).changes
    assert change.new == {"given": {"here": shown}}


def test_a_refresh_counts_what_the_cloud_says_after_it_and_not_what_is_the_same():
    drifted = step("update", ROLE_POLICY, "drifted", {"policy": "a"}, {"policy": "b"}, diffs=["policy"])
    found = collect(
        *[before(step("refresh", ROLE_POLICY, name, {}, {})) for name in ("drifted", "gone", "kept")],
        after(drifted),
        after(step("delete", ROLE_POLICY, "gone", old={"policy": "a"})),
        after(step("same", ROLE_POLICY, "kept", {}, {})),
    )
    assert [(change.operation, change.name) for change in found.changes] == [("update", "drifted"), ("delete", "gone")]


def test_what_only_the_cloud_tells_of_a_difference_is_kept_too():
    old = state(FUNCTION, "gate", {"timeout": 120}, outputs={"timeout": 120, "codeSha256": "a", "arn": "arn"})
    new = state(FUNCTION, "gate", {"timeout": 120}, outputs={"timeout": 120, "codeSha256": "b", "arn": "arn"})
    (change,) = collect(before(step("update", FUNCTION, "gate", old, new, diffs=["codeSha256"]))).changes
    assert (change.old, change.new) == ({"timeout": 120, "codeSha256": "a"}, {"timeout": 120, "codeSha256": "b"})


def test_a_preview_event_after_a_step_adds_nothing():
    update = step("update", ROLE_POLICY, "policy", {"policy": "a"}, {"policy": "b"}, diffs=["policy"])
    assert collect(before(update), after(update)) == collect(before(update))


def test_violations_and_advice_are_told_apart_without_the_description_and_without_repetition():
    found = collect(
        policy("mandatory", "kms-rotation", "key: write true"),
        policy("mandatory", "kms-rotation", "key: write true"),
        policy("advisory", "definition-unknown", "train: not known"),
    )
    assert found.violations == ("[kms-rotation] key: write true",)
    assert found.advice == ("[definition-unknown] train: not known",)


def test_what_the_cost_depends_on_is_kept_where_it_stays():
    gate = {"environment": {"variables": {"WEEKLY_CAP": "3"}}}
    found = collect(
        before(step("same", SCHEDULE, "daily", {"scheduleExpression": "rate(1 day)"}, {})),
        before(step("same", FUNCTION, "gate", gate, gate)),
        before(step("same", FUNCTION, "other", {}, {})),
    )
    assert [change.name for change in found.unchanged] == ["gate", "daily"]


def test_the_order_of_events_does_not_show():
    told = [before(step("create", ROLE_POLICY, name, new={})) for name in ("a", "b", "c")]
    assert collect(*told) == collect(*reversed(told))


def test_a_review_survives_json():
    found = collect(
        before(step("update", ROLE_POLICY, "policy", {"policy": "a"}, {"policy": ["b", 1, None]}, diffs=["policy"])),
        before(step("same", SCHEDULE, "daily", {}, {"scheduleExpression": "rate(1 day)"})),
        policy("mandatory", "kms-rotation", "key: write true"),
        policy("advisory", "other", "advice"),
        error="Pulumi stopped",
    )
    assert StackReview.from_json(json.loads(json.dumps(found.as_json()))) == found
    assert (found.plan_digest, found.state_digest, found.commit) == ("plan", "state", "commit")


def test_a_review_with_a_field_that_nobody_knows_is_refused():
    with pytest.raises(TypeError, match="verdict"):
        StackReview.from_json({**collect().as_json(), "verdict": "approved"})
