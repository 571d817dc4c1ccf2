"""What the policy pack adds to a preview of prod, and what it takes for a resource of a stack of a thousand."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc  # type: ignore[import-untyped]
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from bench.measurement import Measurement, MeasurementError
from bench.preview import run_pulumi
from mlops.engine import Engine
from mlops.policy_pack import PACK

REPEATS = 5
GOAL_SECONDS = 2.0
RESOURCES = 1000
GOAL_MS = 10.0
STARTED_SECONDS = 30

Say = Callable[[str], None]


def measure(engine: Engine, say: Say) -> list[Measurement]:
    """Both: previews in turn with and without the pack, and the pack alone, asked as the engine asks."""
    return [_measure_preview(engine, say), _measure_thousand(engine, say)]


def _measure_preview(engine: Engine, say: Say) -> Measurement:
    packs = {"without": (), "with": ("--policy-pack", str(PACK))}
    taken: dict[str, list[float]] = {name: [] for name in packs}
    for number in range(REPEATS + 1):
        for name, options in packs.items():
            started = time.monotonic()
            run_pulumi(engine, engine.folder, "preview", "--stack", "prod", "--expect-no-changes", *options)
            if number:
                taken[name].append(time.monotonic() - started)
    with_pack, without = statistics.median(taken["with"]), statistics.median(taken["without"])
    say(f"previews of prod: {without:.2f} s, under the policy pack {with_pack:.2f} s")
    return Measurement(
        name="what the policy pack adds to a preview of prod",
        value=with_pack - without,
        goal=GOAL_SECONDS,
        unit="s",
        details={"with (s)": with_pack, "without (s)": without},
    )


def _measure_thousand(engine: Engine, say: Say) -> Measurement:
    """Resources of prod over and over, each analyzed alone, and the stack of them once."""
    requests = _requests(engine)
    with _pack() as stub:
        for request in requests[:50]:
            stub.Analyze(request)
        started = time.monotonic()
        for request in requests:
            stub.Analyze(request)
        alone = time.monotonic() - started
        stack = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    type=r.type, name=r.name, urn=r.urn, properties=r.properties, options=r.options
                )
                for r in requests
            ]
        )
        started = time.monotonic()
        stub.AnalyzeStack(stack)
        together = time.monotonic() - started
    say(f"{RESOURCES} resources: {alone:.2f} s one by one, {together:.2f} s as a stack")
    return Measurement(
        name=f"the policy pack per resource, of {RESOURCES}",
        value=1000 * (alone + together) / RESOURCES,
        goal=GOAL_MS,
        unit="ms",
        details={"one by one (ms)": 1000 * alone / RESOURCES, "as a stack (ms)": 1000 * together / RESOURCES},
    )


def _requests(engine: Engine) -> list[analyzer_pb2.AnalyzeRequest]:
    exported = json.loads(run_pulumi(engine, engine.folder, "stack", "export", "--stack", "prod"))
    declared = [r for r in exported["deployment"]["resources"] if str(r["type"]).startswith("aws:")]
    provider = next(r for r in exported["deployment"]["resources"] if r["type"] == "pulumi:providers:aws")
    made = []
    for number in range(RESOURCES):
        resource = declared[number % len(declared)]
        request = analyzer_pb2.AnalyzeRequest(
            type=resource["type"],
            name=f"{resource['urn'].split('::')[-1]}-{number}",
            urn=f"{resource['urn']}-{number}",
            options=analyzer_pb2.AnalyzerResourceOptions(),
            provider=analyzer_pb2.AnalyzerProviderResource(type=provider["type"], urn=provider["urn"], name="aws"),
        )
        json_format.ParseDict(resource["outputs"], request.properties)
        json_format.ParseDict(provider["inputs"], request.provider.properties)
        made.append(request)
    return made


@contextmanager
def _pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack as the engine starts it: it prints its port and serves until it is stopped."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(PACK)],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=PACK,
        )
        try:
            assert process.stdout is not None
            port = process.stdout.readline().decode().strip()
            if not port:
                errors.seek(0)
                raise MeasurementError(f"the policy pack does not start:\n{errors.read().decode()}")
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                grpc.channel_ready_future(channel).result(timeout=STARTED_SECONDS)
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()
            process.wait()
