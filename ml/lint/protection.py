"""Our own rules of jobs: what they write is encrypted and kept apart, they have no network, and they end."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ml.lint.content import Json, get_path, walk

# Where each kind of job writes, and the keys that must encrypt it and its volume.
KEYS = {
    "Processing": ("ProcessingOutputConfig.KmsKeyId", "ProcessingResources.ClusterConfig.VolumeKmsKeyId"),
    "QualityCheck": ("ProcessingOutputConfig.KmsKeyId", "ProcessingResources.ClusterConfig.VolumeKmsKeyId"),
    "Training": ("OutputDataConfig.KmsKeyId", "ResourceConfig.VolumeKmsKeyId"),
    "Transform": ("TransformOutput.KmsKeyId", "TransformResources.VolumeKmsKeyId"),
}
ISOLATION = {
    "Processing": "NetworkConfig.EnableNetworkIsolation",
    "QualityCheck": "NetworkConfig.EnableNetworkIsolation",
    "Training": "EnableNetworkIsolation",
    "Model": "EnableNetworkIsolation",
}
LIMITED = frozenset({"Processing", "QualityCheck", "Training"})  # a transform job's time is limited per record
EXECUTION_ID = {"Get": "Execution.PipelineExecutionId"}


def check_encryption(step: Json, _parameters: Json) -> Iterator[str]:
    """A key for what a job writes and for its volume, no network, and an end to its run time."""
    kind = step.get("Type", "")
    arguments = step.get("Arguments", {})
    for path in KEYS.get(kind, ()):
        key = get_path(arguments, path)
        if key not in ("${kms_key_arn}", "${registry_kms_key_arn}"):
            yield f"{path} is {key!r}: write ${{kms_key_arn}} or ${{registry_kms_key_arn}}"
    if kind in ISOLATION and get_path(arguments, ISOLATION[kind]) is not True:
        yield f"{ISOLATION[kind]} is not true"
    if kind in LIMITED and not get_path(arguments, "StoppingCondition.MaxRuntimeInSeconds"):
        yield "StoppingCondition.MaxRuntimeInSeconds is missing: a hanging job would run, and cost, for days"


def check_keys_written(step: Json, _parameters: Json) -> Iterator[str]:
    """The execution's id in every key that the step writes."""
    arguments = step.get("Arguments", {})
    outputs = get_path(arguments, "ProcessingOutputConfig.Outputs") or []
    written = {f"output {output.get('OutputName')}": get_path(output, "S3Output.S3Uri") for output in outputs}
    if step.get("Type") == "Training":
        written["OutputDataConfig.S3OutputPath"] = get_path(arguments, "OutputDataConfig.S3OutputPath")
    if step.get("Type") == "Transform":
        written["TransformOutput.S3OutputPath"] = get_path(arguments, "TransformOutput.S3OutputPath")
    for place, address in written.items():
        if EXECUTION_ID not in list(walk(address)):
            yield f"{place} has no Execution.PipelineExecutionId in its address: executions would overwrite one another"
    addresses = [json.dumps(address, sort_keys=True) for address in written.values()]
    if len(set(addresses)) < len(addresses):
        yield "two outputs have one address"
