"""A bucket's lifecycle rules.

As in github.com/hashicorp/terraform-provider-aws, internal/service/s3/bucket_lifecycle_configuration.go.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sandbox.provider.resource import Fields, Property, equal
from sandbox.provider.s3_settings import BucketSetting
from sandbox.provider.wire import Data

_SIZES = {"objectSizeGreaterThan": Property(), "objectSizeLessThan": Property()}
_TRANSITION = {"date": Property(), "days": Property(), "storageClass": Property(required=True)}
_MINIMUM_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")


def same_rules(old: Any, new: Any) -> bool:
    """Equal rules: a filter that admits everything is none, and zero days are none."""
    return equal(_without_empty(old), _without_empty(new))


class BucketLifecycleConfiguration(BucketSetting):
    pulumi_type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    properties: ClassVar[Fields] = {
        "bucket": Property(required=True, replaces=True),
        "rules": Property(
            same=same_rules,
            fields={
                "abortIncompleteMultipartUpload": Property(fields={"daysAfterInitiation": Property()}),
                "expiration": Property(
                    fields={"date": Property(), "days": Property(), "expiredObjectDeleteMarker": Property()}
                ),
                "filter": Property(
                    fields={
                        "and": Property(fields={"prefix": Property(), "tags": Property(), **_SIZES}),
                        "prefix": Property(),
                        "tag": Property(fields={"key": Property(required=True), "value": Property(required=True)}),
                        **_SIZES,
                    }
                ),
                "id": Property(required=True),
                "noncurrentVersionExpiration": Property(
                    fields={"newerNoncurrentVersions": Property(), "noncurrentDays": Property(required=True)}
                ),
                "noncurrentVersionTransitions": Property(
                    fields={
                        "newerNoncurrentVersions": Property(),
                        "noncurrentDays": Property(required=True),
                        "storageClass": Property(required=True),
                    }
                ),
                "prefix": Property(),
                "status": Property(required=True, values=("Enabled", "Disabled")),
                "transitions": Property(fields=_TRANSITION),
            },
        ),
        "transitionDefaultMinimumObjectSize": Property(computed=True, kept=True, values=_MINIMUM_SIZES),
    }
    refused = frozenset({"expectedBucketOwner", "timeouts"})
    missing = ("NoSuchLifecycleConfiguration",)

    def put(self, s3: Any, bucket: str, new: Data) -> None:
        request = {
            "Bucket": bucket,
            "LifecycleConfiguration": {"Rules": [_to_aws(rule) for rule in new.get("rules") or []]},
        }
        if new.get("transitionDefaultMinimumObjectSize"):
            request["TransitionDefaultMinimumObjectSize"] = new["transitionDefaultMinimumObjectSize"]
        s3.put_bucket_lifecycle_configuration(**request)

    def get(self, s3: Any, bucket: str) -> Data | None:
        answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        size = answer.get("TransitionDefaultMinimumObjectSize", _MINIMUM_SIZES[0])
        return {"rules": [_from_aws(rule) for rule in answer["Rules"]], "transitionDefaultMinimumObjectSize": size}

    def remove(self, s3: Any, bucket: str, old: Data) -> None:
        s3.delete_bucket_lifecycle(Bucket=bucket)


def _to_aws(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_aws(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: Data = {}
    for name, item in value.items():
        if item is None or (item in ("", 0, {}) and name not in ("prefix", "filter")):
            continue
        if name == "tags":
            found["Tags"] = [{"Key": key, "Value": text} for key, text in item.items()]
        else:
            found["ID" if name == "id" else name[0].upper() + name[1:]] = _to_aws(item)
    if "ID" in found and "Filter" not in found and "Prefix" not in found:
        found["Filter"] = {"Prefix": ""}
    return found


def _from_aws(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        return [_from_aws(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: Data = {}
    for name, item in value.items():
        if name == "Tags":
            found["tags"] = {tag["Key"]: tag["Value"] for tag in item}
        else:
            found["id" if name == "ID" else name[0].lower() + name[1:]] = _from_aws(item)
    return found


def _without_empty(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    if isinstance(value, dict):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, "", 0, {}, [], False)}
    return value
