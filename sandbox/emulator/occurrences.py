"""When a schedule expression occurs: ``cron``, ``rate`` and ``at``, in a time zone.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ministack.services import eventbridge

_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_CRON_LIMITS = ((0, 0, 59), (1, 0, 23), (3, 1, 12), (5, 1970, 2199))  # field, least and greatest value

# The next occurrence after a moment, given the moment at which the schedule begins; seconds since the epoch.
NextAfter = Callable[[float, float], float | None]


class InvalidExpressionError(ValueError):
    """An expression or a time zone that AWS refuses."""


@lru_cache(maxsize=1024)
def parse(expression: str, timezone: str = "UTC") -> NextAfter:
    """The occurrences of an expression. Raises :class:`InvalidExpressionError`."""
    try:
        zone = zoneinfo.ZoneInfo(timezone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise InvalidExpressionError(f"Invalid ScheduleExpressionTimezone {timezone}.") from None
    if found := _RATE.fullmatch(expression):
        return _rate(int(found.group(1)) * _SECONDS[found.group(2)])
    if found := _AT.fullmatch(expression):
        return _at(_parsed(found.group(1), expression), zone)
    if expression.startswith("cron("):
        return _cron(_cron_fields(expression), zone)
    raise InvalidExpressionError(f"Invalid Schedule Expression {expression}.")


def _rate(interval: int) -> NextAfter:
    """The first occurrence is the beginning itself, as a rate starts at once where no StartDate is given."""

    def next_after(after: float, begins: float) -> float | None:
        return begins if after < begins else begins + ((after - begins) // interval + 1) * interval

    return next_after


def _at(local: datetime.datetime, zone: datetime.tzinfo) -> NextAfter:
    moment = _moment(local, zone)

    def next_after(after: float, begins: float) -> float | None:
        return moment if moment is not None and moment > after else None

    return next_after


def _cron(fields: Any, zone: datetime.tzinfo) -> NextAfter:
    def next_after(after: float, begins: float) -> float | None:
        local = datetime.datetime.fromtimestamp(after, zone).replace(tzinfo=None)
        while True:
            found = eventbridge._cron_next_fire(fields, local)
            if found is None:
                return None
            local = found.replace(tzinfo=None)
            moment = _moment(local, zone)
            if moment is not None and moment > after:
                return moment

    return next_after


def _moment(local: datetime.datetime, zone: datetime.tzinfo) -> float | None:
    """A local time as seconds since the epoch; None for one that the change to daylight saving time skips.

    A time that the change back repeats is the first of the two: AWS runs the schedule once.
    https://repost.aws/knowledge-center/eventbridge-scheduler-adjust-dst
    """
    moment = local.replace(tzinfo=zone).timestamp()
    exists = datetime.datetime.fromtimestamp(moment, zone).replace(tzinfo=None) == local
    return moment if exists else None


def _parsed(text: str, expression: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidExpressionError(f"Invalid Schedule Expression {expression}.") from None


def _cron_fields(expression: str) -> Any:
    """ministack's reading of the six fields, which takes values that no clock shows: refused here."""
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        raise InvalidExpressionError(f"Invalid Schedule Expression {expression}.")
    bounded = [(fields[index], least, greatest) for index, least, greatest in _CRON_LIMITS]
    bounded += [(fields[2]["days"], 1, 31), (fields[4]["days"], 1, 7)]
    for values, least, greatest in bounded:
        if values and not least <= min(values) <= max(values) <= greatest:
            raise InvalidExpressionError(f"Invalid Schedule Expression {expression}.")
    if not all(fields[index] for index in (0, 1, 3)):
        raise InvalidExpressionError(f"Invalid Schedule Expression {expression}.")
    return fields
