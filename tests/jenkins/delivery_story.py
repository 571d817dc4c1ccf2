"""What happens to the project on Jenkins, once, for all scenarios: an empty prod, a crash, changes good and bad."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery_world import APPROVED, World
from jenkins_build import Build

DEFINITION = "ml/definitions/mammography-severity/train.json"
DEEPER = {DEFINITION: ('"max_depth": "5"', '"max_depth": "6"')}
SHALLOWER = {DEFINITION: ('"max_depth": "5"', '"max_depth": "4"')}
NO_ROTATION = {"infra/encryption/account_key.py": ("enable_key_rotation=True", "enable_key_rotation=False")}
GROUP = "mammo-severity-model-package"
KEEP = "    log_retention_days: {}\n    models:\n"
# Mallory is no approver; whom Jenkins does not let answer has not answered. Then alice says no.
REFUSED = {"prod": {"by": "alice", "groups": ["model-promotion-approvers"], "approve": False}}
BY_MALLORY = {"prod": {"by": "mallory", "groups": ["developers"], "approve": True}}
HANGING = '"""Hangs."""\nimport subprocess\n\n\ndef test_hangs():\n    subprocess.run(["sleep", "3571"], check=True)\n'
FAILING = "from infra.settings import ENVIRONMENTS\n\n\ndef test_fails():\n    assert len(ENVIRONMENTS) == 4\n"


@dataclass
class Story:
    """Builds by what they are, and facts that were seen between them."""

    world: World
    builds: dict[str, Build] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def tell(self) -> None:
        """Everything, in two threads: what main does, and what branches and the pull request do meanwhile."""
        with ThreadPoolExecutor(1) as beside:
            self.builds["first"] = self.world.start_main().wait()
            self.crash()
            branches = beside.submit(self.branches)
            self.recovery()
            branches.result()
            violation = beside.submit(self.violation)
            self.approved_change()
            violation.result()
            clean = beside.submit(self.correction)
            self.refusals()
            clean.result()
        self.night()

    def crash(self) -> None:
        """The second build is killed in the middle of prod."""
        world = self.world
        killed = world.start_main()
        kill_pulumi(world, killed, "prod", "aws:sns:TopicSubscription alerts-ml-team-at-example.com created")
        self.builds["killed"] = killed.wait()
        self.seen["locks after the kill"] = world.locks()
        self.seen["unfinished after the kill"] = unfinished(world, "prod")
        self.seen["mail after the kill"] = world.mail()

    def recovery(self) -> None:
        """What the killed build left is put in order."""
        world = self.world
        widen_group_policy(world)
        self.builds["recovered"] = world.start_main(params={"action": "recover"}).wait()
        self.seen["locks after recovery"] = world.locks()
        self.seen["unfinished after recovery"] = unfinished(world, "prod")

    def approved_change(self) -> None:
        """A merged change is approved and finishes the promotion; the build behind it waits, and is never approved."""
        world = self.world
        change = {**DEEPER, "Pulumi.prod.yaml": ("    models:\n", KEEP.format(400))}
        world.merge(world.commit("deeper", change))
        approved = world.start_main()
        until(approved, "Lock acquired on [builds of model-promotion/main]")
        waiting = world.start_main(inputs=BY_MALLORY, params={"action": "recover"})
        self.builds["approved"] = approved.wait()
        self.seen["retention after approval"] = world.log_retention()
        self.seen["group policy after approval"] = json.dumps(group_policy(world))
        self.seen["definition after approval"] = world.client("dev", "sagemaker").describe_pipeline(
            PipelineName="mammo-severity-train-pipeline"
        )["PipelineDefinition"]
        self.builds["by mallory"] = waiting.wait()

    def refusals(self) -> None:
        """A change that an approver refuses; and the same, approved, while another build moves the state.

        The first build was the timer's, in the queue, when the change was merged.
        """
        world = self.world
        world.merge(world.commit("keep-longer", {"Pulumi.prod.yaml": ("days: 400", "days: 731")}))
        self.builds["refused"] = world.start_main(inputs=REFUSED, cause=["TimerTrigger", "BranchEventCause"]).wait()
        with held_lock(world):
            moved = world.start_main()
            until(moved, "Trying to acquire lock on [Resource: model-promotion]", 180)
            touch_state(world, "registry")
            self.seen["waited for the lock"] = "Lock acquired on [Resource: model-promotion]" not in moved.log
        self.builds["moved"] = moved.wait()
        self.seen["retention after refusals"] = world.log_retention()

    def violation(self) -> None:
        """The pull request breaks a rule."""
        self.builds["violation"] = self.world.pull_request(self.seen["violation"])
        self.seen["comments after the violation"] = self.world.comments

    def correction(self) -> None:
        """The pull request as it should be."""
        self.builds["clean"] = self.world.pull_request(self.seen["clean"])
        self.seen["comments after the correction"] = self.world.comments

    def prepare(self) -> None:
        """Commits of branches, made before anything runs in parallel."""
        world = self.world
        tests = world.repository / "tests" / "test_settings.py"
        quick = tests.read_text()
        jenkinsfile = (world.repository / "Jenkinsfile").read_text()
        made = {
            "violation": NO_ROTATION,
            "clean": SHALLOWER,
            "branch": SHALLOWER,
            "failing": {"tests/test_settings.py": (quick, FAILING)},
            "hanging": {
                "tests/test_settings.py": (quick, HANGING),
                "Jenkinsfile": ("timeout(time: 90, unit: 'MINUTES')", "timeout(time: 6, unit: 'SECONDS')"),
            },
            "greedy": {
                "Jenkinsfile": ("env.PREVIEW_ROLE = facts.previewRole", "env.PREVIEW_ROLE = facts.deploymentRole")
            },
            "squatting": {"Jenkinsfile": ("agent { label 'preview' }", "agent { label 'deploy' }")},
        }
        assert all(
            old in jenkinsfile for one in made.values() for name, (old, _) in one.items() if name == "Jenkinsfile"
        )
        for name, edits in made.items():
            self.seen[name] = world.commit(name, edits)

    def branches(self) -> None:
        """Builds that need nothing deployed."""
        world = self.world
        self.builds["branch"] = world.start("feature/x", self.seen["branch"]).wait()
        self.builds["failing"] = world.start("feature/failing", self.seen["failing"], inputs=APPROVED).wait()
        self.builds["hanging"] = world.start("feature/hanging", self.seen["hanging"]).wait()
        self.seen["left of the hanging test"] = processes("sleep", "3571")
        self.builds["greedy"] = world.start("feature/greedy", self.seen["greedy"]).wait()
        self.builds["squatting"] = world.start("feature/squatting", self.seen["squatting"]).wait()
        self.builds["without tests"] = world.start(
            "feature/recover", self.seen["branch"], params={"action": "recover"}
        ).wait()
        self.builds["wrong account"] = world.start(
            "feature/account", self.seen["branch"], params={"prodAccount": "999999999999"}
        ).wait()

    def night(self) -> None:
        """Somebody changes things by hand; the nightly build finds them."""
        world, before = self.world, len(self.world.mail())
        widen_group_policy(world)
        world.client("prod", "logs").put_retention_policy(logGroupName="jenkins-log", retentionInDays=7)
        self.builds["night"] = world.start_main(cause="TimerTrigger", inputs={}).wait()
        self.seen["mail of the night"] = world.mail()[before:]


def widen_group_policy(world: World) -> None:
    """What somebody might do by hand in the registry."""
    sagemaker, policy = world.client("registry", "sagemaker"), group_policy(world)
    policy["Statement"][0]["Action"] = "sagemaker:*"
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=GROUP, ResourcePolicy=json.dumps(policy))


def group_policy(world: World) -> dict[str, Any]:
    """The policy of the group of models, as AWS has it."""
    found = world.client("registry", "sagemaker").get_model_package_group_policy(ModelPackageGroupName=GROUP)
    return dict(json.loads(found["ResourcePolicy"]))


def until(build: Build, text: str, seconds: float = 60) -> None:
    """Wait until a build's console has a text; that it never has it is an error."""
    assert build.wait_for(text, seconds), build.log[-3000:]


def processes(*words: str, inside: Path | None = None) -> list[int]:
    """Processes with these words in their command line, and in this folder if one is given."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            given = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if all(word in given for word in words) and (inside is None or inside in (entry / "cwd").resolve().parents):
                found.append(int(entry.name))
    return found


def kill_pulumi(world: World, build: Build, stack: str, text: str) -> None:
    """Kill the `pulumi up` of a build, as a machine's end would, after it has said ``text``, amid an operation.

    It is stopped to look whether its state has an operation as begun, and let go on until it has.
    """
    until(build, text, 240)
    [pulumi] = processes("up", "--stack", stack, "--plan", inside=build.folder)
    deadline = time.monotonic() + 60
    while True:
        os.kill(pulumi, signal.SIGSTOP)
        time.sleep(0.2)  # what it was writing is written
        if unfinished(world, stack):
            break
        os.kill(pulumi, signal.SIGCONT)
        assert time.monotonic() < deadline, "no operation was ever under way"
        time.sleep(0.05)
    children = descendants(pulumi)
    for process in (pulumi, *children):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def descendants(process: int) -> list[int]:
    """What a process has started, and what that has."""
    children = [one for one in processes() if parent(one) == process]
    return [*children, *(below for child in children for below in descendants(child))]


def parent(process: int) -> int | None:
    """The process that started another; None when it has ended."""
    with contextlib.suppress(OSError):
        status = (Path("/proc") / str(process) / "status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))
    return None


def unfinished(world: World, stack: str) -> int:
    """How many operations a stack's state has as begun."""
    return len(world.state(stack)["checkpoint"]["latest"].get("pending_operations") or [])


def touch_state(world: World, stack: str) -> None:
    """Write a stack's state anew as an update that changes nothing would: with another time."""
    state = world.state(stack)
    state["checkpoint"]["latest"]["manifest"]["time"] = "2026-11-23T00:00:00Z"
    world.client("prod", "s3").put_object(
        Bucket=world.place.names.state_bucket,
        Key=f".pulumi/stacks/model-promotion/{stack}.json",
        Body=json.dumps(state).encode(),
    )


@contextlib.contextmanager
def held_lock(world: World) -> Iterator[None]:
    """Hold Jenkins' lock on deployments, as a build of another job would."""
    folder = world.jenkins.folder / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    [path] = folder.glob("*model-promotion")
    with path.open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
        fcntl.lockf(file, fcntl.LOCK_UN)
