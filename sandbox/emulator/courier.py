"""One thread that delivers what has been accepted, in the order in which it was accepted."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

logger = logging.getLogger("sandbox.courier")


class Courier:
    """Work handed in from any thread; it starts with :meth:`open`, when the services' state has been read.

    ``note_change`` is called after each, as the services' state may be another.
    """

    def __init__(self, note_change: Callable[[], None] = lambda: None) -> None:
        self._note_change = note_change
        self._changed = threading.Condition()
        self._work: deque[Callable[[], None]] = deque()
        self._closed = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    @property
    def is_idle(self) -> bool:
        with self._changed:
            return not self._work and not self._busy

    def submit(self, work: Callable[[], None]) -> None:
        """Do this after what was submitted before; does not wait."""
        with self._changed:
            self._work.append(work)
            self._changed.notify_all()

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Finish what was submitted, then end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is left to do, at most so long; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._work and not self._busy, seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._work or self._closed)
                if not self._work:
                    return
                work = self._work.popleft()
                self._busy = True
            try:
                work()
            except Exception:
                logger.exception("Something that was accepted could not be delivered")
            self._note_change()
