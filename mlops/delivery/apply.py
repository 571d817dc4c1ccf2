"""Apply the plan of one stack that was reviewed and approved, to the state that it was made for, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from infra.settings import Environment
from mlops import policy_pack
from mlops.delivery import state_lock
from mlops.delivery.agent import Agent
from mlops.delivery.own_roles import outdated_roles
from mlops.delivery.plan_folder import PlanFolder, digest_of_file, digest_of_state
from mlops.delivery.pulumi_process import run_pulumi
from mlops.failure import CommandError
from mlops.project import ROOT

Say = Callable[[str], None]
MOVED = "build main again: it plans anew, and asks again"


def apply(
    agent: Agent, folder: PlanFolder, environment: Environment, commit: str, say: Say, *, planned: bool = True
) -> None:
    """`pulumi up` of the approved plan.

    ``planned`` False leaves the plan out, which Pulumi calls experimental, and keeps every other check. Raises
    :class:`CommandError`: before anything is touched if the approval, the code, the plan or the state is not what was
    reviewed; after, with how the deployment ended.
    """
    review = folder.read(environment)
    approval, path = folder.approval(), folder.plan(environment)
    if not path.is_file():
        raise CommandError(f"{environment}: there is no plan: {review.error}; nothing was touched")
    digest = digest_of_file(path)
    if digest != review.plan_digest or digest != approval.plans.get(environment):
        raise CommandError(
            f"{environment}: the plan {digest[:12]} is not the one that {approval.by} approved; nothing was touched: "
            f"{MOVED}"
        )
    if not commit == review.commit == approval.commit:
        raise CommandError(
            f"{environment}: commit {commit[:12]} is checked out, but {review.commit} was approved; nothing was "
            f"touched: {MOVED}"
        )
    outdated = outdated_roles(review)
    if outdated:
        raise CommandError(f"{environment}: {outdated}; nothing was touched")
    stack = agent.stack(environment)
    held = state_lock.holders(agent.prod_client("s3"), agent.names, environment)
    if held:
        raise CommandError(state_lock.explain(environment, held))
    if digest_of_state(stack.export_stack().deployment or {}) != review.state_digest:
        raise CommandError(
            f"{environment}: the stack's state has moved since the plan was made; nothing was touched: {MOVED}"
        )
    say(f"{environment}: applying plan {digest[:12]}, approved by {approval.by} at {approval.at}")
    options = ["--plan", str(path.resolve())] if planned else []
    code, output = run_pulumi(
        [
            *("up", "--stack", environment, "--yes", "--non-interactive", "--color", "never", "--suppress-outputs"),
            *("--message", f"{approval.build} of {commit[:12]}, approved by {approval.by} at {approval.at}"),
            *policy_pack.arguments(["up"]),
            *options,
        ],
        agent.variables,
        ROOT,
        path.with_name("up.log"),
    )
    if code:
        held = state_lock.holders(agent.prod_client("s3"), agent.names, environment)
        told = state_lock.explain(environment, held) if held else _last_lines(output)
        raise CommandError(f"{environment}: pulumi up ended with {code}.\n{told}")


def _last_lines(output: str) -> str:
    errors = [line for line in output.splitlines() if "error:" in line]
    return "\n".join(errors[-10:] or output.splitlines()[-10:])
