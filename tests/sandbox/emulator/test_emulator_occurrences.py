"""When schedules occur, in AWS's dialect of cron and over changes of daylight saving time."""

from __future__ import annotations

import datetime

import pytest

from sandbox.emulator.occurrences import InvalidExpressionError, parse

BEGINS = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC).timestamp()


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()


def occurrences(expression: str, after: str, count: int, timezone: str = "UTC") -> list[str]:
    next_after, moment, found = parse(expression, timezone), at(after), []
    for _ in range(count):
        following = next_after(moment, BEGINS)
        if following is None:
            break
        moment = following
        found.append(datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(30 6 * * ? *)", ["2026-11-23T06:30", "2026-11-24T06:30"]),
        ("cron(0 12 ? * MON-FRI *)", ["2026-11-23T12:00", "2026-11-24T12:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-12-01T00:00", "2027-01-01T00:00", "2027-02-01T00:00"]),
        ("cron(0 0 15W 8 ? *)", ["2027-08-16T00:00", "2028-08-15T00:00"]),
        ("cron(0 0 ? * 6#2 *)", ["2026-12-11T00:00", "2027-01-08T00:00"]),
        ("cron(0 0 ? * 2L *)", ["2026-11-30T00:00", "2026-12-28T00:00"]),
        ("cron(0/20 23 22 11 ? 2026)", ["2026-11-22T23:00", "2026-11-22T23:20", "2026-11-22T23:40"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00"]),
    ],
)
def test_cron_occurs_as_aws_reads_it(expression: str, expected: list[str]) -> None:
    assert occurrences(expression, "2026-11-22T12:00", len(expected)) == expected


def test_cron_of_a_year_that_is_over_never_occurs() -> None:
    assert occurrences("cron(0 0 * * ? 2025)", "2026-11-22T12:00", 1) == []


def test_a_time_that_daylight_saving_skips_does_not_occur() -> None:
    found = occurrences("cron(30 2 * * ? *)", "2026-03-27T12:00", 3, "Europe/Vienna")
    assert found == ["2026-03-28T01:30", "2026-03-30T00:30", "2026-03-31T00:30"]


def test_a_time_that_daylight_saving_repeats_occurs_once() -> None:
    found = occurrences("cron(30 2 * * ? *)", "2026-10-24T12:00", 2, "Europe/Vienna")
    assert found == ["2026-10-25T00:30", "2026-10-26T01:30"]
    assert occurrences("cron(30 1 * * ? *)", "2026-11-01T06:00", 1, "America/New_York") == ["2026-11-02T06:30"]


def test_a_rate_begins_at_once_and_keeps_24_hours_over_a_change_of_time() -> None:
    assert occurrences("rate(1 day)", "2026-11-22T11:59", 2) == ["2026-11-22T12:00", "2026-11-23T12:00"]
    assert occurrences("rate(5 minutes)", "2026-11-22T12:03", 2, "Europe/Vienna") == [
        "2026-11-22T12:05",
        "2026-11-22T12:10",
    ]


def test_at_occurs_once_in_its_time_zone() -> None:
    assert occurrences("at(2026-12-24T18:00:00)", "2026-11-22T12:00", 2, "Europe/Vienna") == ["2026-12-24T17:00"]
    assert occurrences("at(2026-11-22T11:00:00)", "2026-11-22T12:00", 2) == []


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 6 * * *)",
        "cron(0 6 * * * *)",
        "cron(61 6 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 6 32 * ? *)",
        "cron(0 6 ? * 8 *)",
        "cron(5-1 6 * * ? *)",
        "rate(0 minutes)",
        "rate(1 week)",
        "at(2026-13-01T00:00:00)",
        "every day",
    ],
)
def test_an_expression_that_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(InvalidExpressionError):
        parse(expression)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(InvalidExpressionError, match="Mars/Olympus"):
        parse("rate(1 day)", "Mars/Olympus")
