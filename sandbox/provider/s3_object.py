"""Objects in S3, from a file, a text or base64 of the program.

As in github.com/hashicorp/terraform-provider-aws, internal/service/s3/object.go.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Asset, Data, without_none

_GONE = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
_HEADERS = {
    "bucketKeyEnabled": "BucketKeyEnabled",
    "cacheControl": "CacheControl",
    "contentDisposition": "ContentDisposition",
    "contentEncoding": "ContentEncoding",
    "contentLanguage": "ContentLanguage",
    "contentType": "ContentType",
    "kmsKeyId": "SSEKMSKeyId",
    "metadata": "Metadata",
    "serverSideEncryption": "ServerSideEncryption",
    "storageClass": "StorageClass",
}


class BucketObject(Resource):
    """Its id is ``bucket/key``."""

    pulumi_type = "aws:s3/bucketObjectv2:BucketObjectv2"
    properties: ClassVar[Fields] = {
        "bucket": Property(required=True, replaces=True),
        "bucketKeyEnabled": Property(computed=True, kept=True),
        "cacheControl": Property(),
        "content": Property(kept=True),
        "contentBase64": Property(kept=True),
        "contentDisposition": Property(),
        "contentEncoding": Property(),
        "contentLanguage": Property(),
        "contentType": Property(computed=True),
        "etag": Property(computed=True),
        "forceDestroy": Property(default=False, kept=True),
        "key": Property(computed=True, replaces=True),
        "kmsKeyId": Property(computed=True),
        "metadata": Property(),
        "serverSideEncryption": Property(computed=True),
        "source": Property(kept=True),
        "sourceHash": Property(kept=True),
        "storageClass": Property(computed=True),
    }
    outputs = ("arn", "versionId")
    refused = frozenset(
        {
            "acl",
            "checksumAlgorithm",
            "objectLockLegalHoldStatus",
            "objectLockMode",
            "objectLockRetainUntilDate",
            "overrideProvider",
            "websiteRedirect",
        }
    )
    name_property = "key"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new)
        return f"{new['bucket']}/{new['key']}"

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        bucket, _, key = resource_id.removeprefix("s3://").partition("/")
        s3 = aws.client("s3")
        try:
            head = s3.head_object(Bucket=bucket, Key=key)
            tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        except ClientError as error:
            if is_error(error, *_GONE):
                return None
            raise
        return {
            "arn": f"arn:{aws.partition}:s3:::{bucket}/{key}",
            "bucket": bucket,
            "cacheControl": head.get("CacheControl", ""),
            "contentDisposition": head.get("ContentDisposition", ""),
            "contentEncoding": head.get("ContentEncoding", ""),
            "contentLanguage": head.get("ContentLanguage", ""),
            "contentType": head.get("ContentType", ""),
            "etag": head["ETag"].strip('"'),
            "key": key,
            "kmsKeyId": head.get("SSEKMSKeyId"),
            "metadata": head.get("Metadata") or None,
            "serverSideEncryption": head.get("ServerSideEncryption", ""),
            "storageClass": head.get("StorageClass", "STANDARD"),
            "versionId": head.get("VersionId", ""),
            **split_tags(aws, old, {tag["Key"]: tag["Value"] for tag in tags}),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        if changed - {"forceDestroy"}:
            self._put(aws, new)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        bucket, _, key = resource_id.removeprefix("s3://").partition("/")
        s3 = aws.client("s3")
        try:
            if old.get("versionId"):
                _delete_versions(s3, bucket, key)
            else:
                s3.delete_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if not is_error(error, *_GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        tag_set = tag_list(tags)
        aws.client("s3").put_object_tagging(Bucket=old["bucket"], Key=old["key"], Tagging={"TagSet": tag_set})

    def unknown_after(self, changed: frozenset[str]) -> tuple[str, ...]:
        return ("versionId",) if changed - {"tags", "tagsAll", "forceDestroy"} else ()

    @staticmethod
    def _put(aws: Aws, new: Data) -> None:
        headers = {header: new.get(name) for name, header in _HEADERS.items()}
        if headers["SSEKMSKeyId"] and not headers["ServerSideEncryption"]:
            headers["ServerSideEncryption"] = "aws:kms"
        request = {"Bucket": new["bucket"], "Key": new["key"], "Body": _body(new), **headers}
        request["Tagging"] = urlencode(new["tagsAll"]) or None
        aws.client("s3").put_object(**without_none(request))


def _body(new: Data) -> bytes:
    source = new.get("source")
    if isinstance(source, Asset):
        if source.uri:
            raise ValueError("the sandbox's AWS provider does not fetch remote assets")
        return source.text.encode() if source.text is not None else Path(source.path).read_bytes()
    if source is not None:
        return Path(source).read_bytes()
    if new.get("contentBase64") is not None:
        return base64.b64decode(new["contentBase64"])
    return str(new.get("content") or "").encode()


def _delete_versions(s3: Any, bucket: str, key: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if version["Key"] == key:
                s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
