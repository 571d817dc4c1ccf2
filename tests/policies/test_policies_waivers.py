"""Waivers: what they waive, until when, and how the file is checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from mutation import mutated, put
from policies import waivers
from policies.catalog import NAMES, RULES
from policies.completeness import STACK_RULES
from policies.s3 import BUCKET_POLICY, VERSIONING
from policies.stack_settings import ENVIRONMENTS

VERSIONED = next(rule for rule in RULES if rule.name == "s3-versioning")
GOOD = {
    "rule": '"s3-versioning"',
    "stack": '"dev"',
    "resource": '"data-versioning"',
    "reason": '"copies only, until the import is done"',
    "expires": "2027-01-31",
}
DAY = date(2027, 1, 31)


def text(**changes):
    fields = {**GOOD, **changes}
    return "[[waiver]]\n" + "\n".join(f"{name} = {value}" for name, value in fields.items() if value is not None)


def parse(given):
    return waivers.parse(given, NAMES, ENVIRONMENTS)


def violating(stacks):
    stack = stacks["dev"]
    return stack, mutated(stack.one(VERSIONING, "data-versioning"), put("versioningConfiguration.status", "Suspended"))


def test_the_committed_waivers_can_be_used():
    assert waivers.FILE.is_file()
    assert waivers.load(NAMES, ENVIRONMENTS) == parse(waivers.FILE.read_text())


def test_a_waiver_waives_until_its_day_and_then_is_a_violation_itself(stacks, judge):
    granted = parse(text())
    stack, resource = violating(stacks)
    before, on_the_day = date(2027, 1, 30), DAY
    assert judge(VERSIONED, stack, resource, waivers=granted, today=before) == []
    assert list(waivers.expired(granted, "dev", before)) == []
    assert judge(VERSIONED, stack, resource, waivers=granted, today=on_the_day) != []
    [message] = waivers.expired(granted, "dev", on_the_day)
    assert "the waiver of s3-versioning for data-versioning ended on 2027-01-31" in message
    assert "copies only" in message


@pytest.mark.parametrize(
    "changes", [{"stack": '"prod"'}, {"resource": '"state-versioning"'}, {"rule": '"s3-ownership"'}]
)
def test_a_waiver_is_for_one_rule_stack_and_resource(changes, stacks, judge):
    stack, resource = violating(stacks)
    assert judge(VERSIONED, stack, resource, waivers=parse(text(**changes)), today=date(2026, 12, 1)) != []


def test_an_expired_waiver_is_told_in_its_own_stack_only():
    assert list(waivers.expired(parse(text()), "prod", DAY)) == []


def test_a_stack_rule_is_waived_for_its_resource_only(stacks, judge_stack):
    rule = next(rule for rule in STACK_RULES if rule.name == "stack-companions")
    stack = stacks["prod"]
    without = [r for r in stack.outcome if r.type != BUCKET_POLICY]
    granted = parse(text(rule='"stack-companions"', stack='"prod"', resource='"state"'))
    assert len(judge_stack(rule, stack, without)) == 2
    [left] = judge_stack(rule, stack, without, waivers=granted)
    assert left.startswith("data: no bucket policy")
    late = [replace(granted[0], expires=date(2026, 1, 1))]
    assert len(judge_stack(rule, stack, without, waivers=late)) == 2


@pytest.mark.parametrize(("letters", "usable"), [(waivers.LEAST_REASON, True), (waivers.LEAST_REASON - 1, False)])
def test_a_reason_has_a_least_length(letters, usable):
    given = text(reason='"' + " " + "x" * letters + '"')
    if usable:
        assert len(parse(given)) == 1
    else:
        with pytest.raises(waivers.WaiverError):
            parse(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (text(reason=None), "reason is None; write text in quotes"),
        (text(reason='"because"'), "reason 'because' says nothing"),
        (text(expires=None), "expires is None; write a day as 2027-01-31"),
        (text(expires='"2027-01-31"'), "write a day as 2027-01-31"),
        (text(expires="2027-01-31T00:00:00Z"), "write a day as 2027-01-31"),
        (text(rule='"s3-version"'), "rule 's3-version' does not exist; write one of"),
        (text(stack='"test"'), "stack 'test' does not exist; write one of dev, prod, registry"),
        (text(until="1"), "until: unknown key"),
        ("[[waivers]]\n", "waivers: unknown key; write [[waiver]]"),
        ("waiver", "is not TOML"),
    ],
)
def test_waivers_that_cannot_be_used_are_named(given, says):
    with pytest.raises(waivers.WaiverError) as raised:
        parse(given)
    assert says in str(raised.value)


def test_all_problems_are_named_at_once():
    with pytest.raises(waivers.WaiverError) as raised:
        parse(text(reason=None, stack='"test"') + "\n" + text(rule='"x"'))
    assert str(raised.value).count("\n  - waiver 1: ") == 2
    assert str(raised.value).count("\n  - waiver 2: ") == 1
