"""What only the sandbox has: a clock that can be moved, and the e-mails that it did not send."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mlops.failure import CommandError, UsageError
from mlops.place import Place

Say = Callable[[str], None]
UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
# A request must end while its caller still waits; what is due within a day may train a model.
LONGEST_STEP = timedelta(days=1)
TIMEOUT_SECONDS = 900


def duration(text: str) -> timedelta:
    """``26h``, ``1d12h``, ``90m`` as a length of time; raises :class:`UsageError`."""
    parts = re.findall(r"(\d+)([wdhms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"{text!r} is no length of time; write for example 26h, 90m, 7d or 1d12h")
    return sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def read_clock(place: Place) -> dict[str, Any]:
    """The sandbox's time: ``now`` as ISO 8601, ``advanced_seconds`` how far it is ahead of this machine's clock."""
    return _ask(place, "clock")


def advance(place: Place, length: timedelta, say: Say) -> dict[str, Any]:
    """Move the clock; what becomes due on the way happens, in order, and is listed in ``fired``."""
    fired: list[dict[str, Any]] = []
    clock = read_clock(place)
    while length > timedelta():
        step = min(length, LONGEST_STEP)
        clock = _ask(place, "clock/advance", {"seconds": step.total_seconds()})
        for event in clock.pop("fired"):
            say(f"{event['at']}  {event['kind']}: {event['name']}")
            fired.append(event)
        length -= step
    return {**clock, "fired": fired}


def read_outbox(place: Place, after: int = 0) -> list[dict[str, Any]]:
    """The e-mails that AWS would have sent, oldest first, from the one after number ``after``."""
    messages: list[dict[str, Any]] = _ask(place, f"outbox?after={after}")["messages"]
    return messages


def _ask(place: Place, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    if not place.is_sandbox:
        raise UsageError("only the sandbox has this; leave --profile out, or say --sandbox")
    request = urllib.request.Request(  # noqa: S310  # the sandbox's own address, on loopback
        f"{place.endpoint_url}/_sandbox/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # see above
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise CommandError(f"the sandbox refuses: {error.read().decode(errors='replace')}") from error
    except (urllib.error.URLError, TimeoutError) as error:
        raise CommandError(f"the sandbox at {place.endpoint_url} does not answer: {error}") from error
    return found
