"""The smallest builds that show a scenario of the delivery: each returns None, or what was seen instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delivery_world import APPROVED, World
from jenkins_build import Build

Check = Callable[[World], str | None]
PREVIEW, DEPLOYMENT = "model-promotion-preview-role", "cross-account-jenkins-role"
MALLORY = {"prod": {"by": "mallory", "groups": ["developers"], "approve": True}}
REFUSAL = {"prod": {"by": "alice", "groups": ["model-promotion-approvers"], "approve": False}}
SECONDS = 180.0  # until a build does what a check waits for
RECOVER = {"action": "recover"}
TESTS = "tests/test_settings.py"
TOUCHED = {TESTS: ("def test_there_are_three", "def test_there_are_three_accounts")}


def differences(**facts: tuple[Any, Any]) -> str | None:
    """What is not as expected, of facts each (seen, expected)."""
    return "; ".join(f"{k.replace('_', ' ')}: {a!r}, not {b!r}" for k, (a, b) in facts.items() if a != b) or None


def roles(build: Build) -> set[str]:
    """The roles that a build assumed in AWS."""
    return {step["arn"].split("/")[1] for step in build.steps("withAWS") if "arn" in step}


def stages(build: Build, *names: str) -> set[str]:
    """The fates of some stages."""
    return {build.stages.get(name, "absent") for name in names}


def on_branch(world: World, edits: dict[str, tuple[str, str]], **settings: Any) -> Build:
    """Build a branch from main with one commit of edits."""
    commit = world.commit("change", edits)
    return world.start("feature/change", commit, **settings).wait()


def an_answer_that_is_no_approvers(world: World) -> str | None:
    """Mallory's yes to a recovery is no answer."""
    build = world.start_main(params=RECOVER, inputs=MALLORY).wait()
    return differences(result=(build.result, "ABORTED"), roles=(roles(build), {PREVIEW}))


def a_refusal(world: World) -> str | None:
    """An approver's no ends the build."""
    build = world.start_main(params=RECOVER, inputs=REFUSAL).wait()
    return differences(result=(build.result, "ABORTED"), roles=(roles(build), {PREVIEW}))


def a_branch(world: World) -> str | None:
    """A branch is checked and tested, and asks for nothing else, not even the lock."""
    build = on_branch(world, TOUCHED)
    return differences(
        result=(build.result, "SUCCESS"),
        verified=(stages(build, "Check", "Test"), {"SUCCESS"}),
        the_rest=(stages(build, "Plan", "Drift", "Approve", "Deploy", "Recover"), {"SKIPPED_WHEN"}),
        roles=(roles(build), {PREVIEW}),
        locks=(len(build.steps("lock")) + build.log.count("[Resource: model-promotion]"), 0),
        questions=(len(build.report["inputs"]), 0),
    )


def a_branch_that_would_recover(world: World) -> str | None:
    """A branch started with action=recover is refused at once: it would be green without tests."""
    build = on_branch(world, TOUCHED, params=RECOVER, inputs=APPROVED)
    return differences(
        result=(build.result, "FAILURE"),
        stages=(stages(build, "Approve", "Deploy", "Recover"), {"SKIPPED_FAILURE"}),
        roles=(roles(build), set()),
        questions=(len(build.report["inputs"]), 0),
    )


def failing_tests(world: World) -> str | None:
    """A failing test ends the build in its stage."""
    build = on_branch(world, {TESTS: ("== 3", "== 4")})
    return differences(result=(build.result, "FAILURE"), test=(stages(build, "Test"), {"FAILURE"}))


def failing_lint(world: World) -> str | None:
    """A finding of the lint ends the build in its stage, before the tests."""
    build = on_branch(world, {TESTS: ("from infra", "import os\nfrom infra")})
    return differences(
        result=(build.result, "FAILURE"),
        stages=([build.stages.get(name) for name in ("Check", "Test")], ["FAILURE", "SKIPPED_FAILURE"]),
    )


def hanging_tests(world: World) -> str | None:
    """A test that hangs is ended by its stage's timeout."""
    limit = "timeout(time: 90, unit: 'MINUTES')"
    shorter = {"Jenkinsfile": (limit, "timeout(time: 6, unit: 'SECONDS')")}
    limited = limit in (world.repository / "Jenkinsfile").read_text()
    sleeping = {TESTS: ("    assert", "    __import__('time').sleep(45)\n    assert")}
    build = on_branch(world, {**sleeping, **(shorter if limited else {})})
    return differences(result=(build.result, "ABORTED"), test=(stages(build, "Test"), {"ABORTED"}))


def a_night(world: World) -> str | None:
    """The timer's build of main looks for drift, and neither tests nor asks nor deploys."""
    build = world.start_main(cause="TimerTrigger", inputs={}).wait()
    return differences(
        result=(build.result, "SUCCESS"),
        drift=(stages(build, "Drift"), {"SUCCESS"}),
        the_rest=(stages(build, "Check", "Test", "Plan", "Approve", "Deploy", "Recover"), {"SKIPPED_WHEN"}),
        roles=(roles(build), {PREVIEW}),
    )


def a_push_in_the_night(world: World) -> str | None:
    """A push that Jenkins folded into the timer's build is checked, tested and asked about."""
    build = world.start_main(cause=["TimerTrigger", "BranchEventCause"], inputs=REFUSAL).wait()
    return differences(
        result=(build.result, "ABORTED"),
        verified=(stages(build, "Check", "Test", "Plan"), {"SUCCESS"}),
        approve=(stages(build, "Approve"), {"ABORTED"}),
        drift=(stages(build, "Drift"), {"SKIPPED_WHEN"}),
    )


def another_account(world: World) -> str | None:
    """Another account than the stack files' is refused before any role is assumed."""
    build = on_branch(world, TOUCHED, params={"prodAccount": "999999999999"})
    return differences(
        result=(build.result, "FAILURE"),
        explained=("prodAccount is 999999999999" in build.log, True),
        attempts=(len(build.steps("withAWS")), 0),
    )


def a_branch_on_the_deploy_agent(world: World) -> str | None:
    """A branch whose Jenkinsfile asks for the deploy agent runs nothing."""
    build = on_branch(world, {"Jenkinsfile": ("agent { label 'preview' }", "agent { label 'deploy' }")})
    return differences(result=(build.result, "FAILURE"), scripts=(len(build.scripts()), 0))


def a_greedy_branch(world: World) -> str | None:
    """A branch cannot become the deployment role, even if the controller itself could."""
    world.jenkins.controller_env = world.jenkins.nodes["deploy"]["env"]
    greedy = ("env.PREVIEW_ROLE = facts.previewRole", "env.PREVIEW_ROLE = facts.deploymentRole")
    build = on_branch(world, {"Jenkinsfile": greedy})
    return differences(result=(build.result, "FAILURE"), roles=(roles(build), set()))


def two_builds_of_main(world: World) -> str | None:
    """The second build of main begins when the first has ended."""
    first = world.start_main(params=RECOVER)
    first.wait_for("make setup", SECONDS)
    second = world.start_main(params=RECOVER)
    first.wait()
    second.wait()
    waited = "Trying to acquire lock on [builds of model-promotion/main]" in second.log
    return differences(waited=(waited, True), results=((first.result, second.result), ("SUCCESS", "SUCCESS")))
