"""A report in GitHub's Markdown that never grows over a number of lines: what is longest is folded first."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 140
MORE = "the log of the build has all"
SPECIAL = re.compile(r"([\\`*<>\[\]|~])|(?<!\w)_|_(?!\w)")
MARK = "**"


@dataclass
class Section:
    """A heading with items; of a section that ``matters`` items are folded only when there is no other way."""

    heading: str
    items: Sequence[str]
    matters: bool = False
    lines_per_item: int = 2

    def lines(self, shown: int) -> list[str]:
        """The section with so many of its items."""
        found = [f"#### {escape(self.heading)}"]
        for item in self.items[:shown]:
            found += wrapped(item, self.lines_per_item)
        left = len(self.items) - shown
        return [*found, f"- and {left} more; {MORE}"] if left else found


def folded(sections: Sequence[Section], most: int) -> list[str]:
    """All sections in at most so many lines; raises ValueError where even their headings are too many."""
    known = [section for section in sections if section.items]
    shown = [len(section.items) for section in known]

    def size(position: int) -> int:
        return len(known[position].lines(shown[position]))

    while sum(map(size, range(len(known)))) > most:
        foldable = [position for position, count in enumerate(shown) if count]
        if not foldable:
            raise ValueError(f"{len(known)} sections do not fit into {most} lines")
        # What matters gives way when everything else has shrunk to a few lines.
        few = 4
        longest = max(foldable, key=lambda one: (not known[one].matters or size(one) <= few, size(one)))
        if size(longest) <= few:
            longest = max(foldable, key=size)
        shown[longest] -= 1
    return [line for position, section in enumerate(known) for line in section.lines(shown[position])]


def wrapped(item: str, most: int) -> list[str]:
    """A list item on a few lines; text that is marked stays so, all else is shown as it is."""
    mark, text = (
        (item[: item.index(MARK, 2) + 2] + " ", item.split(MARK, 2)[2]) if item.startswith(MARK) else ("", item)
    )
    lines = textwrap.wrap(" ".join(text.split()), WIDTH, break_on_hyphens=False)
    if len(lines) > most:
        lines = [*lines[: most - 1], textwrap.shorten(" ".join(lines[most - 1 :]), WIDTH, placeholder=" …")]
    first, *rest = [escape(line) for line in lines] or [""]
    return [f"- {mark}{first}", *(f"  {line}" for line in rest)]


def escape(text: str) -> str:
    """The text such that Markdown shows its very characters, and nobody is notified by an @."""
    return SPECIAL.sub(lambda found: f"\\{found[0]}", text).replace("@", "@&#8203;")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table."""
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]
