"""Use of an account's key in a role's policy, without knowing the key's id."""

from __future__ import annotations

from infra.identity.document import Statement
from infra.names import Names
from infra.settings import Environment


def use_of_key(
    names: Names, sid: str, owner: Environment, actions: tuple[str, ...], via: tuple[str, ...] = ()
) -> Statement:
    """Use of an account's key, known by its alias, and where given only through services that act for the caller.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    conditions: dict[str, dict[str, str | tuple[str, ...]]] = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias(owner)}
    }
    if via:
        conditions["StringEquals"] = {
            "kms:ViaService": tuple(f"{service}.{names.settings.region}.amazonaws.com" for service in via)
        }
    return Statement(sid=sid, actions=actions, resources=(names.keys_arn(owner),), conditions=conditions)
