"""The data set: fetched, verified, split, and put where the accounts' pipelines read it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.settings import Environment
from ml.datasets import mammographic_masses as dataset
from mlops.failure import CommandError
from mlops.place import Place
from mlops.project import ROOT

Say = Callable[[str], None]
OUTPUT = ROOT / ".data"
ENVIRONMENTS: tuple[Environment, ...] = ("dev", "prod")
UPLOADS_AT_ONCE = 8
DIGEST = "sha256"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The files that the accounts get, and where their rows come from."""

    files: tuple[Path, ...]
    source: str


def prepare_data(say: Say, output: Path | None = None) -> Prepared:
    """Fetch, verify and split the data; raises :class:`CommandError` naming what is wrong with it."""
    try:
        source = dataset.fetch(say)
        files = dataset.prepare(output or OUTPUT, source)
    except dataset.DatasetError as error:
        raise CommandError(str(error)) from error
    say(f"data: {source}")
    return Prepared(files=files, source=str(source))


def upload_data(place: Place, prepared: Prepared, say: Say) -> list[dict[str, Any]]:
    """Put each account's files into its data bucket; an object that has the same content already stays as it is."""
    paths = {path.name: path for path in prepared.files}
    wanted = [
        (environment, paths[name], key)
        for environment in ENVIRONMENTS
        for name, key in dataset.object_keys(environment).items()
    ]
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        done = list(pool.map(lambda task: _upload(place, *task), wanted))
    fresh = sum(1 for item in done if item["state"] == "uploaded")
    say(f"data: {fresh} of {len(done)} files uploaded, the others are there already")
    return done


def put_batch(place: Place, prepared: Prepared, name: str) -> str:
    """Make one of the files the batch that prod's next inference scores; returns the object's URI."""
    path = next(path for path in prepared.files if path.name == name)
    key = dataset.object_keys("prod")[dataset.BATCH_FILE]
    return str(_upload(place, "prod", path, key)["uri"])


def _upload(place: Place, environment: Environment, path: Path, key: str) -> dict[str, Any]:
    s3, bucket = place.client(environment, "s3"), place.names.data_bucket(environment)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    uri = f"s3://{bucket}/{key}"
    try:
        # An ETag of an encrypted object is no checksum, so the content's own is kept beside it.
        if s3.head_object(Bucket=bucket, Key=key)["Metadata"].get(DIGEST) == digest:
            return {"uri": uri, "state": "unchanged"}
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise CommandError(f"{uri} cannot be read: {error}") from error
    s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={DIGEST: digest}, ContentType="text/csv")
    return {"uri": uri, "state": "uploaded"}
