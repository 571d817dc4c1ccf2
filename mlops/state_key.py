"""Make, mend and remove the key of the secrets in Pulumi's state."""

from __future__ import annotations

from typing import Any

from infra.encryption.state_key import StateKeyArgs

USABLE = "Enabled"
TO_BE_DELETED = "PendingDeletion"


def ensure_state_key(kms: Any, args: StateKeyArgs) -> str:
    """Bring the one key to what ``args`` says and return its id; a deletion that was scheduled is taken back."""
    key_id = _key_of_alias(kms, args.alias) or _unnamed_key(kms, args)
    tags = [{"TagKey": key, "TagValue": value} for key, value in args.tags.items()]
    if key_id is None:
        made = kms.create_key(Description=args.description, Policy=args.policy, Tags=tags)
        key_id = str(made["KeyMetadata"]["KeyId"])
    else:
        state = kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]
        if state == TO_BE_DELETED:
            kms.cancel_key_deletion(KeyId=key_id)
        if state != USABLE:
            kms.enable_key(KeyId=key_id)
        kms.update_key_description(KeyId=key_id, Description=args.description)
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=args.policy)
        kms.tag_resource(KeyId=key_id, Tags=tags)
    kms.enable_key_rotation(KeyId=key_id)
    if _key_of_alias(kms, args.alias) is None:
        kms.create_alias(AliasName=args.alias, TargetKeyId=key_id)
    return key_id


def remove_state_key(kms: Any, args: StateKeyArgs) -> bool:
    """Schedule the key's deletion, then remove its alias; tells whether there was a key."""
    key_id = _key_of_alias(kms, args.alias)
    if key_id is None:
        return False
    if kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] != TO_BE_DELETED:
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=args.deletion_window_days)
    kms.delete_alias(AliasName=args.alias)
    return True


def _key_of_alias(kms: Any, alias: str) -> str | None:
    pages = kms.get_paginator("list_aliases").paginate()
    found = [one.get("TargetKeyId") for page in pages for one in page["Aliases"] if one["AliasName"] == alias]
    return found[0] if found else None


def _unnamed_key(kms: Any, args: StateKeyArgs) -> str | None:
    """The key that a bootstrap made which ended before it could name it."""
    for page in kms.get_paginator("list_keys").paginate():
        for key_id in (key["KeyId"] for key in page["Keys"]):
            about = kms.describe_key(KeyId=key_id)["KeyMetadata"]
            if about["Description"] != args.description or about["KeyState"] == TO_BE_DELETED:
                continue
            listed = kms.list_resource_tags(KeyId=key_id)["Tags"]
            if {tag["TagKey"]: tag["TagValue"] for tag in listed}.get("purpose") == args.tags["purpose"]:
                return str(key_id)
    return None
