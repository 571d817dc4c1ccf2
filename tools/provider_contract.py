"""Compare the sandbox's AWS provider plugin with the real one, on the same programs against fresh sandboxes.

    python tools/provider_contract.py --plugin PATH [--project DIR]

``--project`` takes a checkout's three stacks; without it, the programs of tests/sandbox/provider are compared: the
planned operations and the properties that each names, the IAM actions that were needed, the states, and what is then
at AWS. Exit code 0 when nothing differs that is not known. The real plugin's tag calls on buckets go to
``<account id>.localhost``, which must be in /etc/hosts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
from pulumi import automation

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "tests" / "sandbox" / "provider")]

from aws_state import at_aws  # noqa: E402
from provider_programs import (  # noqa: E402
    ACCOUNT,
    EDITS_OF_AUTOMATION,
    EDITS_OF_EVERYTHING,
    REGION,
    everything,
)
from provider_programs import automation as automation_program  # noqa: E402

from sandbox import process  # noqa: E402
from sandbox.process import Server  # noqa: E402
from sandbox.provider.install import install  # noqa: E402

Program = Callable[[pulumi.ResourceOptions], None]

# What one plugin leaves out and the other says.
_TAG = {"Key", "Value"}
_ZERO = (None, "", "0", 0, False, [], {}, [""])

# Made anew by every run.
_RANDOM = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d{4})?"), "<time>"),
    (re.compile(r"A[RI][OD][AP][0-9A-Z]{17}"), "<unique id>"),
    (re.compile(r"localhost:\d+"), "localhost:<port>"),
    (re.compile(r"terraform-\d{20,}"), "<made up>"),
]
# Of no meaning to programs: the bridge's notes, and random or volatile members.
_RANDOM_PROPERTIES = {
    "__pulumi_raw_state_delta",
    "CurrentKeyMaterialId",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "versionId",
    "sourceCodeSize",
    "codeSha256",
    "sourceCodeHash",
    "__defaults",
    "__meta",
}
# The plugin that can be built here lacks pulumi_aws's autonaming, which is what makes it delete a role before it makes
# the one that replaces it; so the two roles of one name collide.
PLANNED_ONLY = {"role_path"}
EDITS_OF_SETTINGS = [
    ("registry", "tags.owner", "team-a"),
    ("registry", "permissions", "managed"),
    ("dev", "tags.owner", "team-a"),
    ("dev", "permissions", "managed"),
    ("dev", "jenkins.role_name", "another-controller"),
    ("prod", "log_retention_days", "30"),
    ("prod", "tags.owner", "team-a"),
    ("prod", "permissions", "managed"),
    ("prod", "jenkins.role_name", "another-controller"),
    ("prod", "tags.environment", "live"),
]
REAL_PROVIDER = {"skip_metadata_api_check": True, "skip_region_validation": True, "s3_use_path_style": True}


@dataclass
class Findings:
    """What one plugin did: phase → resource → what is to be compared."""

    phases: dict[str, dict[str, Any]] = field(default_factory=dict)


def main(arguments: list[str]) -> int:
    """Run both plugins and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugin", type=Path, required=True, help="the real pulumi-resource-aws")
    parser.add_argument("--project", type=Path, help="a checkout whose three stacks to compare instead")
    options = parser.parse_args(arguments)
    put_pulumi_on_path()
    os.environ["SANDBOX_LOG"] = "DEBUG"
    found = {}
    for label, plugin in (("ours", None), ("real", options.plugin)):
        started = time.monotonic()
        with sandbox_and_home(plugin) as (server, home, folder):
            if options.project:
                found[label] = run_project(options, server, home, folder)
            else:
                found[label] = run_programs(server, home, folder)
        print(f"{label}: {time.monotonic() - started:.0f} s")
    return report(found["ours"], found["real"])


def put_pulumi_on_path() -> None:
    shown = subprocess.run(
        [sys.executable, ROOT / "tools" / "toolchain.py", "pulumi"], capture_output=True, text=True, check=True
    )
    os.environ["PATH"] = f"{shown.stdout.strip()}{os.pathsep}{os.environ['PATH']}"


@contextmanager
def sandbox_and_home(plugin: Path | None) -> Iterator[tuple[Server, Path, Path]]:
    """A fresh sandbox, and a Pulumi home that has our plugin or the given one."""
    folder = Path(tempfile.mkdtemp(prefix="provider-contract-"))
    home = folder / "home"
    if plugin is None:
        install(home)
    else:
        script = home / "plugins" / f"resource-aws-v{version('pulumi-aws')}" / "pulumi-resource-aws"
        script.parent.mkdir(parents=True)
        mux = ROOT / "tools" / "provider_mux.py"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {mux} {plugin.resolve()} "$@"\n')
        script.chmod(0o755)
    server = process.start(folder / "sandbox", 0)
    try:
        yield server, home, folder
    finally:
        process.stop(folder / "sandbox")
        shutil.rmtree(folder)


def environment(server: Server, folder: Path) -> dict[str, str]:
    """What the CLI runs with: the root of the test account, a backend of its own."""
    (folder / "state").mkdir(exist_ok=True)
    return {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_REGION": REGION,
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def run_programs(server: Server, home: Path, folder: Path) -> Findings:
    """Our two programs: made, refreshed, each edit planned, destroyed."""
    findings = Findings()
    for name, program, edits in (
        ("everything", everything, {**EDITS_OF_EVERYTHING, "alias_name": ("alias/x", ""), "role_path": ("/t/", "")}),
        ("automation", automation_program, {**EDITS_OF_AUTOMATION, "statement": ("other", "")}),
    ):
        current: dict[str, Any] = {}

        def run(program: Any = program, current: dict[str, Any] = current) -> None:
            default_tags = {"tags": {"project": "contract"}}
            provider = pulumi_aws.Provider("aws", region=REGION, default_tags=default_tags, **REAL_PROVIDER)
            program(pulumi.ResourceOptions(provider=provider), **current)

        stack = automation.create_or_select_stack(
            stack_name=name,
            project_name="contract",
            program=run,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(folder), pulumi_home=str(home), env_vars=environment(server, folder)
            ),
        )
        exercise(findings, name, stack, server)
        for edit, (value, _) in edits.items():
            current.clear()
            current[edit] = value
            findings.phases[f"{name}: edit {edit}"] = operations(stack.preview)
        current.clear()
        current.update({edit: value for edit, (value, _) in edits.items() if edit not in PLANNED_ONLY})
        findings.phases[f"{name}: all edits"] = operations(stack.up)
        findings.phases[f"{name}: state after edits"] = states(stack)
        findings.phases[f"{name}: unchanged after edits"] = operations(stack.preview)
        actions(server)
        stack.destroy()
        findings.phases[f"{name}: actions of the destruction"] = actions(server)
        findings.phases[f"{name}: left at AWS"] = steady(at_aws(server.endpoint_url, ACCOUNT))
    return findings


def run_project(options: argparse.Namespace, server: Server, home: Path, folder: Path) -> Findings:
    """A checkout's three stacks as `mlops` deploys them: bootstrapped, made, edited in their settings, destroyed."""
    sys.path.insert(0, str(options.project.resolve()))
    from mlops.bootstrap import bootstrap  # noqa: PLC0415 - the given checkout's
    from mlops.place import Place  # noqa: PLC0415
    from mlops.project import load_settings  # noqa: PLC0415
    from mlops.workspace import pulumi_environment, work_folder  # noqa: PLC0415

    findings = Findings()
    place = Place(settings=load_settings(), folder=folder / "sandbox", endpoint_url=server.endpoint_url)
    bootstrap(place, print)
    variables = {**pulumi_environment(place), "PULUMI_HOME": str(home)}
    settings = automation.LocalWorkspaceOptions(pulumi_home=str(home), env_vars=variables)
    accounts = {name: place.settings[name].account_id for name in place.settings}
    stacks = {}
    for name, account in accounts.items():
        stacks[name] = automation.create_or_select_stack(
            stack_name=name, work_dir=str(work_folder(place)), opts=settings
        )
        exercise(findings, name, stacks[name], server, account)
    for number, (name, key, value) in enumerate(EDITS_OF_SETTINGS, 1):
        path = f"model-promotion:settings.{key}"
        stack_file = work_folder(place) / f"Pulumi.{name}.yaml"
        before = stack_file.read_text()
        stacks[name].set_config(path, automation.ConfigValue(value), path=True)
        findings.phases[f"edit {number}: {name} {key}={value}"] = operations(stacks[name].preview)
        # Most edits reach the deployment role, which only `mlops bootstrap` may change.
        if key == "log_retention_days":
            findings.phases[f"edit {number}: done"] = operations(stacks[name].up)
        stack_file.write_text(before)
    for name in reversed(list(stacks)):
        findings.phases[f"{name}: destroyed"] = operations(stacks[name].destroy)
        findings.phases[f"{name}: actions of the destruction"] = actions(server)
        findings.phases[f"{name}: left at AWS"] = steady(at_aws(server.endpoint_url, accounts[name]))
    return findings


def exercise(findings: Findings, name: str, stack: automation.Stack, server: Server, account: str = ACCOUNT) -> None:
    """Make a stack, look at it, and find it unchanged."""
    findings.phases[f"{name}: first preview"] = operations(stack.preview)
    findings.phases[f"{name}: create"] = operations(stack.up)
    findings.phases[f"{name}: actions of the creation"] = actions(server)
    findings.phases[f"{name}: state"] = states(stack)
    findings.phases[f"{name}: at AWS"] = steady(at_aws(server.endpoint_url, account))
    actions(server)
    findings.phases[f"{name}: refresh"] = operations(stack.refresh)
    findings.phases[f"{name}: actions of a refresh"] = actions(server)
    findings.phases[f"{name}: unchanged"] = operations(stack.preview)


def operations(run: Callable[..., Any]) -> dict[str, Any]:
    """Resource → its step and the properties that the step names."""
    found: dict[str, Any] = {}

    def note(event: automation.EngineEvent) -> None:
        step = event.resource_pre_event
        if step is None or "pulumi:" in step.metadata.type:
            return
        metadata = step.metadata
        operation = str(getattr(metadata.op, "value", metadata.op))
        properties = sorted({key.partition("[")[0].partition(".")[0] for key in metadata.detailed_diff or {}})
        if operation not in ("same", "read", "refresh"):
            name = metadata.urn.rpartition("::")[2]
            kind = "replace" if "replace" in operation else operation
            named = found.setdefault(name, {"step": kind, "properties": []})
            if kind in ("update", "replace"):
                named["properties"] = sorted({*named["properties"], *properties})

    try:
        run(on_event=note, color="never")
    except automation.CommandError as error:
        # How far an operation got before it failed is chance; what is compared is that it did.
        sys.stderr.write(str(error).partition("Diagnostics:")[2])
        return {"error": "failed"}
    return found


def actions(server: Server) -> dict[str, int]:
    """The IAM actions that the plugin has needed since the last call: what a deployment role must be allowed."""
    log = server.folder / process.LOG_NAME
    found = re.findall(r"sandbox.access \S+ (\S+:\S+) ", log.read_text())
    log.write_text("")
    return dict.fromkeys(sorted(set(found)), 1)


def states(stack: automation.Stack) -> dict[str, Any]:
    """Resource → its id and outputs."""
    resources = stack.export_stack().deployment["resources"]
    found = {}
    for resource in resources:
        if resource.get("custom") and "pulumi:" not in resource["type"]:
            outputs = {k: v for k, v in resource["outputs"].items() if k not in _RANDOM_PROPERTIES}
            found[resource["urn"].rpartition("::")[2]] = steady({"id": resource["id"], **outputs})
    return found


def steady(value: Any, name: str = "") -> Any:
    """The value without what differs from run to run; JSON texts as data."""
    if isinstance(value, Mapping):
        dropped = {"ResponseMetadata", "VersionId", "Date", "CreationDate", *_RANDOM_PROPERTIES}
        return {str(key): steady(item, str(key)) for key, item in sorted(value.items()) if key not in dropped}
    if isinstance(value, list | tuple):
        items = [steady(item) for item in value]
        # Tags come back in the order in which they were set.
        return sorted(items, key=json.dumps) if all(isinstance(i, dict) and i.keys() == _TAG for i in items) else items
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            try:
                return steady(json.loads(value))
            except ValueError:
                pass
        for pattern, text in _RANDOM:
            value = pattern.sub(text, value)
        return value
    if isinstance(value, bool | int | float) or value is None:
        return "<number>" if "time" in name.lower() and isinstance(value, float | int) else value
    return "<time>" if hasattr(value, "isoformat") else str(value)


KNOWN = (
    (r"function/architectures", "pulumi_aws gives a list, the bare bridge of the plugin built here one value"),
    (r"edit role_path.*/(inline|managed)", "without autonaming the bare bridge does not delete the old role first"),
    (r"/lifecycleRules", "a deprecated output: what another resource has set on the bucket"),
    (r"actions of the destruction", "the real plugin reads what it deleted until it is gone"),
)


def report(ours: Findings, real: Findings) -> int:
    """Print each difference; the number of them decides the exit code."""
    differences = 0
    for phase in ours.phases:
        left, right = ours.phases[phase], real.phases.get(phase, {})
        lines = list(compare("", left, right))
        print(f"{'=' if not lines else '≠'} {phase}")
        for line in lines:
            reason = next((reason for known, reason in KNOWN if re.search(known, f"{phase}{line}")), None)
            differences += reason is None
            print(f"    {line}" + (f" (known: {reason})" if reason else ""))
    print(f"{differences} differences that are not known")
    return 1 if differences else 0


def compare(path: str, ours: Any, real: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(real, dict):
        for key in sorted(ours.keys() | real.keys()):
            yield from compare(f"{path}/{key}", ours.get(key), real.get(key))
    elif ours != real and not (ours in _ZERO and real in _ZERO):
        yield f"{path}: ours {json.dumps(ours)[:300]}, real {json.dumps(real)[:300]}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
