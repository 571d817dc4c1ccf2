"""What is due on the sandbox's clock, fired in order of time: as real time passes, or as the clock is advanced."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sandbox.emulator.clock import Clock, iso

logger = logging.getLogger("sandbox.timeline")

# How late something fires that becomes due without an announcement, such as a message's visibility.
_TICK_SECONDS = 1.0
# Less than clients wait for an answer, so that they learn what is under way.
SETTLE_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fired:
    """One thing that fired: when it was due, what kind of thing, its name and what it was meant for."""

    at: float
    kind: str  # "schedule", "retry", "invocation", "alarm"
    name: str
    target: str

    def as_document(self) -> dict[str, str]:
        return {"at": iso(self.at), "kind": self.kind, "name": self.name, "target": self.target}


class Source(Protocol):
    """Something that becomes due."""

    def due(self) -> float | None:
        """The next moment at which something is due; None if nothing ever will be."""

    def fire(self, moment: float) -> list[Fired]:
        """Fire what is due at or before a moment, and tell what it was."""


class NotSettledError(Exception):
    """What was fired has not ended; the message says what is under way."""


class Timeline:
    """Fires its sources. ``underway`` names what runs at the moment: executions, deliveries, functions."""

    def __init__(
        self,
        clock: Clock,
        underway: Callable[[], list[str]],
        *,
        settle_seconds: float = SETTLE_SECONDS,
        note_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._note_change = note_change
        self._clock = clock
        self._underway = underway
        self._settle_seconds = settle_seconds
        self._sources: list[Source] = []
        self._firing = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="timeline", daemon=True)

    def add(self, source: Source) -> None:
        self._sources.append(source)

    def open(self) -> None:
        """Begin to fire what real time makes due."""
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Look again at what is due: something new may be."""
        self._wake.set()

    def advance(self, seconds: float) -> list[Fired]:
        """Move the clock forward and answer when everything that became due has fired and settled.

        Raises ValueError for a negative amount, :class:`NotSettledError` when something runs for too long: the clock
        stays where that was fired.
        """
        if seconds < 0:
            raise ValueError("The sandbox's clock only moves forward.")
        with self._firing:
            until = self._clock.now() + seconds
            fired: list[Fired] = []
            self._settle()
            while (moment := self._due()) is not None and moment <= until:
                self._clock.advance_to(moment)
                fired += self._fire(moment)
                self._settle()
            self._clock.advance_to(until)
            return fired

    def _due(self) -> float | None:
        return min((due for source in self._sources if (due := source.due()) is not None), default=None)

    def _fire(self, moment: float) -> list[Fired]:
        fired = [one for source in self._sources for one in source.fire(moment)]
        self._note_change()
        return sorted(fired, key=lambda one: one.at)

    def _settle(self) -> None:
        started, pause = time.monotonic(), 0.001
        while names := self._underway():
            if self._closed:
                raise NotSettledError(f"The sandbox stops; its clock stands at {iso(self._clock.now())}.")
            if time.monotonic() - started > self._settle_seconds:
                raise NotSettledError(
                    f"The clock stands at {iso(self._clock.now())}: after {self._settle_seconds:.0f} s there is still "
                    f"under way: {', '.join(names)}. Stop it or wait for it, then advance the clock again."
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _run(self) -> None:
        while not self._closed:
            wait = _TICK_SECONDS
            try:
                with self._firing:
                    due, now = self._due(), self._clock.now()
                    if due is not None and due <= now:
                        self._fire(now)
                        continue
                wait = _TICK_SECONDS if due is None else min(_TICK_SECONDS, due - now)
            except Exception:
                logger.exception("What is due could not be fired")
            self._wake.wait(wait)
            self._wake.clear()
