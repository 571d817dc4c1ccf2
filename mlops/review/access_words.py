"""Sentences about grants that somebody gained or lost, many of one statement in one sentence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlops.review import wording
from mlops.review.policy_document import Condition, Grant

ACCOUNT = re.compile(r"^arn:[^:]+:iam::(\d+):root$")
ARN = re.compile(r"^arn:[^:]+:")
OPERATORS = {"Equals": "=", "Like": "like", "NotEquals": "≠", "NotLike": "not like", "Bool": "="}
# So many actions, resources or principals are named in one sentence; a review says where the rest is.
MOST = 4
ANYBODY = "anybody"
MAY, MAY_ALSO, LOSES = "may", "may also", "loses"
TRUST_VERBS = {
    MAY: "admits",
    MAY_ALSO: "also admits",
    LOSES: "no longer admits",
    "is now refused": "now refuses",
    "is no longer refused": "no longer refuses",
}
Product = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Told:
    """One change of access: the sentence, and what a summary of many needs.

    ``principals``, ``actions`` and ``places`` are those that are gained or lost, ``limits`` the values of each
    condition on them; a change without places is not one among many, and is always told by itself.
    """

    stack: str
    subject: str
    text: str
    mark: str = ""
    statement: str = ""
    principals: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    limits: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        return f"{self.mark}{self.text}"


@dataclass(frozen=True)
class Speaker:
    """Speaks about one subject: a role, which may do things, or a resource, to which others may do things."""

    stack: str
    subject: str
    is_identity: bool
    is_trust: bool
    is_new: bool = False

    @property
    def title(self) -> str:
        """The subject and where it is."""
        return f"{self.stack} {self.subject}"

    def tell(self, text: str, **more: Any) -> Told:
        """A change of this subject."""
        return Told(stack=self.stack, subject=self.subject, text=text, **more)

    def gains(self, gained: Sequence[Grant], before: Sequence[Grant]) -> Iterator[Told]:
        """Grants that are new, and conditions that no longer hold them back."""
        yield from self._sentences(gained, before, MAY if self.is_new else MAY_ALSO, "loosened")

    def losses(self, lost: Sequence[Grant], after: Sequence[Grant]) -> Iterator[Told]:
        """Grants that are no more, and conditions that now hold them back."""
        yield from self._sentences(lost, after, LOSES, "tightened")

    def refusals(self, refused: Sequence[Grant], before: Sequence[Grant]) -> Iterator[Told]:
        """What is now denied."""
        yield from self._sentences(refused, before, "is now refused", "applies to more")

    def no_more_refused(self, lifted: Sequence[Grant], after: Sequence[Grant]) -> Iterator[Told]:
        """What was denied."""
        yield from self._sentences(lifted, after, "is no longer refused", "applies to less")

    def _sentences(
        self, grants: Sequence[Grant], others: Sequence[Grant], verb: str, by_condition: str
    ) -> Iterator[Told]:
        plain: dict[tuple[str, frozenset[Condition]], list[Grant]] = defaultdict(list)
        conditional: dict[tuple[str, str, tuple[str, ...]], list[Grant]] = defaultdict(list)
        for grant in grants:
            near = [other for other in others if other.effect == grant.effect and other.reaches(grant)]
            if near:
                nearest = min(near, key=lambda other: len(other.conditions ^ grant.conditions))
                is_old = by_condition in ("tightened", "applies to less")
                old, new = (grant, nearest) if is_old else (nearest, grant)
                difference = condition_difference(old.conditions, new.conditions)
                conditional[grant.sid, difference, _values_gained(old, new)].append(grant)
            else:
                plain[grant.sid, grant.conditions].append(grant)
        for (sid, conditions), group in plain.items():
            told = wording.shorten(" and ".join(sorted(map(in_words, conditions))), 2 * wording.VALUE_LENGTH)
            when = f" when {told}" if told else ""
            for product in products(group):
                who, what, where = product
                text = f"{self._sentence(product, verb)}{when} (statement {sid})"
                places = () if self.is_trust else where
                yield self.tell(
                    text, statement=sid, principals=who, actions=what, places=places, limits=_limits(conditions)
                )
        for (sid, difference, places), group in conditional.items():
            what = tuple(sorted({grant.action for grant in group}))
            text = f"{self.title}: statement {sid} ({_some(what)}) {by_condition}: {difference}"
            yield self.tell(text, statement=sid, actions=what, places=places)

    def _sentence(self, product: Product, verb: str) -> str:
        principals = _some([ANYBODY if one == "*" else _short(one) for one in product[0] if one])
        actions = _some(["everything" if one == "*" else one for one in product[1]])
        # In a resource's own policy `*` is that resource.
        every = "every resource" if self.is_identity else ""
        resources = _some([found for one in product[2] if (found := every if one == "*" else _short(one))])
        on = f" on {resources}" if resources else ""
        if self.is_trust:
            through = "" if product[1] == ("sts:AssumeRole",) else f" through {actions}"
            return f"{self.title} {TRUST_VERBS.get(verb, verb)} {principals}{through}"
        if self.is_identity:
            return f"{self.title} {verb} {actions}{on}"
        return f"{self.title}: {principals} {'may no longer' if verb == LOSES else verb} {actions}{on}"


def condition_difference(old: Iterable[Condition], new: Iterable[Condition]) -> str:
    """What is different in the conditions of a statement."""
    before = {(operator, key): values for operator, key, values in old}
    after = {(operator, key): values for operator, key, values in new}
    parts = []
    for operator, key in sorted(before.keys() | after.keys()):
        values, now = before.get((operator, key)), after.get((operator, key))
        if values is None:
            parts.append(f"condition {in_words((operator, key, now or frozenset()))} added")
        elif now is None:
            parts.append(f"condition {in_words((operator, key, values))} dropped")
        elif values != now:
            told = wording.sets([*map(_short, sorted(values))], [*map(_short, sorted(now))])
            parts.append(f"condition on {key} {told}")
    return "; ".join(parts)


def _values_gained(old: Grant, new: Grant) -> tuple[str, ...]:
    """What conditions admit besides; none where more than that differs."""
    before = {(operator, key): values for operator, key, values in old.conditions}
    after = {(operator, key): values for operator, key, values in new.conditions}
    if before.keys() != after.keys() or any(before[key] - after[key] for key in before):
        return ()
    return tuple(sorted(value for key in before for value in after[key] - before[key]))


def _limits(conditions: Iterable[Condition]) -> tuple[tuple[str, ...], ...]:
    """The values of those conditions that name what they admit."""
    return tuple(sorted(tuple(sorted(values)) for operator, _, values in conditions if "Not" not in operator))


def products(grants: Iterable[Grant]) -> list[Product]:
    """Principals, actions and resources whose every combination is among the grants."""
    by_action: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for grant in grants:
        by_action[grant.action].add((grant.principal, grant.resource))
    by_reach: dict[frozenset[tuple[str, str]], list[str]] = defaultdict(list)
    for action, reach in by_action.items():
        by_reach[frozenset(reach)].append(action)
    found: list[Product] = []
    for reached, actions in by_reach.items():
        principals = tuple(sorted({principal for principal, _ in reached}))
        by_resources: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for principal in principals:
            by_resources[tuple(sorted(resource for who, resource in reached if who == principal))].append(principal)
        found += [(tuple(who), tuple(sorted(actions)), resources) for resources, who in by_resources.items()]
    return sorted(found)


def in_words(condition: Condition) -> str:
    """A condition as it would be said."""
    operator, key, values = condition
    base = re.sub(r"^(ForAnyValue|ForAllValues):|IfExists$", "", operator)
    word = next((sign for end, sign in sorted(OPERATORS.items(), key=lambda o: -len(o[0])) if base.endswith(end)), base)
    optional = ", where given" if operator.endswith("IfExists") else ""
    return f"{key} {word} {_some([_short(value) for value in sorted(values)])}{optional}"


def _short(text: str) -> str:
    account = ACCOUNT.match(text)
    if account:
        return f"account {account[1]}"
    return wording.shorten(ARN.sub("", text))


def _some(names: Sequence[str]) -> str:
    """Some of the names, those with a wildcard first."""
    return wording.enumerate_some(sorted(names, key=lambda name: ("*" not in name, name)), MOST)
