"""What commands print: progress on standard error, results on standard output, as tables or as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_progress = Console(stderr=True, highlight=False, soft_wrap=True)
# Without a terminal there is no width to fit into: a log or a pipe gets whole lines.
_results = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_started = time.monotonic()

UNBROKEN = ("version", "status", "auc", "stack", "account", "created")


def say(text: str) -> None:
    """One line of progress, with the seconds since the command began."""
    _progress.print(f"[dim]{time.monotonic() - _started:5.1f} s[/dim]  ", end="")
    _progress.print(text, markup=False)


def complain(text: str) -> None:
    """An error, on standard error."""
    _progress.print("[bold red]error:[/bold red] ", end="")
    _progress.print(text, markup=False)


def show_json(value: Any) -> None:
    """A result for scripts: one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True, default=str) + "\n")


def show(text: str) -> None:
    """A result for people."""
    _results.print(text, markup=False)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Rows as a table, or ``empty`` where there are none; a column's heading is its key."""
    if not rows:
        show(f"{title}: {empty}")
        return
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in UNBROKEN)
    for row in rows:
        table.add_row(*("" if row.get(column) is None else escape(str(row[column])) for column in columns))
    _results.print(table)
