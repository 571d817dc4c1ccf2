"""SageMaker pipelines: jobs are encrypted, cut off from the network, on allowed instances, and approve nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.definition import DEFINITION, PIPELINE, arguments, parts, read
from policies.rule import Context, Level, Resource, Rule, is_own_key

OUTPUTS = ("ProcessingOutputConfig", "OutputDataConfig", "TransformOutput")
JOBS = ("Processing", "Training", "QualityCheck", "ClarifyCheck", "Tuning")
PENDING = "PendingManualApproval"
APPROVAL = "ModelApprovalStatus"
READS = {PIPELINE: (DEFINITION,)}


def _readable(resource: Resource, _: Context) -> Iterator[str]:
    if not resource.is_unknown(DEFINITION) and read(resource) is None:
        where = "pipelineDefinitionS3Location" if resource.is_set("pipelineDefinitionS3Location") else DEFINITION
        yield (
            f"`{where}` is no definition that these rules can read; write the definition's JSON in `{DEFINITION}`, "
            "with its Steps"
        )


def _tells_unknown(resource: Resource, _: Context) -> Iterator[str]:
    if resource.is_unknown(DEFINITION):
        yield (
            f"`{DEFINITION}` is not known before the account's key and roles exist, so it is not judged by this "
            "preview; the update judges it before the pipeline is made"
        )


def _encrypted(resource: Resource, _: Context) -> Iterator[str]:
    definition = read(resource)
    for step in definition.steps if definition else ():
        for path, name, part in parts(arguments(step)):
            if definition and name in OUTPUTS and not is_own_key(definition.value(part.get("KmsKeyId"))):
                yield f"step {step['Name']}: `{path}.KmsKeyId` names none of the account's keys; write its ARN"
            if definition and "InstanceType" in part and not is_own_key(definition.value(part.get("VolumeKmsKeyId"))):
                yield f"step {step['Name']}: `{path}.VolumeKmsKeyId` names none of the account's keys; write its ARN"


def _cut_off(resource: Resource, context: Context) -> Iterator[str]:
    wanted = context.config["network"]
    definition = read(resource)
    for step in definition.steps if definition else ():
        if step.get("Type") not in (*JOBS, "Model") or wanted == "any":
            continue
        isolated, in_vpc = _network(arguments(step))
        if wanted in ("isolation", "both") and not isolated:
            yield f"step {step['Name']}: `EnableNetworkIsolation` is not set; write true"
        if wanted in ("vpc", "both") and not in_vpc:
            yield f"step {step['Name']}: `VpcConfig` names no Subnets and SecurityGroupIds; write both"


def _network(found: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether a job is isolated, and whether it is in a VPC; where a step says so depends on its type."""
    where = found.get("NetworkConfig", found)
    vpc = where.get("VpcConfig") or {}
    return where.get("EnableNetworkIsolation") is True, bool(vpc.get("Subnets") and vpc.get("SecurityGroupIds"))


def _instance_types(resource: Resource, context: Context) -> Iterator[str]:
    environment = context.settings.environment
    known = context.config["instance_types"].get(environment, [])
    definition = read(resource)
    for step in definition.steps if definition else ():
        for path, _, part in parts(arguments(step)):
            if definition is None or "InstanceType" not in part:
                continue
            instance_type = definition.value(part["InstanceType"])
            if instance_type not in known:
                yield (
                    f"step {step['Name']}: `{path}.InstanceType` is {instance_type}, which is not allowed in "
                    f"{environment or 'a stack without settings'}; write one of {', '.join(known) or '(none)'}"
                )


def _pending(resource: Resource, context: Context) -> Iterator[str]:
    definition = read(resource)
    for step in definition.steps if definition else ():
        if definition is None or step.get("Type") != "RegisterModel":
            continue
        status = definition.value(arguments(step).get(APPROVAL))
        if status != PENDING:
            yield f"step {step['Name']}: a version would start as {status}; write {PENDING} as `{APPROVAL}`"


RULES = (
    Rule(
        name="sagemaker-definition-readable",
        description="A pipeline's definition can be judged.",
        reads={PIPELINE: (DEFINITION, "pipelineDefinitionS3Location")},
        judge=_readable,
    ),
    Rule(
        name="sagemaker-definition-unknown",
        description="A pipeline's definition is judged before it is deployed.",
        reads=READS,
        judge=_tells_unknown,
        level=Level.ADVISORY,
    ),
    Rule(
        name="sagemaker-encryption",
        description="Every output and volume of a pipeline's jobs is encrypted with a key of the account.",
        reads=READS,
        judge=_encrypted,
    ),
    Rule(
        name="sagemaker-network",
        description="Jobs and models have no network beyond what is configured.",
        reads=READS,
        judge=_cut_off,
        config={
            "network": {
                "description": "What every job and model must have",
                "type": "string",
                "enum": ["isolation", "vpc", "both", "any"],
                "default": "isolation",
            }
        },
    ),
    Rule(
        name="sagemaker-instance-types",
        description="Jobs run on the instance types that the stack allows.",
        reads=READS,
        judge=_instance_types,
        config={
            "instance_types": {
                "description": "Allowed instance types by environment, defaults of parameters included",
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
                "default": {
                    "dev": ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge"],
                    "prod": ["ml.m5.large", "ml.m5.xlarge"],
                },
            }
        },
    ),
    Rule(
        name="sagemaker-pending-versions",
        description="Registered versions start pending: approval is a decision of people in the registry account.",
        reads=READS,
        judge=_pending,
    ),
)
