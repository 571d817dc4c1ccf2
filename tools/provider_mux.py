"""The real AWS plugin, with ours for the resource types that the real one built here lacks.

    python tools/provider_mux.py REAL_PLUGIN ENGINE_ADDRESS

Run by Pulumi's engine in the place of a plugin; tools/provider_contract.py installs it so.
"""

# ruff: noqa: N802 - the methods are named by the protocol

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox.provider.plugin import Plugin, serve
from sandbox.provider.protocol import provider_pb2_grpc
from sandbox.provider.types import TYPES

# Written in Terraform's newer framework, which the build under shared/tools/aws-provider leaves out.
LACKING = {"aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"}


class Mixed(Plugin):
    """Answers for the types that the real plugin lacks, passes on the rest."""

    def __init__(self, real: Any) -> None:
        super().__init__(version("pulumi-aws"), TYPES)
        self._real = real

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return self._pass_on("CheckConfig", request, context)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return self._pass_on("DiffConfig", request, context)

    def Configure(self, request: Any, context: Any) -> Any:
        answer = self._pass_on("Configure", request, context)
        super().Configure(request, context)
        return answer

    def Check(self, request: Any, context: Any) -> Any:
        return self._choose("Check", request, context)

    def Diff(self, request: Any, context: Any) -> Any:
        return self._choose("Diff", request, context)

    def Create(self, request: Any, context: Any) -> Any:
        return self._choose("Create", request, context)

    def Read(self, request: Any, context: Any) -> Any:
        return self._choose("Read", request, context)

    def Update(self, request: Any, context: Any) -> Any:
        return self._choose("Update", request, context)

    def Delete(self, request: Any, context: Any) -> Any:
        return self._choose("Delete", request, context)

    def _choose(self, method: str, request: Any, context: Any) -> Any:
        if request.urn.split("::")[2].rpartition("$")[2] in LACKING:
            return getattr(super(), method)(request, context)
        return self._pass_on(method, request, context)

    def _pass_on(self, method: str, request: Any, context: Any) -> Any:
        try:
            return getattr(self._real, method)(request)
        except grpc.RpcError as error:
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())


def main(arguments: list[str]) -> None:
    """Start the real plugin and serve in front of it; it ends when its standard input or the engine does."""
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    port = child.stdout.readline().strip() if child.stdout else ""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
    try:
        serve(Mixed(provider_pb2_grpc.ResourceProviderStub(channel)))
    finally:
        child.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
