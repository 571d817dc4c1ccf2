"""Fixtures that every test may use: a recording engine in place of Pulumi's, and the committed settings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest

from infra.settings import Environment, Settings
from mlops.project import load_settings

REGISTRY_OUTPUTS = {
    "account_id": "333333333333",
    "artifact_bucket": "sagemaker-models-333333333333-us-east-1",
    "report_key_arn": "arn:aws:kms:us-east-1:333333333333:key/registry",
    "model_package_group_arns": {
        "mammography-severity": (
            "arn:aws:sagemaker:us-east-1:333333333333:model-package-group/mammo-severity-model-package"
        )
    },
}


@dataclass
class Declared:
    """What a program declared, as plain data: assertions on it cannot pass without running."""

    resources: list[pulumi.runtime.MockResourceArgs] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of_type(self, typ: str) -> dict[str, dict[str, Any]]:
        """Inputs of every resource of a type, by logical name."""
        return {r.name: dict(r.inputs) for r in self.resources if r.typ == typ}

    def one(self, typ: str, name: str) -> dict[str, Any]:
        """Inputs of one resource."""
        return self.of_type(typ)[name]

    def policy(self, typ: str, name: str, key: str) -> dict[str, dict[str, Any]]:
        """A JSON document of one resource: its statements by Sid."""
        return {s["Sid"]: s for s in json.loads(self.one(typ, name)[key])["Statement"]}

    def graph(self) -> list[dict[str, Any]]:
        """Everything declared, in an order of its own, for baselines."""
        found = [
            {
                "type": r.typ,
                "name": r.name,
                "provider": r.provider.split("::")[-2] if r.provider else "",
                "inputs": plain(r.inputs),
            }
            for r in self.resources
            if r.typ != "pulumi:pulumi:Stack"
        ]
        return sorted(found, key=lambda r: (r["type"], r["name"]))


def plain(value: Any) -> Any:
    """Inputs as JSON; an asset is named by what it is, not by where it lies."""
    if isinstance(value, pulumi.FileAsset):
        return {"asset": str(value.path).rsplit("/", 1)[1]}
    if isinstance(value, pulumi.AssetArchive):
        return {"archive": plain(value.assets)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and value.startswith("{"):
        document = json.loads(value)
        # A definition has tests of its own; here only what it is made of.
        return {"steps": [step["Name"] for step in document["Steps"]]} if "Steps" in document else plain(document)
    return value


class Recorder(pulumi.runtime.Mocks):
    """Records each registration, and refuses any provider call that nobody foresaw."""

    def __init__(self, stacks: dict[str, dict[str, Any]]) -> None:
        self.declared = Declared()
        self.stacks = stacks

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.declared.resources.append(args)
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": self.stacks[args.name]}
        return f"{args.name}-id", {"arn": f"arn:of:{args.name}", "keyId": f"{args.name}-id", **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"unforeseen provider call: {args.token}")


@pytest.fixture
def declare() -> Iterator[Callable[..., Declared]]:
    """Run a program to its end under the recorder and return what it declared and exported."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # A program's error is raised where it is run; what it leaves behind in futures nobody asks for, and asyncio would
    # print each of them.
    loop.set_exception_handler(lambda _loop, _context: None)

    def run(program: Callable[[], dict[str, Any]], stacks: dict[str, dict[str, Any]] | None = None) -> Declared:
        known = {"organization/model-promotion/registry": REGISTRY_OUTPUTS} if stacks is None else stacks
        recorder = Recorder(known)
        pulumi.runtime.set_mocks(recorder, project="model-promotion", stack="test", organization="organization")

        @pulumi.runtime.test
        def body() -> pulumi.Output[Any]:
            return pulumi.Output.from_input(program()).apply(recorder.declared.outputs.update)

        body()
        return recorder.declared

    yield run
    # A program that failed leaves the engine's own tasks behind.
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


@pytest.fixture(scope="session")
def settings() -> dict[Environment, Settings]:
    """The settings of the committed stack files."""
    return dict(load_settings())


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-baselines` writes the reviewed baselines of the resource graph anew."""
    parser.addoption("--update-baselines", action="store_true", default=False)


@pytest.fixture
def update_baselines(request: pytest.FixtureRequest) -> bool:
    """Whether baselines are to be written rather than compared."""
    return bool(request.config.getoption("--update-baselines"))
