"""The way back after a killed deployment: stale locks, and resources that were made but not recorded."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.settings import Environment
from mlops.failure import CommandError
from mlops.place import Place

if TYPE_CHECKING:
    from pulumi import automation

Say = Callable[[str], None]
LOCK_SECONDS = 120
POLL_SECONDS = 0.5

# How to find a resource that the engine was creating when it was killed: its physical id, from its inputs.
# The Terraform provider's import formats, which Pulumi's ids are.
PHYSICAL_ID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "aws:s3/bucket:Bucket": lambda i: i["bucket"],
    "aws:iam/role:Role": lambda i: i["name"],
    "aws:iam/rolePolicy:RolePolicy": lambda i: f"{i['role']}:{i['name']}",
    "aws:kms/alias:Alias": lambda i: i["name"],
    "aws:cloudwatch/logGroup:LogGroup": lambda i: i["name"],
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": lambda i: i["modelPackageGroupName"],
    "aws:sagemaker/pipeline:Pipeline": lambda i: i["pipelineName"],
}
KEY = "aws:kms/key:Key"


def release_dead_lock(state: Path, environment: Environment, say: Say) -> None:
    """Remove the lock that a killed `pulumi` of this machine left; wait for one that is still at work."""
    deadline = time.monotonic() + LOCK_SECONDS
    told = False
    while True:
        held = [path for path in (state / ".pulumi" / "locks").glob(f"**/{environment}/*.json") if path.is_file()]
        living = [path for path in held if _is_alive(path)]
        for path in set(held) - set(living):
            path.unlink(missing_ok=True)
            say(f"{environment}: the update that held the stack's lock is dead; the lock is released")
        if not living:
            return
        if time.monotonic() > deadline:
            raise CommandError(f"{environment}: another update has held its lock for {LOCK_SECONDS} s; see it end")
        if not told:
            say(f"{environment}: another update is at work; waiting for it")
            told = True
        time.sleep(POLL_SECONDS)


def _is_alive(lock: Path) -> bool:
    try:
        holder = json.loads(lock.read_text())
    except (OSError, ValueError):
        return False
    if holder.get("hostname") not in (None, socket.gethostname()):
        return True
    try:
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def adopt_unrecorded(place: Place, environment: Environment, stack: automation.Stack, say: Say) -> None:
    """Take resources into the state that a killed deployment made without recording them.

    The engine notes each operation before it begins. Of those noted and not finished, each creation whose physical
    name follows from its inputs is imported as it is in the account; where there is nothing, the note is dropped.
    """
    deployment = stack.export_stack().deployment or {}
    pending = deployment.get("pending_operations") or []
    if not pending:
        return
    arguments: list[str] = []
    for operation in pending:
        resource = operation["resource"]
        if operation["type"] != "creating" or not resource.get("custom"):
            continue
        physical = _physical_id(place, environment, resource, deployment)
        if physical:
            arguments += [f"--import-pending-creates={resource['urn']}", f"--import-pending-creates={physical}"]
    say(f"{environment}: the last update was cut off in {len(pending)} operation(s); comparing with the account")
    # What cannot be found by name was, if at all, made under no name: the note goes, and it is made again.
    stack._run_pulumi_cmd_sync(["refresh", "--yes", "--skip-preview", *(arguments or ["--clear-pending-creates"])])
    if arguments and (stack.export_stack().deployment or {}).get("pending_operations"):
        stack.refresh(clear_pending_creates=True)


def _physical_id(
    place: Place, environment: Environment, resource: Mapping[str, Any], deployment: Mapping[str, Any]
) -> str | None:
    inputs = resource.get("inputs") or {}
    if resource["type"] == KEY:
        return _unrecorded_key(place, environment, inputs, deployment)
    find = PHYSICAL_ID.get(resource["type"])
    return find(inputs) if find else None


def _unrecorded_key(
    place: Place, environment: Environment, inputs: Mapping[str, Any], deployment: Mapping[str, Any]
) -> str | None:
    """The id of an enabled key with this description that the state does not know, if there is one."""
    known = {resource.get("id") for resource in deployment.get("resources", [])}
    kms = place.client(environment, "kms")
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            if key["KeyId"] in known:
                continue
            found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if found["KeyState"] == "Enabled" and found.get("Description") == inputs.get("description"):
                return str(key["KeyId"])
    return None
