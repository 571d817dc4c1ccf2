"""Whether a mutant changes what somebody can do: requests made of the statement itself, independent of the layers.

Each resource pattern becomes a resource; each condition is met with each of its values, broken, and left out; what
other statements about the same action ask for is met too. The layers' own contexts are left aside.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from tools.access_documents.model import Platform
from tools.access_matrix.mutant import Mutant, Statement, listed
from tools.access_matrix.process import ask

SAMPLE = 200  # of the actions that a pattern covers
OWN_KEYS = ("aws:PrincipalArn", "kms:ResourceAliases", "aws:ResourceTag/", "aws:PrincipalAccount")
Context = dict[str, Any]


class Witnesses:
    """Makes requests for mutants, and keeps the resources and contexts that they need."""

    def __init__(self, platform: Platform, all_mutants: Iterable[Mutant], *, seed: int = 0) -> None:
        self.platform = platform
        self.resources: dict[str, dict[str, Any]] = {}
        self.contexts: dict[str, Context] = {}
        patterns = {
            action
            for mutant in all_mutants
            for statement in (mutant.original, mutant.changed or {})
            for action in (*listed(statement.get("Action")), *mutant.actions)
        }
        chance = random.Random(seed)  # noqa: S311  # a sample, not a secret
        self.expanded: dict[str, list[str]] = {}
        for pattern, actions in ask("expand", {"patterns": sorted(patterns)}).items():
            self.expanded[pattern] = actions if len(actions) <= SAMPLE else chance.sample(actions, SAMPLE)

    def requests(self, mutant: Mutant) -> list[tuple[str, str, str, str]]:
        """The requests that a mutant might answer differently."""
        changed = mutant.changed or {}
        patterns = mutant.actions or tuple(listed(mutant.original["Action"]))
        actions = sorted({action for pattern in patterns for action in self.expanded[pattern]})
        contexts = [*_contexts(mutant.original), *(_contexts(changed) if changed else [])]
        found = []
        for who, what, action in itertools.product(self._principals(mutant), self._resources(mutant), actions):
            for needed in self._needed(who, what, action):
                for context in contexts:
                    whole = {**needed, **context}
                    if _can_say(who, whole):
                        found.append((who, action, what, self._context(whole)))
        return list(dict.fromkeys(found))

    def _principals(self, mutant: Mutant) -> list[str]:
        named = [
            str(value)
            for statement in (mutant.original, mutant.changed or {})
            for values in [statement.get("Principal", {})]
            for value in (["*"] if values == "*" else itertools.chain(*map(listed, dict(values).values())))
        ]
        if not named:
            return [who for who, p in self.platform.principals.items() if mutant.document in p["policies"]]
        accounts = {name.split(":")[4] for name in named if name.startswith("arn:")}
        return [
            who
            for who, principal in self.platform.principals.items()
            if "*" in named or principal["arn"] in named or principal["account"] in accounts
        ]

    def _resources(self, mutant: Mutant) -> list[str]:
        known = self.platform.resources
        own = [name for name, resource in known.items() if resource["policy"] == mutant.document]
        patterns = [
            *(mutant.resources or listed(mutant.original.get("Resource"))),
            *(listed((mutant.changed or {}).get("Resource")) if not mutant.resources else []),
        ]
        if mutant.document.endswith(": trust") or (own and " key" in own[0]):
            return own[:1]
        if not own and "*" in patterns:
            actions = [*listed(mutant.original["Action"]), *mutant.actions]
            services = {action.split(":")[0] for action in actions}
            account = next(p["account"] for p in self.platform.principals.values() if mutant.document in p["policies"])
            found = [n for n, r in known.items() if r["arn"] == "*" and r["account"] == account]
            return found + [
                n for n, r in known.items() if r["arn"].split(":")[2:3] and r["arn"].split(":")[2] in services
            ]
        found = []
        for pattern in patterns:
            if ":key/" in pattern:
                prefix = pattern.split("/")[0]
                found += [n for n, r in known.items() if r["arn"].startswith(f"{prefix}/")]
            elif pattern != "*":
                found += [name for name, resource in known.items() if fnmatchcase(resource["arn"], pattern)][:3]
                found.append(self._resource(pattern.replace("*", "witness")))
                if pattern.split(":")[4] == "*":
                    found += [self._resource(arn.replace("*", "witness")) for arn in self._owned(mutant, pattern)]
            else:
                found += own
        return list(dict.fromkeys(found))

    def _owned(self, mutant: Mutant, pattern: str) -> list[str]:
        """A pattern for every account, as one for the account of whoever has the document."""
        accounts = {p["account"] for p in self.platform.principals.values() if mutant.document in p["policies"]}
        service, region, rest = pattern.split(":", 5)[2], pattern.split(":", 5)[3], pattern.split(":", 5)[5]
        return [f"arn:aws:{service}:{region}:{account}:{rest}" for account in sorted(accounts)]

    def _resource(self, arn: str) -> str:
        """A resource with an ARN of its own, under the policy of the bucket, group or queue that it is in."""
        for name, resource in self.platform.resources.items():
            if resource["arn"] == arn:
                return name
        holders = [r for r in self.platform.resources.values() if r["arn"] != "*" and _is_in(arn, r["arn"])]
        holder: dict[str, Any] = max(
            holders, key=lambda r: len(r["arn"]), default={"policy": None, "context": {}, "account": ""}
        )
        account = arn.split(":")[4]
        self.resources[f"witness {arn}"] = {**holder, "arn": arn, "account": account or holder["account"]}
        return f"witness {arn}"

    def _needed(self, who: str, what: str, action: str) -> list[Context]:
        """What the statements of the other side ask for, met."""
        resource = self.platform.resources.get(what) or self.resources[what]
        documents = [*self.platform.principals[who]["policies"], *([resource["policy"]] if resource["policy"] else [])]
        found: list[Context] = [{}]
        for document in documents:
            for statement in self.platform.documents[document]["Statement"]:
                named = listed(statement["Action"])
                if statement["Effect"] == "Allow" and (action in named or any(a.endswith("*") for a in named)):
                    found += _met(statement)[:2]
        return [context for position, context in enumerate(found) if context not in found[:position]]

    def _context(self, context: Context) -> str:
        name = "witness " + repr(sorted(context.items()))
        self.contexts[name] = context
        return name


def _can_say(who: str, context: Context) -> bool:
    """Services alone say for whom they act, and each only for resources of its own."""
    said = {key.lower(): value for key, value in context.items()}
    source = said.get("aws:sourcearn")
    if not who.endswith(".amazonaws.com"):
        return source is None and "aws:sourceaccount" not in said
    return source is None or who.startswith(f"{source.split(':')[2]}.")


def _is_in(arn: str, holder: str) -> bool:
    return arn.startswith((f"{holder}/", holder.replace(":model-package-group/", ":model-package/") + "/"))


def _asked(statement: Statement) -> list[tuple[str, str, list[str]]]:
    return [
        (operator, key, [value.replace("*", "witness") for value in listed(values)])
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
        if not key.startswith(OWN_KEYS)
    ]


def _met(statement: Statement) -> list[Context]:
    """Contexts that meet every condition of a statement; each value has its turn."""
    asked = [(operator, key, values) for operator, key, values in _asked(statement) if operator != "Null"]
    first = {key: _value(operator, values[0]) for operator, key, values in asked}
    return [
        first,
        *({**first, key: _value(operator, value)} for operator, key, values in asked for value in values[1:]),
    ]


def _contexts(statement: Statement) -> list[Context]:
    met = _met(statement)
    broken: list[Context] = [{}]
    for _, key, _ in _asked(statement):
        for context in met[:1]:
            broken.append({name: value for name, value in context.items() if name != key})
            opposite = {"true": "false", "false": "true"}.get(context.get(key, ""))
            broken.append({**context, key: opposite or _wrong(key, context.get(key, ""))})
    return [*met, *broken]


def _value(operator: str, value: str) -> str:
    return f"not-{value}" if "Not" in operator else value


def _wrong(key: str, value: str) -> str:
    """A value that no document names: of an ARN, the same in a stranger's account."""
    if key.lower().endswith("arn"):
        return re.sub(r":\d{12}:", ":999999999999:", value) if ":" in value else "arn:aws:iam::999999999999:role/x"
    return "999999999999"
