"""S3 as a job's instance uses it: prefixes fetched and folders uploaded, several objects at a time."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.config
import botocore.exceptions

from sandbox.sagemaker import aws
from sandbox.sagemaker.container import JobFailedError

_PARALLEL = 8
_CHUNK_BYTES = 1 << 20


class Storage:
    """Transfers with the credentials in this process's environment."""

    def __init__(self, region: str) -> None:
        self._client = aws.client(
            "s3",
            region=region,
            endpoint_url=os.environ["AWS_ENDPOINT_URL"],
            config=botocore.config.Config(
                max_pool_connections=_PARALLEL,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def download(self, uri: str, folder: Path) -> list[Path]:
        """Fetch each object that ``uri`` is or is a prefix of. Raises :class:`JobFailedError` when there is none."""
        bucket, prefix = split(uri)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            keys = list(self._keys(bucket, prefix))
            if not keys:
                raise JobFailedError(
                    f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}" given in input data'
                    " source. Please ensure that the bucket exists in the selected region, that objects exist under"
                    " that S3 prefix, and that the role has s3:ListBucket permissions on the bucket."
                )
            targets = [folder / relative(key, prefix) for key in keys]
            for parent in {target.parent for target in targets}:
                parent.mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(lambda pair: self._fetch(bucket, *pair), zip(keys, targets, strict=True)))
        except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError) as error:
            raise JobFailedError(f"ClientError: Data download failed: {uri}: {error}") from None
        return targets

    def upload(self, folder: Path, uri: str, kms_key_id: str | None) -> None:
        """Upload every file of a folder under ``uri``, encrypted with the key where one is given."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        base = uri.rstrip("/")
        self.upload_files([(path, f"{base}/{path.relative_to(folder).as_posix()}") for path in files], kms_key_id)

    def upload_files(self, files: list[tuple[Path, str]], kms_key_id: str | None) -> None:
        """Upload files to S3 URIs."""
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}

        def put(pair: tuple[Path, str]) -> None:
            path, uri = pair
            bucket, key = split(uri)
            with path.open("rb") as body:
                self._client.put_object(Bucket=bucket, Key=key, Body=body, **encryption)

        try:
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(put, files))
        except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError) as error:
            raise JobFailedError(f"ClientError: Data upload failed: {error}") from None

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                if not found["Key"].endswith("/"):
                    yield found["Key"]

    def _fetch(self, bucket: str, key: str, target: Path) -> None:
        body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            shutil.copyfileobj(body, file, _CHUNK_BYTES)


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def relative(key: str, prefix: str) -> str:
    """Where an object lies below the folder that stands for its prefix; a prefix may also be one object's key."""
    if key == prefix:
        return posixpath.basename(key)
    if prefix.endswith("/") or key[len(prefix)] == "/":
        return key[len(prefix) :].lstrip("/")
    return posixpath.relpath(key, posixpath.dirname(prefix) or ".")
