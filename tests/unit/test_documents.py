"""Policy documents as IAM takes them."""

from __future__ import annotations

import json

import pytest

from infra.identity.document import Statement, document
from infra.identity.trust import role_trust, service_trust


def test_a_list_of_one_is_written_as_a_string():
    [statement] = json.loads(document([Statement(sid="A", actions=("s3:GetObject",), resources=("r",))]))["Statement"]
    assert statement == {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "r"}


def test_two_statements_of_one_sid_are_refused():
    with pytest.raises(ValueError, match="one Sid: A"):
        document([Statement(sid="A", actions=("a",)), Statement(sid="A", actions=("b",))])


def test_service_trust_names_account_and_resources():
    [statement] = json.loads(service_trust("sagemaker.amazonaws.com", "1", ("arn:x",)))["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "1"},
        "ArnLike": {"aws:SourceArn": "arn:x"},
    }


def test_role_trust_narrows_the_account_to_the_role():
    [statement] = json.loads(role_trust(("arn:aws:iam::1:role/r",), None))["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::1:root"}
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/r"}}
