"""KMS keys and aliases.

Replacement and defaults as in github.com/hashicorp/terraform-provider-aws, internal/service/kms/key.go and alias.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.policy_document import same_policy
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags
from sandbox.provider.wire import Data, without_none

_GONE = ("PendingDeletion", "PendingReplicaDeletion")


class Key(Resource):
    pulumi_type = "aws:kms/key:Key"
    properties: ClassVar[Fields] = {
        "bypassPolicyLockoutSafetyCheck": Property(default=False, kept=True),
        "customerMasterKeySpec": Property(replaces=True, default="SYMMETRIC_DEFAULT"),
        "deletionWindowInDays": Property(kept=True),
        "description": Property(computed=True),
        "enableKeyRotation": Property(default=False),
        "isEnabled": Property(default=True),
        "keyUsage": Property(replaces=True, default="ENCRYPT_DECRYPT"),
        "multiRegion": Property(computed=True, replaces=True),
        "policy": Property(computed=True, same=same_policy),
        "rotationPeriodInDays": Property(computed=True),
    }
    outputs = ("arn", "keyId")
    refused = frozenset({"customKeyStoreId", "xksKeyId"})
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request = {
            "BypassPolicyLockoutSafetyCheck": new["bypassPolicyLockoutSafetyCheck"],
            "KeySpec": new["customerMasterKeySpec"],
            "KeyUsage": new["keyUsage"],
            "Description": new.get("description"),
            "MultiRegion": new.get("multiRegion"),
            "Policy": new.get("policy"),
            "Tags": _tag_list(new["tagsAll"]) or None,
        }
        return str(aws.client("kms").create_key(**without_none(request))["KeyMetadata"]["KeyId"])

    def finish(self, aws: Aws, resource_id: str, new: Data) -> None:
        self._set_rotation(aws, resource_id, new, only_on=True)
        if not new["isEnabled"]:
            aws.client("kms").disable_key(KeyId=resource_id)

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        kms = aws.client("kms")
        try:
            key = kms.describe_key(KeyId=resource_id)["KeyMetadata"]
        except ClientError as error:
            if is_error(error, "NotFoundException"):
                return None
            raise
        if key["KeyState"] in _GONE:
            return None
        symmetric = key["KeySpec"] == "SYMMETRIC_DEFAULT"
        rotation = kms.get_key_rotation_status(KeyId=resource_id) if symmetric else {}
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=resource_id)["Tags"]}
        return {
            "arn": key["Arn"],
            "customerMasterKeySpec": key["KeySpec"],
            "description": key["Description"],
            "enableKeyRotation": rotation.get("KeyRotationEnabled", False),
            "isEnabled": key["Enabled"],
            "keyId": key["KeyId"],
            "keyUsage": key["KeyUsage"],
            "multiRegion": key.get("MultiRegion", False),
            "policy": kms.get_key_policy(KeyId=resource_id, PolicyName="default")["Policy"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            **split_tags(aws, old, tags),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        kms = aws.client("kms")
        if "isEnabled" in changed and new["isEnabled"]:
            kms.enable_key(KeyId=resource_id)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._set_rotation(aws, resource_id, new, only_on=False)
        if "description" in changed:
            kms.update_key_description(KeyId=resource_id, Description=new["description"])
        if "policy" in changed:
            kms.put_key_policy(
                KeyId=resource_id,
                PolicyName="default",
                Policy=new["policy"],
                BypassPolicyLockoutSafetyCheck=new["bypassPolicyLockoutSafetyCheck"],
            )
        if "isEnabled" in changed and not new["isEnabled"]:
            kms.disable_key(KeyId=resource_id)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        window = old.get("deletionWindowInDays")
        request = {"KeyId": resource_id, "PendingWindowInDays": window}
        try:
            aws.client("kms").schedule_key_deletion(**without_none(request))
        except ClientError as error:
            pending = "is pending deletion" in error.response["Error"].get("Message", "")
            if not (is_error(error, "NotFoundException") or pending):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        kms = aws.client("kms")
        if removed:
            kms.untag_resource(KeyId=old["keyId"], TagKeys=removed)
        if tags:
            kms.tag_resource(KeyId=old["keyId"], Tags=_tag_list(tags))

    @staticmethod
    def _set_rotation(aws: Aws, key_id: str, new: Data, *, only_on: bool) -> None:
        kms = aws.client("kms")
        if new["enableKeyRotation"]:
            request = {"KeyId": key_id, "RotationPeriodInDays": new.get("rotationPeriodInDays")}
            kms.enable_key_rotation(**without_none(request))
        elif not only_on:
            kms.disable_key_rotation(KeyId=key_id)


class Alias(Resource):
    pulumi_type = "aws:kms/alias:Alias"
    properties: ClassVar[Fields] = {
        "name": Property(computed=True, replaces=True),
        "targetKeyId": Property(required=True, same=lambda old, new: _key_id(old) == _key_id(new)),
    }
    outputs = ("arn", "targetKeyArn")
    refused = frozenset({"namePrefix"})
    name_property = "name"

    def create(self, aws: Aws, new: Data) -> str:
        aws.client("kms").create_alias(AliasName=new["name"], TargetKeyId=new["targetKeyId"])
        return str(new["name"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        pages = aws.client("kms").get_paginator("list_aliases").paginate()
        found: Any = next((a for page in pages for a in page["Aliases"] if a["AliasName"] == resource_id), None)
        if found is None:
            return None
        key_id = found["TargetKeyId"]
        return {
            "arn": found["AliasArn"],
            "name": resource_id,
            "targetKeyArn": aws.arn("kms", f"key/{key_id}"),
            "targetKeyId": key_id,
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        aws.client("kms").update_alias(AliasName=resource_id, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            aws.client("kms").delete_alias(AliasName=resource_id)
        except ClientError as error:
            if not is_error(error, "NotFoundException"):
                raise


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": name, "TagValue": value} for name, value in tags.items()]


def _key_id(reference: Any) -> Any:
    return reference.rpartition("/")[2] if isinstance(reference, str) else reference
