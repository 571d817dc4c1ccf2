"""The sandbox's clock: real time plus what it was advanced by."""

from __future__ import annotations

import threading
import time


class Clock:
    """Seconds since the epoch; it can be moved forward, never back."""

    def __init__(self, advanced_seconds: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._advanced_seconds = advanced_seconds

    def now(self) -> float:
        return time.time() + self._advanced_seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward; raises ValueError for a negative amount."""
        if seconds < 0:
            raise ValueError("The sandbox's clock only moves forward.")
        with self._lock:
            self._advanced_seconds += seconds
