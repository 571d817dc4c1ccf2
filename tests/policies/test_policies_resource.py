"""Resources as rules read them, and how one refers to another."""

from __future__ import annotations

import pytest
from policies.rule import UNKNOWN, Resource, UnknownValueError, refers

PROPS = {"a": {"b": [{"c": 1}]}, "u": UNKNOWN, "h": {"u": UNKNOWN}, "empty": "", "none": None}
RESOURCE = Resource(type="t", name="n", urn="urn:n", props=PROPS)


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b.0.c", 1), ("a.b.1.c", None), ("a.b.1", None), ("a.x.y", None), ("a.b.0.c.d", None), ("none", None)],
)
def test_a_path_leads_to_a_value_or_to_none(path, value):
    assert RESOURCE.get(path) == value


@pytest.mark.parametrize("path", ["u", "h.u", "u.x", "u.0"])
def test_an_unknown_value_is_no_value_and_is_told(path):
    with pytest.raises(UnknownValueError) as raised:
        RESOURCE.get(path)
    assert str(raised.value) == path


def test_an_unknown_value_is_set_but_nobody_knows_what_is_inside():
    assert RESOURCE.is_set("u")
    assert RESOURCE.is_set("h.u")
    assert not RESOURCE.is_set("empty")
    assert not RESOURCE.is_set("a.x")
    with pytest.raises(UnknownValueError):
        RESOURCE.is_set("u.x")


@pytest.mark.parametrize(
    ("key", "is_own"),
    [("arn:key", True), (UNKNOWN, True), ("alias/mine", True), ("alias/aws/s3", False), (None, False)],
)
def test_keys_that_aws_manages_are_not_the_accounts_own(key, is_own):
    assert Resource(type="t", name="n", props={"key": key}).has_own_key("key") is is_own


@pytest.mark.parametrize(
    ("own", "named", "made_from_it", "expected"),
    [
        ("arn:1", "arn:1", False, True),
        ("arn:1", "arn:2", True, False),
        ("arn:1", UNKNOWN, True, True),
        ("arn:1", UNKNOWN, False, False),
        (UNKNOWN, UNKNOWN, True, True),
        (UNKNOWN, UNKNOWN, False, False),
        (UNKNOWN, "arn:1", False, False),
        ("arn:1", None, False, False),
        (None, None, False, False),
    ],
)
def test_a_resource_refers_by_value_or_while_that_is_unknown_by_what_it_is_made_from(
    own, named, made_from_it, expected
):
    parent = Resource(type="t", name="parent", urn="urn:parent", props={"arn": own})
    made_from = frozenset({"urn:parent"} if made_from_it else {"urn:other"})
    child = Resource(type="t", name="c", props={"of": {"arn": named}}, dependencies={"of": made_from})
    assert refers(child, "of.arn", parent, "arn") is expected
