"""What the three programs declare, taken from the programs themselves or from the exported state of a deployment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi

from infra.names import PROJECT, Names
from infra.settings import ENVIRONMENTS, Environment, Settings


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a stack: its type token, and its properties under their wire names."""

    typ: str
    properties: Mapping[str, Any]


# Service, and resource part made of the inputs.
ARNS = {
    "aws:cloudwatch/eventRule:EventRule": ("events", "rule/{name}"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "log-group:{name}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch", "alarm:{name}"),
    "aws:lambda/function:Function": ("lambda", "function:{name}"),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": ("sagemaker", "model-package-group/{modelPackageGroupName}"),
    "aws:sagemaker/pipeline:Pipeline": ("sagemaker", "pipeline/{pipelineName}"),
    "aws:scheduler/schedule:Schedule": ("scheduler", "schedule/{groupName}/{name}"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("scheduler", "schedule-group/{name}"),
    "aws:sns/topic:Topic": ("sns", "{name}"),
    "aws:sqs/queue:Queue": ("sqs", "{name}"),
}
Declared = Mapping[Environment, tuple[Resource, ...]]


class _Recorder(pulumi.runtime.Mocks):
    """Answers each registration as AWS would, as far as documents refer to the answer: with the resource's ARN."""

    def __init__(self, names: Names, registry: Mapping[str, Any]) -> None:
        self.names = names
        self.registry = registry
        self.resources: list[Resource] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": dict(self.registry)}
        properties = {**args.inputs, **self._identity(args.typ, args.inputs)}
        if args.typ.startswith("aws:"):
            self.resources.append(Resource(args.typ, properties))
        return f"{args.name}-id", {"keyId": args.name, **properties}

    def _identity(self, typ: str, inputs: Mapping[str, Any]) -> dict[str, str]:
        names, environment = self.names, self.names.settings.environment
        match typ:
            case "aws:s3/bucket:Bucket":
                return {"arn": names.bucket_arn(inputs["bucket"])}
            case "aws:iam/role:Role":
                return {"arn": names.root_arn(environment).replace(":root", f":role/{inputs['name']}")}
            case "aws:kms/key:Key":
                return {"arn": names.arn("kms", names.account(environment), f"key/{environment}")}
        if typ not in ARNS:
            return {}
        service, resource = ARNS[typ]
        arn = names.arn(service, names.account(environment), resource.format(**inputs))
        return {"arn": arn, "url": arn}  # a queue's URL, which nothing but its policy refers to

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"a program calls {args.token}, which is not known without AWS")


def from_programs(settings: Mapping[Environment, Settings]) -> Declared:
    """Run the three programs against a recorder: names are computed, so no document waits for a deployment."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    declared: dict[Environment, tuple[Resource, ...]] = {}
    registry: dict[str, Any] = {}
    try:
        for environment in ENVIRONMENTS:
            declared[environment], outputs = _run(settings[environment], registry)
            if environment == "registry":
                registry = outputs
    finally:
        loop.close()
    return declared


def _run(settings: Settings, registry: Mapping[str, Any]) -> tuple[tuple[Resource, ...], dict[str, Any]]:
    recorder = _Recorder(Names(settings), registry)
    pulumi.runtime.set_mocks(recorder, project=PROJECT, stack=settings.environment, organization="organization")
    outputs: dict[str, Any] = {}

    def program() -> pulumi.Output[Any]:
        module = import_module(f"stacks.{settings.environment}")
        exported = vars(module.declare(settings, pulumi.ResourceOptions()))
        return pulumi.Output.from_input(exported).apply(outputs.update)

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # Pulumi's decorator has no types
    return tuple(recorder.resources), outputs


def from_exports(files: Mapping[Environment, Path]) -> Declared:
    """Read what `pulumi stack export` wrote for each of the three stacks."""
    declared: dict[Environment, tuple[Resource, ...]] = {}
    for environment, path in files.items():
        exported = json.loads(path.read_text(encoding="utf-8"))
        declared[environment] = tuple(
            Resource(found["type"], {**found.get("inputs", {}), **found.get("outputs", {})})
            for found in exported["deployment"].get("resources", [])
            if found.get("custom") and not found.get("delete")
        )
        if not declared[environment]:
            raise ValueError(f"{path.name} holds no resource: export a deployed stack, with `pulumi stack export`")
    return declared
