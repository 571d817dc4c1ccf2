"""The sandbox's own doors beside AWS's APIs: its clock, and the mails that it would have sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from sandbox.emulator.clock import iso
from sandbox.emulator.timeline import NotSettledError

if TYPE_CHECKING:
    from sandbox.emulator.automation import Automation

PREFIX = "/_sandbox/"
_BODY_LIMIT = 10_000

Answer = tuple[int, dict[str, Any]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Doors:
    """Answers what is asked under :data:`PREFIX`."""

    def __init__(self, automation: Automation) -> None:
        self._automation = automation

    async def answer(self, scope: dict[str, Any], receive: Receive) -> Answer:
        """Status and document. A web page may not ask: a browser names its origin, a client does not."""
        if any(name == b"origin" for name, _value in scope["headers"]):
            return 403, {"message": "The sandbox's doors are closed to web pages."}
        match scope["method"], scope["path"]:
            case "GET", "/_sandbox/clock":
                return 200, self._clock()
            case "POST", "/_sandbox/clock/advance":
                return await self._advance(await _body(receive))
            case "GET", "/_sandbox/outbox":
                after = parse_qs(scope["query_string"].decode()).get("after", ["0"])[0]
                if not after.isdigit():
                    return 400, {"message": "after is the id of a message, a number."}
                return 200, {"messages": self._automation.outbox.after(int(after))}
        return 404, {"message": "The sandbox does not offer this."}

    def _clock(self) -> dict[str, Any]:
        clock = self._automation.clock
        return {"now": iso(clock.now()), "advanced_seconds": clock.advanced_seconds}

    async def _advance(self, body: bytes) -> Answer:
        try:
            seconds = float(json.loads(body)["seconds"])
            fired = await asyncio.to_thread(self._automation.timeline.advance, seconds)
        except NotSettledError as error:
            return 409, {"message": str(error)}
        except (ValueError, TypeError, KeyError) as error:
            return 400, {"message": f'Say by how much: {{"seconds": 3600}}. {error}'}
        return 200, {**self._clock(), "fired": [one.as_document() for one in fired]}


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= _BODY_LIMIT:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body
