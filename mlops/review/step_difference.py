"""What differs between two versions of one step, each difference a line in the field's words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from mlops.review import wording
from mlops.review.step_facts import CONDITION, SCRIPT, Path, facts

# The word for a property by its own name, wherever it stands.
LEAVES = {
    "InstanceType": "instance type",
    "InstanceCount": "instance count",
    "VolumeSizeInGB": "volume size (GB)",
    "VolumeKmsKeyId": "key of the volume",
    "KmsKeyId": "key of the output",
    "MaxRuntimeInSeconds": "maximum runtime (s)",
    "RoleArn": "role",
    "ExecutionRoleArn": "role",
    "ImageUri": "image",
    "TrainingImage": "image",
    "Image": "image",
    "EnableNetworkIsolation": "network isolation",
    "EnableInterContainerTrafficEncryption": "encryption between containers",
    "EnableManagedSpotTraining": "spot instances",
    "S3OutputPath": "output path",
    "ModelApprovalStatus": "approval status",
    "ModelPackageGroupName": "model package group",
    "SupportedRealtimeInferenceInstanceTypes": "instance types for endpoints",
    "SupportedTransformInstanceTypes": "instance types for batch transform",
    "ContainerEntrypoint": "entry point",
    "ErrorMessage": "message",
    "FunctionArn": "function",
    "DependsOn": "steps to wait for",
    "Conditions": "condition",
    "CacheConfig": "cache",
}
# The word for a thing that has a name: the part of the path after one of these.
NAMED = {
    "HyperParameters": "hyperparameter",
    "Environment": "environment",
    "ProcessingInputs": "input",
    "Outputs": "output",
    "InputDataConfig": "channel",
    "OutputParameters": "output parameter",
    "PropertyFiles": "property file",
    "CustomerMetadataProperties": "metadata",
    "ContainerArguments": "argument",
    "RetryPolicies": "retry on",
}
# The word for a property of such a thing; none where it goes without saying.
TAILS = {
    "S3Input.S3Uri": "",
    "S3Output.S3Uri": "",
    "DataSource.S3DataSource.S3Uri": "",
    "FilePath": "",
    "OutputType": "type",
    "MaxAttempts": "attempts",
    "IntervalSeconds": "interval (s)",
    "BackoffRate": "backoff rate",
    "ExpireAfterMin": "limit (min)",
}
NOTHING = object()
CONDITION_LENGTH = 130


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """A line for each difference, without the step's name; the steps of branches are not looked at."""
    before, after = facts(old), facts(new)
    paths = sorted(
        path for path in before.keys() | after.keys() if before.get(path, NOTHING) != after.get(path, NOTHING)
    )
    lines = [_line(path, before, after, str(new.get("Type"))) for path in paths]
    return list(dict.fromkeys(lines))


def _line(path: Path, before: Mapping[Path, Any], after: Mapping[Path, Any], step_type: str) -> str:
    old, new = before.get(path), after.get(path)
    if path == SCRIPT and isinstance(old, str) and isinstance(new, str):
        return _script(old, new)
    name = _name_of(path)
    if name is not None:
        whole = path[: path.index(name) + 2]
        for here, there, verb in ((after, before, "added"), (before, after, "removed")):
            if not any(known[: len(whole)] == whole for known in there):
                main = next((here[known] for known in sorted(here) if _is_main(known, whole)), None)
                told = "" if main is None else f" ({wording.value(main)})"
                return f"{label(whole, step_type)} {verb}{told}"
    if path == CONDITION:
        return f"condition {wording.change(old, new, CONDITION_LENGTH)}"
    if isinstance(old, list) and isinstance(new, list):
        return f"{label(path, step_type)} {wording.sets([*map(wording.value, old)], [*map(wording.value, new)])}"
    return f"{label(path, step_type)} {wording.change(old, new)}"


def label(path: Path, step_type: str) -> str:
    """The words for a property; its path where nobody has given it any."""
    name = _name_of(path)
    if name is not None:
        position = path.index(name)
        tail = ".".join(path[position + 2 :])
        return " ".join(filter(None, (NAMED[name], path[position + 1], TAILS.get(tail, tail))))
    if step_type == "Lambda" and path[0] == "Arguments" and len(path) == 2:
        return f"argument {path[1]}"
    if path == SCRIPT:
        return "script"
    return LEAVES.get(path[-1], ".".join(path))


def _name_of(path: Path) -> str | None:
    return next((part for part in path[:-1] if part in NAMED), None)


def _is_main(path: Path, whole: Path) -> bool:
    tail = ".".join(path[len(whole) :])
    return path[: len(whole)] == whole and (TAILS.get(tail, tail) == "" or tail == "OutputType")


def _script(old: str, new: str) -> str:
    before, after = PurePosixPath(old), PurePosixPath(new)
    # Scripts lie under the digest of their content (infra/pipelines/sagemaker_pipeline.py).
    digests = f"{wording.digest(before.parent.name)} → {wording.digest(after.parent.name)}"
    if before.name != after.name:
        return f"script {before.name} → {after.name} ({digests})"
    if before.parent.name != after.parent.name:
        return f"script {after.name} changed ({digests})"
    return f"script {wording.change(old, new)}"
