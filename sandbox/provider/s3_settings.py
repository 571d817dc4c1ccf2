"""A bucket's settings, each a resource of its own whose id is the bucket's name.

As in github.com/hashicorp/terraform-provider-aws, internal/service/s3: all are replaced with their bucket.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.policy_document import same_policy
from sandbox.provider.resource import Fields, Property, Resource, equal_as_set, is_error
from sandbox.provider.wire import Data, without_none


def _same_encryption(old: Any, new: Any) -> bool:
    """Equal rules in any order; that no encryption is blocked need not be said."""

    def said(value: Any) -> Any:
        if isinstance(value, list):
            return [said(item) for item in value]
        if isinstance(value, dict):
            return {name: said(item) for name, item in value.items() if item not in (None, "", [])}
        return value

    return equal_as_set(said(old), said(new))


_BUCKET = Property(required=True, replaces=True)


class BucketSetting(Resource):
    """One subresource of a bucket: put as a whole, read as a whole."""

    missing: ClassVar[tuple[str, ...]] = ()
    """The error codes that say that the bucket has no such setting."""

    name_property = "bucket"

    @abstractmethod
    def put(self, s3: Any, bucket: str, new: Data) -> None:
        """Make the setting what ``new`` says."""

    @abstractmethod
    def get(self, s3: Any, bucket: str) -> Data | None:
        """The properties as AWS has them."""

    @abstractmethod
    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        """Take the setting off the bucket."""

    def create(self, aws: Aws, new: Data) -> str:
        self.put(aws.client("s3"), new["bucket"], new)
        return str(new["bucket"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        try:
            found = self.get(aws.client("s3"), resource_id)
        except ClientError as error:
            if is_error(error, "NoSuchBucket", "404", *self.missing):
                return None
            raise
        return None if found is None else {"bucket": resource_id, **found}

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self.put(aws.client("s3"), resource_id, new)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        try:
            self.remove(aws.client("s3"), resource_id, old)
        except ClientError as error:
            if not is_error(error, "NoSuchBucket", "404", *self.missing):
                raise


class BucketPolicy(BucketSetting):
    pulumi_type = "aws:s3/bucketPolicy:BucketPolicy"
    properties: ClassVar[Fields] = {"bucket": _BUCKET, "policy": Property(required=True, same=same_policy)}
    missing = ("NoSuchBucketPolicy",)

    def put(self, s3: Any, bucket: str, new: Data) -> None:
        s3.put_bucket_policy(Bucket=bucket, Policy=new["policy"])

    def get(self, s3: Any, bucket: str) -> Data | None:
        return {"policy": s3.get_bucket_policy(Bucket=bucket)["Policy"]}

    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        s3.delete_bucket_policy(Bucket=bucket)


class BucketVersioning(BucketSetting):
    pulumi_type = "aws:s3/bucketVersioning:BucketVersioning"
    properties: ClassVar[Fields] = {
        "bucket": _BUCKET,
        "versioningConfiguration": Property(
            required=True,
            fields={
                "status": Property(required=True, values=("Enabled", "Suspended", "Disabled")),
                "mfaDelete": Property(values=("Disabled",)),
            },
            same=lambda old, new: (old or {}).get("status") == new.get("status"),
        ),
    }
    refused = frozenset({"expectedBucketOwner", "mfa"})

    def put(self, s3: Any, bucket: str, new: Data) -> None:
        status = new["versioningConfiguration"]["status"]
        if status != "Disabled":
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    def get(self, s3: Any, bucket: str) -> Data | None:
        status = s3.get_bucket_versioning(Bucket=bucket).get("Status", "Disabled")
        return {"versioningConfiguration": {"mfaDelete": "", "status": status}}

    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        # Versioning cannot be taken off again, only suspended.
        if (old.get("versioningConfiguration") or {}).get("status") == "Enabled":
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


class BucketPublicAccessBlock(BucketSetting):
    pulumi_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    properties: ClassVar[Fields] = {
        "bucket": _BUCKET,
        "blockPublicAcls": Property(default=False),
        "blockPublicPolicy": Property(default=False),
        "ignorePublicAcls": Property(default=False),
        "restrictPublicBuckets": Property(default=False),
    }
    refused = frozenset({"skipDestroy"})
    missing = ("NoSuchPublicAccessBlockConfiguration",)

    def put(self, s3: Any, bucket: str, new: Data) -> None:
        names = [name for name in self.properties if name != "bucket"]
        configuration = {name[0].upper() + name[1:]: new[name] for name in names}
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=configuration)

    def get(self, s3: Any, bucket: str) -> Data | None:
        found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        return {name[0].lower() + name[1:]: value for name, value in found.items()}

    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        s3.delete_public_access_block(Bucket=bucket)


class BucketOwnershipControls(BucketSetting):
    pulumi_type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    properties: ClassVar[Fields] = {
        "bucket": _BUCKET,
        "rule": Property(
            required=True,
            fields={
                "objectOwnership": Property(
                    required=True, values=("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
                )
            },
        ),
    }
    missing = ("OwnershipControlsNotFoundError",)

    def put(self, s3: Any, bucket: str, new: Data) -> None:
        rules = [{"ObjectOwnership": new["rule"]["objectOwnership"]}]
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})

    def get(self, s3: Any, bucket: str) -> Data | None:
        rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return {"rule": {"objectOwnership": rules[0]["ObjectOwnership"]}} if rules else None

    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        s3.delete_bucket_ownership_controls(Bucket=bucket)


class BucketServerSideEncryptionConfiguration(BucketSetting):
    pulumi_type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    properties: ClassVar[Fields] = {
        "bucket": _BUCKET,
        "rules": Property(
            required=True,
            same=_same_encryption,
            fields={
                "applyServerSideEncryptionByDefault": Property(
                    fields={
                        "kmsMasterKeyId": Property(),
                        "sseAlgorithm": Property(required=True, values=("AES256", "aws:kms", "aws:kms:dsse")),
                    }
                ),
                "blockedEncryptionTypes": Property(),
                "bucketKeyEnabled": Property(),
            },
        ),
    }
    refused = frozenset({"expectedBucketOwner"})
    missing = ("ServerSideEncryptionConfigurationNotFoundError",)

    def put(self, s3: Any, bucket: str, new: Data) -> None:
        rules = []
        for rule in new["rules"]:
            default = rule.get("applyServerSideEncryptionByDefault") or {}
            applied = {
                "SSEAlgorithm": default.get("sseAlgorithm"),
                "KMSMasterKeyID": default.get("kmsMasterKeyId") or None,
            }
            blocked = rule.get("blockedEncryptionTypes")
            rules.append(
                without_none(
                    {
                        "ApplyServerSideEncryptionByDefault": applied if default else None,
                        "BlockedEncryptionTypes": {"EncryptionType": blocked} if blocked else None,
                        "BucketKeyEnabled": rule.get("bucketKeyEnabled"),
                    }
                )
            )
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})

    def get(self, s3: Any, bucket: str) -> Data | None:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        found = []
        for rule in rules:
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            applied = {"sseAlgorithm": default.get("SSEAlgorithm"), "kmsMasterKeyId": default.get("KMSMasterKeyID", "")}
            found.append(
                {
                    "applyServerSideEncryptionByDefault": applied if default else None,
                    "blockedEncryptionTypes": rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", []),
                    "bucketKeyEnabled": rule.get("BucketKeyEnabled"),
                }
            )
        return {"rules": without_none(found)}

    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        s3.delete_bucket_encryption(Bucket=bucket)
