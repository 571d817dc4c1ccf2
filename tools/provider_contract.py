"""Compare the sandbox's AWS provider plugin with the real one, on the same programs against fresh sandboxes.

    python tools/provider_contract.py --plugin PATH [--project DIR --stack NAME ... [--edits FILE]]

Without ``--project`` it takes the programs of tests/sandbox/provider. It compares the planned operations and the
properties that each names, the states, and what is then at AWS; exit code 0 when nothing differs. The real plugin's
tag calls on buckets go to ``<account id>.localhost``, which must be in /etc/hosts.
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

import boto3
import pulumi
import pulumi_aws
from pulumi import automation

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sandbox" / "provider")]

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
REAL_PROVIDER = {"skip_metadata_api_check": True, "skip_region_validation": True, "s3_use_path_style": True}


@dataclass
class Findings:
    """What one plugin did: phase → resource → what is to be compared."""

    phases: dict[str, dict[str, Any]] = field(default_factory=dict)


def main(arguments: list[str]) -> int:
    """Run both plugins and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugin", type=Path, required=True, help="the real pulumi-resource-aws")
    parser.add_argument("--project", type=Path, help="folder of a Pulumi project to compare instead")
    parser.add_argument("--stack", action="append", default=[], help="stack of that project, in order; repeatable")
    parser.add_argument("--edits", type=Path, help='JSON list of {"stack": …, "config": {key: value}}')
    parser.add_argument(
        "--without",
        action="append",
        default=["lifecycle"],
        help="resource of our programs to leave out; the one built here has no lifecycle",
    )
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
                found[label] = run_programs(options, server, home, folder)
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
        target = home / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
        target.mkdir(parents=True)
        (target / "pulumi-resource-aws").symlink_to(plugin.resolve())
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


def run_programs(options: argparse.Namespace, server: Server, home: Path, folder: Path) -> Findings:
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
            program(pulumi.ResourceOptions(provider=provider), without=options.without, **current)

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
        findings.phases[f"{name}: left at AWS"] = at_aws(server)
    return findings


def run_project(options: argparse.Namespace, server: Server, home: Path, folder: Path) -> Findings:
    """A project's stacks one after the other, then the edits of their configuration, then all destroyed."""
    findings = Findings()
    project = folder / "project"
    shutil.copytree(options.project, project, ignore=shutil.ignore_patterns(".git", ".venv*", ".sandbox"))
    settings = automation.LocalWorkspaceOptions(pulumi_home=str(home), env_vars=environment(server, folder))
    stacks = {
        name: automation.create_or_select_stack(stack_name=name, work_dir=str(project), opts=settings)
        for name in options.stack
    }
    for name, stack in stacks.items():
        exercise(findings, name, stack, server)
    for number, edit in enumerate(json.loads(options.edits.read_text()) if options.edits else [], 1):
        stack = stacks[edit["stack"]]
        for key, value in edit["config"].items():
            stack.set_config(key, automation.ConfigValue(str(value)), path=True)
        findings.phases[f"edit {number}"] = operations(stack.preview)
    for stack in reversed(stacks.values()):
        stack.destroy()
    findings.phases["left at AWS"] = at_aws(server)
    return findings


def exercise(findings: Findings, name: str, stack: automation.Stack, server: Server) -> None:
    findings.phases[f"{name}: first preview"] = operations(stack.preview)
    findings.phases[f"{name}: create"] = operations(stack.up)
    findings.phases[f"{name}: actions of the creation"] = actions(server)
    findings.phases[f"{name}: state"] = states(stack)
    findings.phases[f"{name}: at AWS"] = at_aws(server)
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
        found["error"] = steady(str(error).partition("Diagnostics:")[2])
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


def at_aws(server: Server) -> dict[str, Any]:
    """What the account has, by the calls of a reader that knows neither plugin."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=server.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",  # noqa: S106 - the sandbox's accounts have no other
        )

    found: dict[str, Any] = {}
    for service, read in READERS.items():
        found.update({f"{service} {name}": steady(value) for name, value in read(client(service))})
    return found


def read_kms(kms: Any) -> Iterator[tuple[str, Any]]:
    yield "aliases", kms.list_aliases()["Aliases"]
    for number, key in enumerate(kms.list_keys()["Keys"]):
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeyState"] == "Enabled":
            policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
            rotation = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
            tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
            yield f"key {number}", [described, policy, rotation, sorted(tags, key=str)]


def read_s3(s3: Any) -> Iterator[tuple[str, Any]]:
    calls = ("policy", "versioning", "encryption", "tagging", "ownership_controls", "lifecycle_configuration")
    for name in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
        yield f"{name} public access", attempt(s3.get_public_access_block, Bucket=name)
        for call in calls:
            yield f"{name} {call}", attempt(getattr(s3, f"get_bucket_{call}"), Bucket=name)
        for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
            yield f"{name} {item['Key']}", attempt(s3.head_object, Bucket=name, Key=item["Key"])


def read_iam(iam: Any) -> Iterator[tuple[str, Any]]:
    for name in (role["RoleName"] for role in iam.list_roles()["Roles"]):
        yield name, iam.get_role(RoleName=name)["Role"]
        yield f"{name} managed", iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            yield f"{name} {policy}", iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]


def read_sagemaker(sagemaker: Any) -> Iterator[tuple[str, Any]]:
    for group in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
        name = group["ModelPackageGroupName"]
        yield name, sagemaker.describe_model_package_group(ModelPackageGroupName=name)
        yield f"{name} policy", attempt(sagemaker.get_model_package_group_policy, ModelPackageGroupName=name)
    for pipeline in sagemaker.list_pipelines()["PipelineSummaries"]:
        yield pipeline["PipelineName"], sagemaker.describe_pipeline(PipelineName=pipeline["PipelineName"])


def read_events(events: Any) -> Iterator[tuple[str, Any]]:
    for rule in events.list_rules()["Rules"]:
        yield rule["Name"], [rule, events.list_targets_by_rule(Rule=rule["Name"])["Targets"]]


def read_sqs(sqs: Any) -> Iterator[tuple[str, Any]]:
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield url.rpartition("/")[2], {k: v for k, v in attributes.items() if not k.endswith("Timestamp")}


def read_sns(sns: Any) -> Iterator[tuple[str, Any]]:
    for topic in sns.list_topics()["Topics"]:
        yield topic["TopicArn"], sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
    for subscription in sns.list_subscriptions()["Subscriptions"]:
        arn = subscription["SubscriptionArn"]
        yield subscription["Endpoint"], sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


def read_lambda(functions: Any) -> Iterator[tuple[str, Any]]:
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        # Each plugin makes a zip file of its own out of the same files.
        yield name, {k: v for k, v in function.items() if k not in ("CodeSha256", "CodeSize", "RevisionId")}
        yield f"{name} policy", attempt(functions.get_policy, FunctionName=name)


def read_scheduler(scheduler: Any) -> Iterator[tuple[str, Any]]:
    for schedule in scheduler.list_schedules()["Schedules"]:
        yield schedule["Name"], scheduler.get_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])


READERS: dict[str, Callable[[Any], Iterator[tuple[str, Any]]]] = {
    "cloudwatch": lambda cloudwatch: iter([("alarms", cloudwatch.describe_alarms()["MetricAlarms"])]),
    "events": read_events,
    "iam": read_iam,
    "kms": read_kms,
    "lambda": read_lambda,
    "logs": lambda logs: iter([("groups", logs.describe_log_groups()["logGroups"])]),
    "s3": read_s3,
    "sagemaker": read_sagemaker,
    "scheduler": read_scheduler,
    "sns": read_sns,
    "sqs": read_sqs,
}


def attempt(call: Callable[..., Any], **parameters: Any) -> Any:
    """The answer, or the code of the error."""
    try:
        return call(**parameters)
    except call.__self__.exceptions.ClientError as error:  # type: ignore[attr-defined]
        return error.response["Error"]["Code"]


def steady(value: Any, name: str = "") -> Any:
    """The value without what differs from run to run; JSON texts as data."""
    if isinstance(value, Mapping):
        dropped = {"ResponseMetadata", "VersionId", "Date", "CreationDate", *_RANDOM_PROPERTIES}
        return {str(key): steady(item, str(key)) for key, item in sorted(value.items()) if key not in dropped}
    if isinstance(value, list | tuple):
        return [steady(item) for item in value]
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


def report(ours: Findings, real: Findings) -> int:
    """Print each difference; the number of them decides the exit code."""
    differences = 0
    for phase in ours.phases:
        left, right = ours.phases[phase], real.phases.get(phase, {})
        lines = list(compare("", left, right))
        differences += len(lines)
        print(f"{'=' if not lines else '≠'} {phase}")
        for line in lines:
            print(f"    {line}")
    print(f"{differences} differences")
    return 1 if differences else 0


def compare(path: str, ours: Any, real: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(real, dict):
        for key in sorted(ours.keys() | real.keys()):
            yield from compare(f"{path}/{key}", ours.get(key), real.get(key))
    elif ours != real and not (ours in _ZERO and real in _ZERO):
        yield f"{path}: ours {json.dumps(ours)[:300]}, real {json.dumps(real)[:300]}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
