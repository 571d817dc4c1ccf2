"""Grants on KMS keys, which allow what they name beside the key's policy and without an identity policy.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import kms

_CONTEXT = "kms:encryptioncontext:"


def allows(key_arn: str, principals: set[str], operation: str, context: Mapping[str, Any]) -> bool:
    """Whether a grant lets one of these ARNs, which name the same caller, do an operation with a key."""
    parts = key_arn.split(":", 5)
    if len(parts) < 6:
        return False
    given = {key[len(_CONTEXT) :]: value for key, value in context.items() if key.lower().startswith(_CONTEXT)}
    return any(
        grant["KeyId"] == key_arn
        and grant["GranteePrincipal"] in principals
        and operation in grant["Operations"]
        and _met(grant.get("Constraints") or {}, given)
        for _grant_id, grant in kms._grants.items_scoped(parts[4], parts[3])
    )


def _met(constraints: Mapping[str, Mapping[str, str]], given: Mapping[str, str]) -> bool:
    """Whether the encryption context is the one that a grant asks for; upper and lower case count."""
    equals, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    return (equals is None or dict(equals) == dict(given)) and (subset is None or subset.items() <= given.items())
