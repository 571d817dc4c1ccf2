"""The key of the secrets in Pulumi's state, in prod: in no stack, since none can make the key of its own secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.encryption.account_key import DELETION_WINDOW_DAYS
from infra.encryption.key_policy import administration
from infra.identity.document import document
from infra.names import PROJECT, Names


@dataclass(frozen=True, kw_only=True, slots=True)
class StateKeyArgs:
    """What `mlops bootstrap` makes the key from; ``policy`` is the key policy's JSON."""

    alias: str
    description: str
    policy: str
    tags: Mapping[str, str]
    deletion_window_days: int = DELETION_WINDOW_DAYS


def state_key_args(names: Names) -> StateKeyArgs:
    """The key as it must be: prod's own policies say who uses it, and these name prod's delivery roles alone.

    Its tags are none of a stack's: by those the deployment role manages keys, and this one it may only use.
    """
    tags = {key: value for key, value in names.settings.tags.items() if key != "environment"}
    return StateKeyArgs(
        alias=names.state_key_alias,
        description="Secrets in the Pulumi state of the three stacks",
        policy=document([administration(names, "prod")]),
        tags={**tags, "project": PROJECT, "purpose": names.state_key_alias.removeprefix("alias/")},
    )
