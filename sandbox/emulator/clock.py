"""The sandbox's one clock: real time plus what it was advanced by, which outlives the server."""

from __future__ import annotations

import datetime
import threading
import time

from sandbox.sagemaker.state import State


class Clock:
    """Seconds since the epoch; it can be moved forward, never back. With a ``state``, a restart keeps the advance."""

    def __init__(self, state: State | None = None) -> None:
        self._lock = threading.Lock()
        self._state = state
        kept = state.get("clock", "clock") if state else None
        self._advanced_seconds = float(kept["advanced_seconds"]) if kept else 0.0

    @property
    def advanced_seconds(self) -> float:
        return self._advanced_seconds

    def now(self) -> float:
        return time.time() + self._advanced_seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward; raises ValueError for a negative amount."""
        if seconds < 0:
            raise ValueError("The sandbox's clock only moves forward.")
        with self._lock:
            self._advanced_seconds += seconds
            if self._state is not None:
                self._state.put("clock", "clock", {"advanced_seconds": self._advanced_seconds})

    def advance_to(self, moment: float) -> None:
        """Move the clock forward to a moment, if it has not passed it already."""
        missing = moment - self.now()
        if missing > 0:
            self.advance(missing)


def iso(moment: float) -> str:
    """``2026-11-22T22:00:00Z``."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
