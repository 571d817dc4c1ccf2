"""The service's documents, each change committed to SQLite at once, so that a killed server loses nothing."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class StateClosedError(Exception):
    """A change after :meth:`State.close`: the server is stopping and its threads must end."""


class State:
    """Documents by kind and key, held in memory and written through.

    A stored document is never changed in place: :meth:`put` and :meth:`change` replace it, so a reader may keep
    what it got. Hold :attr:`lock` around a check and the change that depends on it.
    """

    def __init__(self, folder: Path, name: str = "sagemaker.sqlite") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._open = True
        self._database = sqlite3.connect(folder / name, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS document"
            " (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        self._kinds: dict[str, dict[str, Document]] = {}
        for kind, key, body in self._database.execute("SELECT kind, key, body FROM document"):
            self._kinds.setdefault(kind, {})[key] = json.loads(body)

    def get(self, kind: str, key: str) -> Document | None:
        """The document, or None."""
        return self._kinds.get(kind, {}).get(key)

    def put(self, kind: str, key: str, document: Document) -> Document:
        """Store a whole document, replacing the one with this key."""
        with self.lock:
            if not self._open:
                raise StateClosedError
            self._database.execute(
                "INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (kind, key, json.dumps(document))
            )
            self._kinds.setdefault(kind, {})[key] = document
        return document

    def change(self, kind: str, key: str, **changes: Any) -> Document:
        """Replace some members of a document; a value of None removes the member. Raises KeyError if it is gone."""
        with self.lock:
            merged = {**self._kinds[kind][key], **changes}
            return self.put(kind, key, {name: value for name, value in merged.items() if value is not None})

    def delete(self, kind: str, key: str) -> None:
        """Remove a document, if it is there."""
        with self.lock:
            if not self._open:
                raise StateClosedError
            self._database.execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, key))
            self._kinds.get(kind, {}).pop(key, None)

    def delete_all(self, kind: str, prefix: str) -> None:
        """Remove every document of a kind whose key starts with ``prefix``."""
        with self.lock:
            for key in [key for key in self._kinds.get(kind, {}) if key.startswith(prefix)]:
                self.delete(kind, key)

    def documents(self, kind: str, prefix: str = "") -> list[Document]:
        """Every document of a kind whose key starts with ``prefix``."""
        with self.lock:
            return [document for key, document in self._kinds.get(kind, {}).items() if key.startswith(prefix)]

    def close(self) -> None:
        """Refuse further changes and release the database."""
        with self.lock:
            if self._open:
                self._open = False
                self._database.close()
