"""KMS keys by id, alias or ARN in every account, and the handler that serves a key in its owner's scope."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import kms

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[tuple[int, dict[str, str], bytes]]]

_KEY_ID_BYTES = 36
# "Cross-account use: Yes" in https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
CROSS_ACCOUNT_OPERATIONS = frozenset(
    {
        "CreateGrant",
        "Decrypt",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetKeyRotationStatus",
        "GetPublicKey",
        "ListGrants",
        "RevokeGrant",
        "Sign",
        "Verify",
        "VerifyMac",
    }
)


S3_ALIAS = "alias/aws/s3"


def make_s3_key(account: str, region: str) -> dict[str, Any]:
    """The account's AWS managed key for S3, which AWS makes when it is first used.

    Its policy is the one that AWS gives it: everybody in the account, through S3 only.
    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
    """
    through_s3 = {"kms:CallerAccount": account, "kms:ViaService": f"s3.{region}.amazonaws.com"}
    statements = [
        {
            "Sid": "Allow access through S3 for all principals in the account that are authorized to use S3",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {"StringEquals": through_s3},
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
            "Resource": "*",
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Id": "auto-s3-2", "Statement": statements})
    description = "Default key that protects my S3 objects when no other key is defined"
    with request_scope(account, region):
        answer = json.loads(kms._create_key({"Description": description, "Policy": policy})[2])
        kms._create_alias({"AliasName": S3_ALIAS, "TargetKeyId": answer["KeyMetadata"]["KeyId"]})
    found = find(S3_ALIAS, account, region)
    if found is None:
        raise RuntimeError("ministack did not make the key aws/s3")
    return found


def find(reference: str, account: str, region: str) -> dict[str, Any] | None:
    """The key that an id, a key ARN, an alias name or an alias ARN names for a caller in this account."""
    if reference.startswith("arn:"):
        parts = reference.split(":", 5)
        if len(parts) < 6 or parts[2] != "kms":
            return None
        region, account, reference = parts[3], parts[4], parts[5].removeprefix("key/")
    if reference.startswith("alias/"):
        reference = kms._aliases.get_scoped(account, region, f"arn:aws:kms:{region}:{account}:{reference}") or ""
    found: dict[str, Any] | None = kms._keys.get_scoped(account, region, reference)
    return found


def key_id_in(ciphertext: str | bytes) -> str:
    """The ARN of the key that made a ciphertext, or "" if none here did.

    A request may leave the key out when it decrypts, because AWS writes it into the ciphertext; so does ministack.
    """
    try:
        blob = base64.b64decode(ciphertext) if ciphertext else b""
    except (binascii.Error, ValueError):
        return ""
    key_id = blob[:_KEY_ID_BYTES].decode("ascii", "ignore")
    return next((key["Arn"] for key in kms._keys.all_values() if key["KeyId"] == key_id), "")


def policy_and_owner(arn: str) -> tuple[str, str] | None:
    """The key policy and the account that a key belongs to."""
    key = find(arn, "", "")
    return (key.get("Policy") or "", key["Arn"].split(":")[4]) if key else None


def condition_context(key: dict[str, Any], reference: str = "") -> dict[str, Any]:
    """What ``kms:ResourceAliases`` and ``kms:RequestAlias`` see of a key and of the way it was named."""
    account, region = key["Arn"].split(":")[4], key["Arn"].split(":")[3]
    aliases = [
        arn.rpartition(":")[2] for arn, key_id in kms._aliases.items_scoped(account, region) if key_id == key["KeyId"]
    ]
    context: dict[str, Any] = {"kms:ResourceAliases": aliases} if aliases else {}
    alias = reference.rpartition(":")[2]
    if alias.startswith("alias/"):
        context["kms:RequestAlias"] = alias
    return context


def unusable(key: dict[str, Any]) -> tuple[str, str] | None:
    """KMS's error code and message for a key that is disabled or about to be deleted."""
    if key["KeyState"] == "Enabled":
        return None
    if key["KeyState"] == "Disabled":
        return "DisabledException", f"{key['Arn']} is disabled."
    return "KMSInvalidStateException", f"{key['Arn']} is {_in_words(key['KeyState'])}."


def in_owner_scope(original: Handler) -> Handler:
    """Serve a request that names another account's key there; ministack looks only in the caller's account."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        owner = _owner_named_in(body)
        if owner in (None, get_account_id()):
            return await original(method, path, headers, body, query)
        with request_scope(owner, get_region()):
            return await original(method, path, headers, body, query)

    return handle


def _owner_named_in(body: bytes) -> str | None:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return None
    arn = document.get("KeyId") or key_id_in(document.get("CiphertextBlob", ""))
    parts = str(arn).split(":")
    return parts[4] if len(parts) > 5 else None


def _in_words(state: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in state).strip()
