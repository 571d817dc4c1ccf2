"""Members of nested blocks under AWS's names and under Pulumi's: ``MaximumRetryAttempts``, ``maximumRetryAttempts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.wire import Data


def to_aws(value: Any, others: Mapping[str, str]) -> Any:
    """A block for AWS, without what is None; ``others`` are names that differ by more than their first letter."""
    if isinstance(value, list):
        return [to_aws(item, others) for item in value]
    if isinstance(value, Mapping):
        return {
            others.get(name, name[0].upper() + name[1:]): to_aws(item, others)
            for name, item in value.items()
            if item is not None
        }
    return value


def from_aws(value: Any, others: Mapping[str, str]) -> Any:
    """A block of AWS's under Pulumi's names; ``others`` as in :func:`to_aws`."""
    back = {theirs: ours for ours, theirs in others.items()}
    if isinstance(value, list):
        return [from_aws(item, others) for item in value]
    if isinstance(value, Mapping):
        found: Data = {name: from_aws(item, others) for name, item in value.items()}
        return {back.get(name, name[0].lower() + name[1:]): item for name, item in found.items()}
    return value
