from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mlops.failure import UsageError
from mlops.redrive import transformed
from mlops.sandbox_doors import duration

EVENT = {"account": "1", "resources": ["arn:first", "arn:second"], "detail": {"status": "Failed", "count": 3}}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, json.dumps(EVENT)),
        ({"Input": '{"constant": true}'}, '{"constant": true}'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"who": "$.account", "what": "$.resources[1]", "how": "$.detail.status"},
                    "InputTemplate": '"<what> of <who>:"\n"<how>, <unknown>"',
                }
            },
            '"arn:second of 1:"\n"Failed, "',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"n": "$.detail.count"}, "InputTemplate": '{"count": <n>}'}},
            '{"count": 3}',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"n": "$.detail.none"}, "InputTemplate": '"at <n>"'}},
            '"at "',
        ),
    ],
)
def test_a_redriven_event_is_transformed_as_the_rule_would(target, expected):
    assert transformed(target, EVENT) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("26h", timedelta(hours=26)),
        ("1d12h", timedelta(hours=36)),
        ("90m", timedelta(minutes=90)),
        ("2w", timedelta(14)),
    ],
)
def test_a_length_of_time_is_read(text, expected):
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "26", "h", "1x", "-1h", "1 h", "1h,"])
def test_what_is_no_length_of_time_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="write for example 26h"):
        duration(text)
