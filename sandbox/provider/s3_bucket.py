"""S3 buckets.

As in github.com/hashicorp/terraform-provider-aws, internal/service/s3/bucket.go; what has a resource of its own there
(policy, versioning, encryption, …) is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Data, without_none

# https://docs.aws.amazon.com/general/latest/gr/s3.html
_HOSTED_ZONES = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
}


class Bucket(Resource):
    pulumi_type = "aws:s3/bucket:Bucket"
    properties: ClassVar[Fields] = {
        "bucket": Property(computed=True, replaces=True),
        "forceDestroy": Property(default=False, kept=True),
        "objectLockEnabled": Property(computed=True, replaces=True),
    }
    outputs = (
        "arn",
        "bucketDomainName",
        "bucketRegion",
        "bucketRegionalDomainName",
        "grants",
        "hostedZoneId",
        "policy",
        "serverSideEncryptionConfiguration",
        "versioning",
    )
    refused = frozenset(
        {
            "accelerationStatus",
            "acl",
            "bucketNamespace",
            "bucketPrefix",
            "corsRules",
            "grants",
            "lifecycleRules",
            "logging",
            "objectLockConfiguration",
            "policy",
            "replicationConfiguration",
            "requestPayer",
            "serverSideEncryptionConfiguration",
            "versioning",
            "website",
        }
    )
    name_property = "bucket"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request: Data = {"Bucket": new["bucket"]}
        configuration = {
            "LocationConstraint": aws.region if aws.region != "us-east-1" else None,
            "Tags": tag_list(new["tagsAll"]) or None,
        }
        if any(configuration.values()):
            request["CreateBucketConfiguration"] = without_none(configuration)
        if new.get("objectLockEnabled"):
            request["ObjectLockEnabledForBucket"] = True
        s3 = aws.client("s3")
        if _exists(s3, new["bucket"]):
            # us-east-1 answers a second creation by the owner with success.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
            raise ClientError(
                {
                    "Error": {
                        "Code": "BucketAlreadyOwnedByYou",
                        "Message": "Your previous request to create the named bucket succeeded and you already own it.",
                    }
                },
                "CreateBucket",
            )
        s3.create_bucket(**request)
        return str(new["bucket"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        s3 = aws.client("s3")
        if not _exists(s3, resource_id):
            return None
        return {
            "arn": f"arn:{aws.partition}:s3:::{resource_id}",
            "bucket": resource_id,
            "bucketDomainName": f"{resource_id}.s3.amazonaws.com",
            "bucketRegion": aws.region,
            "bucketRegionalDomainName": f"{resource_id}.s3.{aws.region}.amazonaws.com",
            "hostedZoneId": _HOSTED_ZONES.get(aws.region),
            "objectLockEnabled": _has_object_lock(s3, resource_id),
            **_settings(s3, resource_id),
            **split_tags(aws, old, self._tags(aws, resource_id)),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        """Nothing at AWS: ``forceDestroy`` is the provider's own."""

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        s3 = aws.client("s3")
        try:
            if old.get("forceDestroy"):
                _empty(s3, resource_id)
            s3.delete_bucket(Bucket=resource_id)
        except ClientError as error:
            if not is_error(error, "NoSuchBucket"):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        control = aws.client("s3control")
        resource = {"AccountId": aws.account_id, "ResourceArn": old["arn"]}
        if removed:
            control.untag_resource(**resource, TagKeys=removed)
        if tags:
            control.tag_resource(**resource, Tags=tag_list(tags))

    @staticmethod
    def _tags(aws: Aws, bucket: str) -> dict[str, str]:
        arn = f"arn:{aws.partition}:s3:::{bucket}"
        answer = aws.client("s3control").list_tags_for_resource(AccountId=aws.account_id, ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])}


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if is_error(error, "404", "NoSuchBucket"):
            return False
        raise
    return True


def _settings(s3: Any, bucket: str) -> Data:
    """What the real provider reads of a bucket's settings, each of which a deployment role must be allowed to read.

    The outputs are those that it has for the settings that other resources make.
    """
    absent: Data = {}
    for call in (
        s3.get_bucket_accelerate_configuration,
        s3.get_bucket_cors,
        s3.get_bucket_lifecycle_configuration,
        s3.get_bucket_logging,
        s3.get_bucket_replication,
        s3.get_bucket_request_payment,
        s3.get_bucket_website,
    ):
        _attempt(call, bucket)
    acl = _attempt(s3.get_bucket_acl, bucket) or absent
    rules = (_attempt(s3.get_bucket_encryption, bucket) or absent).get("ServerSideEncryptionConfiguration", {})
    default = next((rule for rule in rules.get("Rules", [])), absent)
    applied = default.get("ApplyServerSideEncryptionByDefault", {})
    status = s3.get_bucket_versioning(Bucket=bucket).get("Status")
    algorithm = {"kmsMasterKeyId": applied.get("KMSMasterKeyID", ""), "sseAlgorithm": applied.get("SSEAlgorithm")}
    encryption = {
        "applyServerSideEncryptionByDefault": algorithm,
        "bucketKeyEnabled": default.get("BucketKeyEnabled", False),
    }
    return {
        "grants": [_grant(grant) for grant in acl.get("Grants", [])],
        "policy": (_attempt(s3.get_bucket_policy, bucket) or absent).get("Policy", ""),
        "serverSideEncryptionConfiguration": {"rule": encryption} if default else None,
        "versioning": {"enabled": status == "Enabled", "mfaDelete": False},
    }


def _grant(grant: Data) -> Data:
    grantee = grant["Grantee"]
    return {
        "id": grantee.get("ID", ""),
        "permissions": [grant["Permission"]],
        "type": grantee["Type"],
        "uri": grantee.get("URI", ""),
    }


def _attempt(call: Any, bucket: str) -> Any:
    """The answer, None where the bucket has no such setting."""
    try:
        return call(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            return None
        raise


def _has_object_lock(s3: Any, bucket: str) -> bool:
    try:
        configuration = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except ClientError as error:
        if is_error(error, "ObjectLockConfigurationNotFoundError"):
            return False
        raise
    return bool(configuration.get("ObjectLockEnabled") == "Enabled")


def _empty(s3: Any, bucket: str) -> None:
    """Delete every version of every object, and uploads under way."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if versions:
            objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
