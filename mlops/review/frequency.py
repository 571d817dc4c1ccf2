"""How often a schedule of EventBridge Scheduler occurs in a month.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import datetime
import re

# A year without a leap day stands for all years.
YEAR = 2026
MONTHS = 12
DAYS = 365
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
PER_DAY = {"minute": 24 * 60, "hour": 24, "day": 1}
MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# The last day, the nearest weekday, the last or n-th such weekday of a month: once in it.
ONCE_A_MONTH = re.compile(r"(\d*L|\d*W|LW|\w+#\d|[A-Z]{3}L)")


def runs_per_month(expression: str) -> float | None:
    """The average over a year; None for an expression that cannot be read."""
    if expression.startswith("at("):
        return 0.0
    if found := RATE.fullmatch(expression):
        return PER_DAY[found[2]] / int(found[1]) * DAYS / MONTHS
    if not (expression.startswith("cron(") and expression.endswith(")")):
        return None
    fields = expression[len("cron(") : -1].split()
    try:
        minutes, hours, days, months, weekdays, _years = fields
        per_day = len(_values(minutes, 0, 59)) * len(_values(hours, 0, 23))
        return per_day * _days(days, _values(months, 1, 12, MONTH_NAMES), weekdays) / MONTHS
    except ValueError:
        return None


def _days(days: str, months: set[int], weekdays: str) -> int:
    """On how many days of the year it occurs."""
    if ONCE_A_MONTH.fullmatch(days) or ONCE_A_MONTH.fullmatch(weekdays):
        return len(months)
    allowed, allowed_weekdays = _values(days, 1, 31), _values(weekdays, 1, 7, DAY_NAMES)
    first = datetime.date(YEAR, 1, 1)
    year = (first + datetime.timedelta(days=number) for number in range(DAYS))
    # AWS counts weekdays from Sunday, 1.
    return sum(
        day.month in months and day.day in allowed and day.isoweekday() % 7 + 1 in allowed_weekdays for day in year
    )


def _values(field: str, least: int, greatest: int, names: tuple[str, ...] = ()) -> set[int]:
    """The values of a field; raises ValueError for one that cannot be read."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        start, _, end = span.partition("-")
        if start in ("*", "?"):
            first, last = least, greatest
        else:
            first = _number(start, least, names)
            last = _number(end, least, names) if end else greatest if step else first
        found.update(range(first, last + 1, int(step) if step else 1))
    if not found or not least <= min(found) <= max(found) <= greatest:
        raise ValueError(f"{field} is not between {least} and {greatest}")
    return found


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    return names.index(text.upper()) + least if text.upper() in names else int(text)
