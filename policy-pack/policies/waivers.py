"""Waivers: a rule that does not apply to one resource of one stack, with the reason and the day on which that ends."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FILE = Path(__file__).parent.parent / "waivers.toml"
FIELDS = {"rule": str, "stack": str, "resource": str, "reason": str, "expires": date}
LEAST_REASON = 15


class WaiverError(Exception):
    """The waivers cannot be used; the message names every problem and what to write instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """``resource`` is a logical name; on the day ``expires`` the waiver no longer holds."""

    rule: str
    stack: str
    resource: str
    reason: str
    expires: date

    def holds(self, today: date) -> bool:
        """Whether it has not expired."""
        return today < self.expires

    def is_for(self, rule: str, stack: str, resource: str) -> bool:
        """Whether it is about this rule, stack and resource."""
        return (self.rule, self.stack, self.resource) == (rule, stack, resource)


def parse(text: str, rules: Sequence[str], stacks: Sequence[str]) -> tuple[Waiver, ...]:
    """Waivers from TOML, an array of tables ``waiver``; raises :class:`WaiverError` with all problems at once."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WaiverError(f"{FILE.name} is not TOML: {error}") from error
    entries = raw.get("waiver", [])
    problems = [f"{key}: unknown key; write [[waiver]]" for key in raw if key != "waiver"]
    for position, entry in enumerate(entries, start=1):
        problems += [f"waiver {position}: {problem}" for problem in _problems(entry, rules, stacks)]
    if problems:
        raise WaiverError(f"{FILE.name} cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))
    return tuple(Waiver(**entry) for entry in entries)


def load(rules: Sequence[str], stacks: Sequence[str]) -> tuple[Waiver, ...]:
    """The pack's waivers; raises :class:`WaiverError`."""
    return parse(FILE.read_text(encoding="utf-8") if FILE.is_file() else "", rules, stacks)


def expired(waivers: Sequence[Waiver], stack: str, today: date) -> Iterator[str]:
    """A message for each waiver of a stack that no longer holds, whether or not its resource still needs it."""
    for waiver in waivers:
        if waiver.stack == stack and not waiver.holds(today):
            yield (
                f"the waiver of {waiver.rule} for {waiver.resource} ended on {waiver.expires} ({waiver.reason}); make "
                f"the resource comply and remove the waiver from {FILE.name}, or give it a later day and say why"
            )


def _problems(entry: dict[str, object], rules: Sequence[str], stacks: Sequence[str]) -> Iterator[str]:
    for name, kind in FIELDS.items():
        if type(entry.get(name)) is not kind:  # a time of day is a date too, and cannot be compared with one
            yield f"{name} is {entry.get(name)!r}; write {'a day as 2027-01-31' if kind is date else 'text in quotes'}"
    for name in entry:
        if name not in FIELDS:
            yield f"{name}: unknown key; write only {', '.join(FIELDS)}"
    for name, known in (("rule", rules), ("stack", stacks)):
        if isinstance(entry.get(name), str) and entry[name] not in known:
            yield f"{name} {entry[name]!r} does not exist; write one of {', '.join(sorted(known))}"
    if isinstance(reason := entry.get("reason"), str) and len(reason.strip()) < LEAST_REASON:
        yield f"reason {reason!r} says nothing; write why the rule does not apply, and what ends that"
