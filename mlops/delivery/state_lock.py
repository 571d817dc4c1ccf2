"""Who holds the lock of a stack's state in the bucket, told and never broken in silence."""

from __future__ import annotations

import json
from typing import Any

from infra.names import PROJECT, Names
from infra.settings import Environment

FOLDER = ".pulumi/locks/organization"


def holders(s3: Any, names: Names, environment: Environment) -> list[str]:
    """One line for each lock: whose process on which machine, since when. Empty where nobody holds it."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=names.state_bucket, Prefix=f"{FOLDER}/{PROJECT}/{environment}/"
    )
    found = []
    for page in pages:
        for listed in page.get("Contents", []):
            lock = json.loads(s3.get_object(Bucket=names.state_bucket, Key=listed["Key"])["Body"].read())
            whose = f"{lock.get('username')}@{lock.get('hostname')}, process {lock.get('pid')}"
            found.append(f"{whose}, since {lock.get('timestamp')}")
    return found


def explain(environment: Environment, found: list[str]) -> str:
    """What a person has to know of a lock before breaking it."""
    return "\n".join(
        [
            f"{environment}: the state is locked by {'; '.join(found)}.",
            "Builds of this project wait for each other, so this is a build that was killed, or somebody outside of",
            "Jenkins. See that the process is gone; then build main with action=recover, which asks, says whose lock",
            "it takes away, and puts in order what the killed deployment left.",
        ]
    )
