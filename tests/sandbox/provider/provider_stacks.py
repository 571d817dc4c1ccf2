"""Stacks that run through the real engine with our plugin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pulumi
import pulumi_aws
from pulumi import automation

from sandbox.process import Server
from sandbox.provider.aws import Aws, Clients
from sandbox.provider.resource import changes
from sandbox.provider.types import TYPES
from sandbox.provider.wire import SIGNATURE

ROOT = Path(__file__).resolve().parents[3]
REGION = "us-east-1"
ACCOUNT = "111111111111"


@dataclass
class Stack:
    """One stack whose program is a function of the test's choosing; it may change from one operation to the next."""

    stack: automation.Stack
    server: Server
    account: str
    program: Callable[[pulumi.ResourceOptions], None] = lambda options: None
    provider: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        arguments = {"region": REGION, **self.provider}
        provider = pulumi_aws.Provider("aws", **arguments)
        self.program(pulumi.ResourceOptions(provider=provider))

    def up(self, program: Callable[[pulumi.ResourceOptions], None] | None = None) -> dict[str, str]:
        """Deploy; the operations by resource name, without what stays the same."""
        self.program = program or self.program
        return self._operations(self.stack.up)

    def preview(self, program: Callable[[pulumi.ResourceOptions], None] | None = None) -> dict[str, str]:
        self.program = program or self.program
        return self._operations(self.stack.preview)

    def refresh(self) -> dict[str, str]:
        return self._operations(self.stack.refresh)

    def destroy(self) -> None:
        self.stack.destroy()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint_url,
            region_name=REGION,
            aws_access_key_id=self.account,
            aws_secret_access_key="test",
        )

    def outputs(self, name: str) -> dict[str, Any]:
        """The state of one resource."""
        resources = self.stack.export_stack().deployment["resources"]
        return next(found["outputs"] for found in resources if found["urn"].endswith(f"::{name}"))

    def unlike_their_import(self) -> dict[str, list[str]]:
        """Resources that an import would read otherwise than the program describes them, and in which properties."""
        session = boto3.Session(aws_access_key_id=self.account, aws_secret_access_key="test", region_name=REGION)
        clients = Clients(lambda region: EndpointSession(session, self.server.endpoint_url))
        aws = Aws(self.account, REGION, self.provider.get("default_tags", {}).get("tags", {}), clients)
        found = {}
        for resource in self.stack.export_stack().deployment["resources"]:
            kind = TYPES.get(resource["type"])
            if kind is None:
                continue
            state = kind.read(aws, import_id(resource), {})
            assert state is not None, f"{resource['urn']} cannot be read by {import_id(resource)}"
            assert kind.state_id(import_id(resource), state) == resource["id"]
            inputs = {
                name: value
                for name, value in resource["inputs"].items()
                if not isinstance(value, dict) or SIGNATURE not in value
            }
            kept = {name for name, definition in kind.all_properties().items() if definition.kept}
            different = set(changes(kind, {**state, "region": REGION}, inputs)) - kept
            if different:
                found[resource["urn"].rpartition("::")[2]] = sorted(different)
        return found

    @staticmethod
    def _operations(run: Callable[..., Any]) -> dict[str, str]:
        found: dict[str, str] = {}

        def note(event: automation.EngineEvent) -> None:
            # A refresh says what it found only when it has looked; an update when it begins.
            step = event.res_outputs_event or event.resource_pre_event
            if step is None or ":providers:" in step.metadata.type or step.metadata.type == "pulumi:pulumi:Stack":
                return
            operation = str(step.metadata.op.value if hasattr(step.metadata.op, "value") else step.metadata.op)
            operation = "replace" if "replace" in operation else operation
            if operation not in ("same", "read") and not (operation == "refresh" and not _drifted(step.metadata)):
                found.setdefault(step.metadata.urn.rpartition("::")[2], operation)

        run(on_event=note, color="never")
        return found


@dataclass(frozen=True)
class EndpointSession:
    """A boto3 session whose clients ask the sandbox."""

    session: boto3.Session
    endpoint_url: str

    def client(self, service: str, **options: Any) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint_url, **options)


def import_id(resource: dict[str, Any]) -> str:
    """What `pulumi import` is given for a resource, where it is not the id."""
    inputs = resource["inputs"]
    if resource["type"].endswith(":EventTarget"):
        return f"{inputs['eventBusName']}/{inputs['rule']}/{inputs['targetId']}"
    if resource["type"].endswith(":Permission"):
        return f"{inputs['function']}/{inputs['statementId']}"
    return str(resource["id"])


def _drifted(metadata: automation.StepEventMetadata) -> bool:
    return bool(metadata.detailed_diff or metadata.diffs) or metadata.new is None
