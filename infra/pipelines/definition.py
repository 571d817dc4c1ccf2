"""Fill a compiled pipeline definition with the values of one account; no SageMaker SDK, no AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\$\{([a-z_]+)\}")


class DefinitionError(Exception):
    """A definition and the values for it do not fit; the message names what is missing or left over."""


def placeholders(template: str) -> frozenset[str]:
    """The names that a compiled definition leaves to the account it is deployed into."""
    return frozenset(PLACEHOLDER.findall(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The definition for one account; raises :class:`DefinitionError` for a name without a value.

    Values are ARNs, names and URIs: none may hold what JSON would have to escape.
    """
    missing = placeholders(template) - values.keys()
    if missing:
        raise DefinitionError(f"the definition needs values for {', '.join(sorted(missing))}")
    unsafe = sorted(name for name, value in values.items() if re.search(r'["\\\x00-\x1f]', value))
    if unsafe:
        raise DefinitionError(f"values that cannot stand in JSON: {', '.join(unsafe)}")
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)
