"""Saving ministack's state soon after each change; ministack itself saves when it is stopped."""

from __future__ import annotations

import asyncio

from ministack import app
from ministack.core import persistence

# A killed sandbox loses what changed in this time.
DELAY_SECONDS = 0.4


class StateSaver:
    """Writes every loaded service's state, each file whole, once changes have been noted."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def note_change(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(DELAY_SECONDS)
            self._changed.clear()
            save()


def save() -> None:
    persistence.save_all(app._build_persistence_save_dict())
