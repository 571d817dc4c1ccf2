"""What the three programs declare, as the rules are told of it."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

import pulumi
from policies.rule import Context, Resource
from policies.stack_settings import parse

from infra.providers import declare_provider
from infra.settings import Settings

REGISTRY = {
    "account_id": "333333333333",
    "artifact_bucket": "sagemaker-models-333333333333-us-east-1",
    "report_key_arn": "arn:aws:kms:us-east-1:333333333333:key/registry",
    "model_package_group_arns": {
        "mammography-severity": (
            "arn:aws:sagemaker:us-east-1:333333333333:model-package-group/mammo-severity-model-package"
        )
    },
}


class _Recorder(pulumi.runtime.Mocks):
    """Keeps what is registered: inputs, and outputs as AWS would add them."""

    def __init__(self) -> None:
        self.registered: list[tuple[pulumi.runtime.MockResourceArgs, dict[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": REGISTRY}
        outputs = {"arn": f"arn:of:{args.name}", "keyId": args.name, "url": f"https://{args.name}", **args.inputs}
        self.registered.append((args, outputs))
        return f"{args.name}-id", outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"unforeseen provider call: {args.token}")


class Stack:
    """One stack's resources: with inputs for rules on single ones, with outputs for rules on all."""

    def __init__(self, settings: Settings) -> None:
        recorder = _run(settings)
        providers = {a.name: dict(a.inputs) for a, _ in recorder.registered if a.typ == "pulumi:providers:aws"}

        def resource(args: pulumi.runtime.MockResourceArgs, props: dict[str, Any]) -> Resource:
            provider = providers.get(args.provider.split("::")[-2]) if args.provider else None
            return Resource(
                type=args.typ, name=args.name, urn=f"urn:{args.typ}::{args.name}", props=props, provider=provider
            )

        self.settings = parse(settings.model_dump_json())
        self.resources = [resource(args, dict(args.inputs)) for args, _ in recorder.registered]
        self.outcome = [resource(args, outputs) for args, outputs in recorder.registered]

    def one(self, token: str, name: str) -> Resource:
        """A single resource, with its inputs."""
        return next(r for r in self.resources if (r.type, r.name) == (token, name))

    def context(self, **given: Any) -> Context:
        """What a rule knows in this stack."""
        return Context(settings=self.settings, **given)


def _run(settings: Settings) -> _Recorder:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    recorder = _Recorder()
    pulumi.runtime.set_mocks(recorder, project="model-promotion", stack="test", organization="organization")

    @pulumi.runtime.test
    def body() -> pulumi.Output[Any]:
        provider = declare_provider(settings)
        program = import_module(f"stacks.{settings.environment}")
        exports = program.declare(settings, pulumi.ResourceOptions(providers=[provider]))
        return pulumi.Output.from_input(vars(exports))

    body()
    loop.close()
    return recorder
