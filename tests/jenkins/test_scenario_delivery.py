"""The Jenkinsfile, executed: real git, shell, sts:AssumeRole, pulumi; three accounts in the sandbox, IAM enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from delivery_story import Story
from delivery_world import TOKEN, world_in
from jenkins_build import Build

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with world_in(tmp_path_factory.mktemp("delivery")) as world:
        told = Story(world)
        told.prepare()
        told.tell()
        yield told


def roles(build: Build) -> set[str]:
    """The roles that a build assumed in AWS."""
    return {step["arn"].split("/")[1] for step in build.steps("withAWS") if "arn" in step}


def scripts(build: Build) -> str:
    return "\n".join(build.scripts())


def test_a_branch_is_checked_and_tested_and_touches_nothing(story):
    build = story.builds["branch"]
    assert build.result == "SUCCESS", build.log[-3000:]
    assert {build.stages[name] for name in ("Check", "Test")} == {"SUCCESS"}
    assert [build.scripts(stage) for stage in ("Check", "Test")] == [
        ["jenkins/run-logged make check"],
        ["jenkins/run-logged make test"],
    ]
    assert {build.stages[name] for name in ("Plan", "Drift", "Approve", "Deploy", "Recover")} == {"SKIPPED_WHEN"}
    assert roles(build) == {"model-promotion-preview-role"}
    assert build.steps("lock") == []
    assert build.report["junit"]["tests"] == 1


def test_an_empty_jenkins_deploys_the_registry_and_says_that_the_rest_comes_next(story):
    build = story.builds["first"]
    assert build.result == "UNSTABLE", build.log[-3000:]
    assert "dev and prod: planned by the build after this one" in build.report["description"]
    assert [build.stages[f"Deploy {stack}"] for stack in ("registry", "dev", "prod")] == [
        "SUCCESS",
        "UNSTABLE",
        "UNSTABLE",
    ]


def test_a_killed_deployment_says_so_by_mail_with_the_way_back(story):
    build = story.builds["killed"]
    assert build.result == "FAILURE"
    assert story.seen["unfinished after the kill"] > 0
    assert len(story.seen["locks after the kill"]) == 1
    assert "the state is locked by" in build.log
    assert "build main with action=recover" in build.log
    [mail] = [m for m in story.seen["mail after the kill"] if "deployment of" in m["subject"]]
    assert "action=recover" in mail["text"]


def test_recovery_puts_the_state_in_order_after_an_approval(story):
    build = story.builds["recovered"]
    assert build.result == "SUCCESS", build.log[-3000:]
    assert "prod: taking away the lock of" in build.log
    assert (story.seen["locks after recovery"], story.seen["unfinished after recovery"]) == ([], 0)
    [asked] = build.report["inputs"]
    assert (asked["by"], asked["approved"]) == ("alice", True)
    assert [step["args"]["resource"] for step in build.steps("lock", "Recover")] == ["model-promotion"]


def test_the_build_after_the_recovery_finishes_the_promotion_without_a_second_key(story):
    build = story.builds["approved"]
    assert build.result == "SUCCESS", build.log[-3000:]
    kms = story.world.client("prod", "kms")
    found = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    keys = [one["Description"] for one in found if one["KeyState"] == "Enabled"]
    assert keys.count("Data and models of the prod account") == 1, keys
    assert "prod: 11 pipelines, schedules, rules, functions, topics and groups are as deployed" in build.log


def test_what_was_changed_by_hand_is_undone_by_a_recovery_and_the_build_after_it(story):
    assert '"sagemaker:*"' not in story.seen["group policy after approval"]


def test_a_pull_request_with_a_violation_is_stopped_and_its_comment_says_why(story):
    build = story.builds["violation"]
    assert build.result == "FAILURE"
    [comment] = story.seen["comments after the violation"]
    assert "stopped by 3 policy violations in all stacks" in comment.splitlines()[1]
    assert "rotation" in comment
    assert len(comment.splitlines()) <= 60
    assert build.stages["Approve"] == "SKIPPED_FAILURE"


def test_a_corrected_pull_request_updates_its_one_comment(story):
    build = story.builds["clean"]
    assert build.result == "SUCCESS", build.log[-3000:]
    [comment] = story.seen["comments after the correction"]
    assert "- Mammo-Train: hyperparameter max_depth 6 → 4" in comment.splitlines()
    assert "rotation" not in comment
    assert "cases hold" in comment
    assert roles(build) == {"model-promotion-preview-role"}
    assert {build.stages[name] for name in ("Approve", "Deploy")} == {"SKIPPED_WHEN"}
    assert build.archive("build/delivery/prod/plan.json").is_file()


def test_an_approved_change_really_changes_prod(story):
    build = story.builds["approved"]
    assert build.result == "SUCCESS", build.log[-3000:]
    assert story.seen["retention after approval"] == 400
    assert roles(build) == {"model-promotion-preview-role", "cross-account-jenkins-role"}
    approval = json.loads(build.archive("build/delivery/approval.json").read_text())
    assert approval["by"] == "alice"
    assert "T" in approval["at"]


def test_what_was_reviewed_is_what_is_applied_byte_for_byte(story):
    build = story.builds["approved"]
    # Of prod, which was killed half-way, the plan does not know everything yet.
    plan = json.loads(build.archive("build/delivery/dev/plan.json").read_text())["resourcePlans"]
    [goal] = [
        p["goal"]
        for urn, p in plan.items()
        if urn.endswith("aws:sagemaker/pipeline:Pipeline::mammography-severity-train") and "goal" in p
    ]
    [planned] = [
        change["pipelineDefinition"] for change in goal["inputDiff"].values() if "pipelineDefinition" in change
    ]
    assert planned == story.seen["definition after approval"]
    assert '"max_depth": "6"' in planned
    assert any("timeout --signal=INT --kill-after=10m 40m" in script for script in build.scripts("Deploy prod"))


def test_the_second_build_of_main_waits_for_the_first(story):
    first, second = story.builds["approved"], story.builds["by mallory"]
    assert "Trying to acquire lock on [builds of model-promotion/main]" in second.log
    ended, began = first.log.splitlines()[-1], second.log.split("Lock acquired on [builds")[0].splitlines()[-1]
    assert began[1:25] >= ended[1:24] or began[1:20] >= ended[1:20]


def test_whom_jenkins_does_not_let_approve_has_approved_nothing(story):
    build = story.builds["by mallory"]
    assert build.result == "ABORTED"
    [asked] = build.report["inputs"]
    assert asked["submitter"] == "model-promotion-approvers"
    assert not asked["answered"]
    assert build.stages["Recover"] == "SKIPPED_FAILURE"
    assert roles(build) == {"model-promotion-preview-role"}


def test_a_refusal_ends_the_build_before_any_deployment_role(story):
    build = story.builds["refused"]
    assert build.result == "ABORTED"
    assert (build.stages["Plan"], build.stages["Deploy"]) == ("SUCCESS", "SKIPPED_FAILURE")
    assert roles(build) == {"model-promotion-preview-role"}
    assert story.seen["retention after refusals"] == 400


def test_a_push_that_jenkins_folded_into_the_nightly_build_is_tested_and_asked_about(story):
    build = story.builds["refused"]
    assert build.report["inputs"][0]["by"] == "alice"
    assert {build.stages[name] for name in ("Check", "Test", "Plan")} == {"SUCCESS"}
    assert build.stages["Drift"] == "SKIPPED_WHEN"


def test_a_state_that_moved_while_the_build_waited_for_the_lock_is_refused(story):
    build = story.builds["moved"]
    assert story.seen["waited for the lock"]
    assert build.result == "FAILURE"
    assert "registry: the stack's state has moved since the plan was made; nothing was touched" in build.log
    assert (build.stages["Deploy registry"], build.stages["Deploy prod"]) == ("FAILURE", "SKIPPED_FAILURE")
    assert story.seen["retention after refusals"] == 400
    told = [mail["text"] for mail in story.world.mail() if "deployment of" in mail["subject"]][-1]
    good = story.builds["approved"].steps("checkout")[0]["commit"]
    assert f"git restore --source {good} --staged --worktree ." in told


def test_failing_tests_stop_the_build_before_anything_is_planned(story):
    build = story.builds["failing"]
    assert build.result == "FAILURE"
    assert (build.stages["Test"], build.stages["Plan"]) == ("FAILURE", "SKIPPED_FAILURE")
    assert build.report["junit"]["failures"] == 1


def test_a_timeout_ends_the_whole_process_tree(story):
    build = story.builds["hanging"]
    assert (build.result, build.stages["Test"]) == ("ABORTED", "ABORTED")
    assert story.seen["left of the hanging test"] == []


def test_a_branch_cannot_become_the_deployment_role_whatever_its_jenkinsfile_says(story):
    build = story.builds["greedy"]
    assert build.result == "FAILURE"
    assert "is not authorized to perform: sts:AssumeRole" in build.log
    assert "role/cross-account-jenkins-role" in build.log
    assert roles(build) == set()


def test_a_branch_is_not_built_on_the_deploy_agent(story):
    build = story.builds["squatting"]
    assert build.result == "FAILURE"
    assert "would wait for ever for an agent labelled" in build.log
    assert build.scripts() == []


def test_a_branch_cannot_be_green_without_its_tests(story):
    build = story.builds["without tests"]
    assert build.result == "FAILURE"
    assert "action=recover is for main" in build.log
    assert build.scripts() == []


def test_another_account_than_the_stack_files_is_refused_before_any_role(story):
    build = story.builds["wrong account"]
    assert build.result == "FAILURE"
    assert "prodAccount is 999999999999, but Pulumi.prod.yaml says 222222222222; nothing was touched" in build.log
    assert build.steps("withAWS") == []


def test_the_night_finds_what_was_changed_by_hand_and_tells_the_worst_first(story):
    build = story.builds["night"]
    assert (build.result, build.stages["Drift"]) == ("UNSTABLE", "FAILURE")
    assert {build.stages[name] for name in ("Check", "Test", "Plan", "Approve", "Deploy")} == {"SKIPPED_WHEN"}
    [mail] = story.seen["mail of the night"]
    text = mail["text"]
    assert text.index("mammo-severity-model-package") < text.index("jenkins-log")
    assert roles(build) == {"model-promotion-preview-role"}


def test_no_build_prints_the_token_and_every_log_is_in_prod(story):
    assert all(TOKEN not in build.log for build in story.builds.values())
    logs = story.world.client("prod", "logs")
    streams = [s["logStreamName"] for s in logs.describe_log_streams(logGroupName="jenkins-log")["logStreams"]]
    assert any("PR-7" in name for name in streams)
    assert any("main" in name for name in streams)
    pages = [logs.get_log_events(logGroupName="jenkins-log", logStreamName=name) for name in streams]
    lines = [event["message"] for page in pages for event in page["events"]]
    digest = json.loads(story.builds["approved"].archive("build/delivery/approval.json").read_text())["plans"]["prod"]
    assert any(f"prod: applying plan {digest[:12]}, approved by alice" in line for line in lines)
    assert not any(TOKEN in line for line in lines)
