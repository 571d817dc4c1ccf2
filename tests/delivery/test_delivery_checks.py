"""A plan is applied only as it was reviewed and approved, to the commit that was; anything else touches nothing."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from mlops.delivery import apply as applying
from mlops.delivery import plan as planning
from mlops.delivery.apply import apply
from mlops.delivery.build_log import BATCH_BYTES, BATCH_EVENTS, EVENT_OVERHEAD_BYTES, LINE_BYTES, batches
from mlops.delivery.checked_out import require_commit
from mlops.delivery.facts import facts
from mlops.delivery.notice import roll_back
from mlops.delivery.plan import plan
from mlops.delivery.plan_folder import PlanFolder, digest_of_file, digest_of_state
from mlops.failure import CommandError, UsageError
from mlops.review.model import WAITS, ResourceChange, StackReview

COMMIT = "a" * 40
REVIEWED_STATE = {"manifest": {"time": "2026-11-23T01:00:00Z"}, "resources": []}
STATE_DIGEST = digest_of_state(REVIEWED_STATE)


class Untouchable:
    """An agent with which nothing may be done."""

    def __getattr__(self, name: str):
        raise AssertionError(f"{name} was asked for")


@pytest.fixture
def folder(tmp_path):
    """Plans of two stacks, approved."""
    made = PlanFolder(tmp_path)
    for stack in ("registry", "prod"):
        made.plan(stack).parent.mkdir()
        made.plan(stack).write_text(f"plan of {stack}")
        digest = digest_of_file(made.plan(stack))
        made.write(stack, StackReview(stack=stack, plan_digest=digest, state_digest=STATE_DIGEST, commit=COMMIT))
    made.approve("alice", "2026-11-23T02:00:00+00:00", "build 7")
    return made


def refusal(folder, commit=COMMIT):
    with pytest.raises(CommandError) as caught:
        apply(Untouchable(), folder, "prod", commit, lambda _: None)
    return str(caught.value)


def test_a_plan_that_was_changed_after_the_approval_is_refused(folder):
    folder.plan("prod").write_text("another plan")
    assert "is not the one that alice approved; nothing was touched" in refusal(folder)


def test_a_plan_and_a_review_changed_together_are_refused(folder):
    folder.plan("prod").write_text("another plan")
    digest = digest_of_file(folder.plan("prod"))
    folder.write("prod", StackReview(stack="prod", plan_digest=digest, state_digest=STATE_DIGEST, commit=COMMIT))
    assert "is not the one that alice approved" in refusal(folder)


def test_another_commit_than_the_approved_one_is_refused(folder):
    assert f"commit {'b' * 12} is checked out, but {COMMIT} was approved" in refusal(folder, "b" * 40)


def test_a_checkout_that_is_not_the_commit_is_refused(tmp_path):
    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "program.py").write_text("reviewed\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "reviewed")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "build.log").write_text("not tracked\n")
    require_commit(tmp_path, commit)
    with pytest.raises(CommandError, match="is checked out, and not bbbbbbbbbbbb"):
        require_commit(tmp_path, "b" * 40)
    (tmp_path / "program.py").write_text("edited after the approval\n")
    with pytest.raises(CommandError, match=r"files differ from commit (.|\n)*program\.py"):
        require_commit(tmp_path, commit)


def test_without_an_approval_nothing_is_applied(folder):
    (folder.path / "approval.json").unlink()
    assert "nobody has approved these plans" in refusal(folder)


def test_without_a_plan_the_reason_is_told(folder):
    folder.plan("prod").unlink()
    folder.write("prod", StackReview(stack="prod", error=WAITS))
    assert f"there is no plan: {WAITS}; nothing was touched" in refusal(folder)


def test_an_approval_names_every_plan_and_needs_a_name(folder):
    assert set(folder.approval().plans) == {"registry", "prod"}
    with pytest.raises(CommandError, match="needs a name"):
        folder.approve("", "2026-11-23T02:00:00+00:00", "build 7")


@pytest.mark.parametrize(("operation", "refused"), [("update", True), ("import", False)])
def test_a_plan_that_changes_jenkins_own_roles_is_refused_with_the_way(folder, operation, refused):
    change = ResourceChange(
        operation=operation, type="aws:iam/rolePolicy:RolePolicy", name="deployment-role-deployment"
    )
    folder.write("prod", replace(folder.read("prod"), changes=(change,)))
    if refused:
        assert "an administrator runs `mlops bootstrap` with this commit" in refusal(folder)
    else:
        with pytest.raises(AssertionError, match="stack was asked for"):
            apply(Untouchable(), folder, "prod", COMMIT, lambda _: None)


class Agent:
    """An agent whose stacks are as they were reviewed, or as given; the rest is of no account."""

    names = None
    variables: ClassVar[dict[str, str]] = {}
    state: Any = REVIEWED_STATE

    def stack(self, _environment):
        return SimpleNamespace(export_stack=lambda: SimpleNamespace(deployment=self.state))

    def prod_client(self, _service):
        return None


@pytest.fixture
def ran(monkeypatch):
    """What `pulumi` was called with, where nobody holds the lock."""
    calls = []
    monkeypatch.setattr(applying.state_lock, "holders", lambda *_: [])
    monkeypatch.setattr(applying, "run_pulumi", lambda arguments, *_: calls.append(arguments) or (0, ""))
    return calls


@pytest.mark.parametrize("state", [{**REVIEWED_STATE, "manifest": {"time": "2026-11-23T02:00:00Z"}}, None])
def test_a_moved_state_is_refused_before_pulumi_runs(folder, ran, state):
    agent = Agent()
    agent.state = state
    with pytest.raises(CommandError, match="state has moved since the plan was made; nothing was touched"):
        apply(agent, folder, "prod", COMMIT, lambda _: None)
    assert ran == []


def test_a_held_lock_is_explained_before_pulumi_runs(folder, ran, monkeypatch):
    monkeypatch.setattr(applying.state_lock, "holders", lambda *_: ["jenkins@agent, process 7, since noon"])
    with pytest.raises(CommandError, match=r"locked by jenkins@agent, process 7, since noon(.|\n)*action=recover"):
        apply(Agent(), folder, "prod", COMMIT, lambda _: None)
    assert ran == []


@pytest.mark.parametrize("planned", [True, False])
def test_the_approved_plan_is_applied_under_the_policy_pack_and_the_switch_leaves_only_the_plan_out(
    folder, ran, planned
):
    apply(Agent(), folder, "prod", COMMIT, lambda _: None, planned=planned)
    [arguments] = ran
    assert ("--plan" in arguments) is planned
    assert "--policy-pack" in arguments
    assert "--skip-preview" not in arguments
    assert "approved by alice at 2026-11-23T02:00:00+00:00" in arguments[arguments.index("--message") + 1]


def test_facts_are_of_the_stack_files_and_another_account_is_refused():
    assert facts("")["account"] == facts("222222222222")["account"] == "222222222222"
    with pytest.raises(UsageError, match=r"prodAccount is 1, but Pulumi\.prod\.yaml says 222222222222"):
        facts("1")


def test_log_batches_keep_to_what_cloudwatch_takes_and_lose_nothing():
    lines = ["", "x" * (LINE_BYTES + 10), "   ", *[f"line {n}" for n in range(BATCH_EVENTS + 5)], *["y" * 200_000] * 12]
    found = list(batches(lines, 1))
    assert all(len(batch) <= BATCH_EVENTS for batch in found)
    sizes = [sum(len(event["message"].encode()) + EVENT_OVERHEAD_BYTES for event in batch) for batch in found]
    assert max(sizes) <= BATCH_BYTES
    assert "".join(event["message"] for batch in found for event in batch) == "".join(
        line for line in lines if line.strip()
    )


def test_the_way_back_is_a_pull_request_with_the_old_tree():
    told = roll_back(COMMIT)
    assert f"  git restore --source {COMMIT} --staged --worktree ." in told
    assert told[-1].endswith("what Jenkins deploys is what main has.")


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (["root@agent, process 7"], r"under way, or was cut off, in 1 operation\(s\), locked by root@agent, process 7"),
        ([], r"the last deployment was cut off in 1 operation\(s\): build main with action=recover first"),
    ],
)
def test_an_unfinished_state_is_not_planned_and_says_whether_somebody_is_at_work(tmp_path, monkeypatch, held, told):
    agent, folder = Agent(), PlanFolder(tmp_path)
    agent.state = {"pending_operations": [{"type": "creating"}]}
    monkeypatch.setattr(planning.state_lock, "holders", lambda *_: held)
    with pytest.raises(CommandError, match=told):
        plan(agent, folder, "prod", COMMIT, lambda _: None)
    assert "action=recover" in folder.read("prod").error
    assert folder.read("prod").plan_digest is None
