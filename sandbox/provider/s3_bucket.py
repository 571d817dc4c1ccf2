"""S3 buckets.

As in github.com/hashicorp/terraform-provider-aws, internal/service/s3/bucket.go; what has a resource of its own there
(policy, versioning, encryption, …) is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Data

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
    outputs = ("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId")
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
        if aws.region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
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

    def finish(self, aws: Aws, resource_id: str, new: Data) -> None:
        if new["tagsAll"]:
            self._put_tags(aws, resource_id, new["tagsAll"])

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
            **split_tags(aws, old, _tags(s3, resource_id)),
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
        if tags:
            self._put_tags(aws, old["bucket"], tags)
        else:
            aws.client("s3").delete_bucket_tagging(Bucket=old["bucket"])

    @staticmethod
    def _put_tags(aws: Aws, bucket: str, tags: Mapping[str, str]) -> None:
        tag_set = tag_list(tags)
        aws.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set})


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if is_error(error, "404", "NoSuchBucket"):
            return False
        raise
    return True


def _tags(s3: Any, bucket: str) -> dict[str, str]:
    try:
        return {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    except ClientError as error:
        if is_error(error, "NoSuchTagSet"):
            return {}
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
