"""A copy of the state bucket, for what only reads the state and yet would lock it.

`pulumi refresh --preview-only` takes the stack's lock in releases before https://github.com/pulumi/pulumi/pull/22385.
A role that may write locks may also take away those of others, so the preview roles may not: they work on
a copy, whose secrets are still under the state's key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

COPIED = (".pulumi/meta.yaml", ".pulumi/stacks/")


def copy_state(s3: Any, bucket: str, folder: Path) -> str:
    """Copy the newest state of all stacks into a folder of this build; return the copy's backend URL."""
    for prefix in COPIED:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for key in (item["Key"] for item in page.get("Contents", [])):
                path = folder / key
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return f"file://{folder.resolve()}"
