"""What the engine prints that is no news: colour marks, and the old language host's trace of being interrupted."""

from __future__ import annotations

import re

COLOUR = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")
INTERRUPTED = re.compile(
    r"(?:[^\n]*Exception ignored[^\n]*\n)?"
    r"[ \t]*Traceback \(most recent call last\):\n(?:(?!\n\n).)*?KeyboardInterrupt[^\n]*\n?",
    re.DOTALL,
)


def strip(text: str) -> str:
    """The text without either; what remains is the engine's own."""
    return INTERRUPTED.sub("", COLOUR.sub("", text)).strip()
