"""The way back after a killed deployment: stale locks, and resources that were made but not recorded."""

from __future__ import annotations

import json
import os
import shutil
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
    "aws:lambda/function:Function": lambda i: i["name"],
    "aws:lambda/permission:Permission": lambda i: i["statementId"],
    "aws:scheduler/scheduleGroup:ScheduleGroup": lambda i: i["name"],
    "aws:scheduler/schedule:Schedule": lambda i: f"{i['groupName']}/{i['name']}",
    # Rules, targets, alarms, topics, subscriptions, queues and policies need none: to make one again changes nothing.
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


def restore_torn_state(state: Path, environment: Environment, say: Say) -> None:
    """Mend what a killed `pulumi` left half-written in a state folder.

    Beside each file the engine's storage writes its attributes, which are not needed and whose torn rest it cannot
    read. The state itself is renamed into place when it is whole; should it be torn all the same, the one before it is
    put back, which has as begun what the lost one had as done.
    """
    for path in (state / ".pulumi" / "stacks").glob(f"**/{environment}.json"):
        attributes, backup = path.with_name(f"{path.name}.attrs"), path.with_name(f"{path.name}.bak")
        if attributes.exists() and not _is_json(attributes):
            attributes.unlink()
        for unfinished in path.parent.glob(f"{path.name}.*.tmp"):
            unfinished.unlink()
        if not _is_json(path) and _is_json(backup):
            shutil.copyfile(backup, path)
            say(f"{environment}: the stack's state was cut off in writing; the state before that is put back")


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return True


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

    The engine notes each operation before it begins. Each creation noted and not finished, whose physical id can be
    told, is put into the state and read from the account: what is there is kept, what is not is dropped again.
    (`pulumi refresh --import-pending-creates`, which is meant for this, drops them all without looking.)
    """
    from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

    exported = stack.export_stack()
    deployment = dict(exported.deployment or {})
    pending = deployment.pop("pending_operations", None) or []
    if not pending:
        return
    say(f"{environment}: the last update was cut off in {len(pending)} operation(s); comparing with the account")
    found = []
    for operation in pending:
        resource = operation["resource"]
        physical = _physical_id(place, environment, resource, deployment) if operation["type"] == "creating" else None
        if physical:
            found.append({**resource, "id": physical, "outputs": resource.get("inputs", {})})
    deployment["resources"] = [*deployment.get("resources", []), *found]
    stack.import_stack(automation.Deployment(version=exported.version, deployment=deployment))
    if found:
        stack.refresh(target=[resource["urn"] for resource in found])


def _physical_id(
    place: Place, environment: Environment, resource: Mapping[str, Any], deployment: Mapping[str, Any]
) -> str | None:
    inputs = resource.get("inputs") or {}
    if resource["urn"] in {known["urn"] for known in deployment.get("resources", [])}:
        return None  # a replacement: the old one is there under the same URN, and the new one is made again
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
