"""The plugin's gRPC service: the engine's questions, answered from the table of resource types.

The SDK's own ``pulumi.provider.experimental`` is not used: it loses assets' hashes and cannot send unknown values.
"""

# ruff: noqa: N802 - the methods are named by the protocol

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2  # type: ignore[import-untyped]

from sandbox.provider import aws as accounts
from sandbox.provider import invokes, resource
from sandbox.provider.answers import PartlyMadeError, RefusedError, answer, reason
from sandbox.provider.aws import Aws, ConfigurationError
from sandbox.provider.checking import check
from sandbox.provider.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from sandbox.provider.resource import Resource
from sandbox.provider.wire import Data, dump, load

_ENGINE_CHECK_SECONDS = 1.0
_THREADS = 64
_MESSAGE_BYTES = 400 * 1024 * 1024


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance, as the engine configures it."""

    def __init__(self, version: str, types: dict[str, Resource]) -> None:
        self._version = version
        self._types = types
        self._aws: Aws | None = None

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=f'{{"name": "aws", "version": "{self._version}"}}')

    def Cancel(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, _context: Any) -> Any:
        failures = accounts.check(_settings(load(request.news)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_check_failures(failures))

    def DiffConfig(self, request: Any, _context: Any) -> Any:
        different = load(request.olds) != load(request.news)
        kind = provider_pb2.DiffResponse.DIFF_SOME if different else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind)

    def Configure(self, request: Any, context: Any) -> Any:
        try:
            self._aws = accounts.configure(_settings(load(request.args)))
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: Any, context: Any) -> Any:
        def invoke() -> Any:
            result = dump(invokes.invoke(request.tok, load(request.args), self.account))
            return provider_pb2.InvokeResponse(**{"return": result})

        return answer(context, f"invoking {request.tok}", invoke)

    def Check(self, request: Any, context: Any) -> Any:
        def checked() -> Any:
            inputs, failures = check(
                self._type(request.urn),
                self.account,
                request.urn.rpartition("::")[2],
                load(request.olds),
                load(request.news),
            )
            return provider_pb2.CheckResponse(inputs=dump(inputs), failures=_check_failures(failures))

        return answer(context, "checking", checked)

    def Diff(self, request: Any, context: Any) -> Any:
        def diff() -> Any:
            kind = self._type(request.urn)
            old, new = load(request.olds), load(request.news)
            found = resource.changes(kind, old, new)
            for name in request.ignoreChanges:
                found.pop(name.partition(".")[0].partition("[")[0], None)
            replaces = [name for name, definition in found.items() if definition.replaces]
            anew = () if replaces else kind.unknown_after(frozenset(found))
            named = kind.name_property
            response = provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
                replaces=replaces,
                diffs=[*found, *anew],
                # Two resources of one name cannot exist at once.
                deleteBeforeReplace=bool(replaces and named and old.get(named) == new.get(named)),
                hasDetailedDiff=True,
            )
            for name, definition in found.items():
                response.detailedDiff[name].kind = _kind(old.get(name), new.get(name), definition.replaces)
                response.detailedDiff[name].inputDiff = False
            for name in anew:
                response.detailedDiff[name].kind = provider_pb2.PropertyDiff.UPDATE
            return response

        return answer(context, "comparing", diff)

    def Create(self, request: Any, context: Any) -> Any:
        kind, new = self._type(request.urn), load(request.properties)

        def create() -> Any:
            if request.preview:
                return provider_pb2.CreateResponse(properties=dump(resource.planned(kind, {}, new, frozenset())))
            resource_id, state = self._create(kind, new)
            return provider_pb2.CreateResponse(id=resource_id, properties=dump(state))

        return answer(context, f"creating {_label(kind)}", create)

    def Read(self, request: Any, context: Any) -> Any:
        kind, old, old_inputs = self._type(request.urn), load(request.properties), load(request.inputs)

        def read() -> Any:
            aws = self.account.in_region(old.get("region"))
            state = self._read(kind, aws, request.id, old)
            if state is None:
                return provider_pb2.ReadResponse()
            inputs = _inputs_of(kind, old_inputs, state)
            resource_id = kind.state_id(request.id, state)
            return provider_pb2.ReadResponse(id=resource_id, properties=dump(state), inputs=dump(inputs))

        return answer(context, f"reading {_label(kind)} ({request.id})", read)

    def Update(self, request: Any, context: Any) -> Any:
        kind, old, new = self._type(request.urn), load(request.olds), load(request.news)

        def update() -> Any:
            changed = frozenset(resource.changes(kind, old, new))
            if request.preview:
                return provider_pb2.UpdateResponse(properties=dump(resource.planned(kind, old, new, changed)))
            aws = self.account.in_region(old.get("region"))
            if changed - {"tags", "tagsAll"}:
                kind.update(aws, request.id, old, new, changed)
            if kind.tagged and "tagsAll" in changed:
                wanted = new.get("tagsAll") or {}
                kind.retag(aws, old, wanted, sorted(set(old.get("tagsAll") or {}) - set(wanted)))
            state = self._read(
                kind, aws, request.id, {**old, **resource.write_only(kind, new), "tags": new.get("tags")}
            )
            if state is None:
                raise RefusedError("it is gone")
            return provider_pb2.UpdateResponse(properties=dump(state))

        return answer(context, f"updating {_label(kind)} ({request.id})", update)

    def Delete(self, request: Any, context: Any) -> Any:
        kind, old = self._type(request.urn), load(request.properties)

        def delete() -> Any:
            kind.delete(self.account.in_region(old.get("region")), request.id, old)
            return empty_pb2.Empty()

        return answer(context, f"deleting {_label(kind)} ({request.id})", delete)

    @property
    def account(self) -> Aws:
        if self._aws is None:
            raise RefusedError("the AWS provider is not configured")
        return self._aws

    def _type(self, urn: str) -> Resource:
        token = urn.split("::")[2].rpartition("$")[2]
        found = self._types.get(token)
        if found is None:
            raise RefusedError(f"the sandbox's AWS provider does not implement {token}")
        return found

    def _create(self, kind: Resource, new: Data) -> tuple[str, Data]:
        aws = self.account.in_region(new.get("region"))
        resource_id = kind.create(aws, new)
        try:
            kind.finish(aws, resource_id, new)
            state = self._read(kind, aws, resource_id, new)
        except (ClientError, BotoCoreError, RefusedError) as error:
            raise PartlyMadeError(resource_id, new, new, reason(error)) from error
        if state is None:
            raise RefusedError("it was made and cannot be found")
        return resource_id, state

    def _read(self, kind: Resource, aws: Aws, resource_id: str, old: Data) -> Data | None:
        """The state with what AWS does not tell: settings of the program's own, and the region."""
        found = kind.read(aws, resource_id, old)
        if found is None:
            return None
        defaults = {
            name: definition.default
            for name, definition in kind.all_properties().items()
            if definition.kept and definition.default is not None
        }
        region = {"region": aws.region} if kind.regional else {}
        return {**defaults, **resource.write_only(kind, old), **region, **found}


def _inputs_of(kind: Resource, old_inputs: Data, state: Data) -> Data:
    """The inputs that a program would have to give for a state: at a refresh, the old ones where they still hold."""
    properties = kind.all_properties()
    if old_inputs:
        drifted = resource.changes(kind, state, old_inputs)
        return {name: state.get(name) if name in drifted else value for name, value in old_inputs.items()}
    return {name: state[name] for name in properties if state.get(name) not in (None, "", [], {})}


def _settings(arguments: Data) -> Data:
    """The provider's settings: those that are no strings arrive as JSON texts."""
    found: Data = {}
    for name, value in arguments.items():
        if (isinstance(value, str) and value[:1] in ("[", "{")) or value in ("true", "false"):
            found[name] = json.loads(value)
        else:
            found[name] = value
    return found


def _kind(old: Any, new: Any, replaces: bool) -> Any:
    name = "ADD" if old is None else "DELETE" if new is None else "UPDATE"
    return provider_pb2.PropertyDiff.Kind.Value(f"{name}_REPLACE" if replaces else name)


def _check_failures(failures: list[tuple[str, str]]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures]


def _label(kind: Resource) -> str:
    return kind.pulumi_type.rpartition(":")[2]


def serve(plugin: Plugin) -> None:
    """Answer on a free port of loopback, whose number goes to the engine through standard output."""
    options = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the protocol between engine and plugin
    engine = os.getppid()
    # An engine that is killed tells nobody; its plugins must not outlive it.
    while server.wait_for_termination(timeout=_ENGINE_CHECK_SECONDS) and os.getppid() == engine:
        pass
