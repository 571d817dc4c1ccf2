"""The guards of the Jenkinsfile, its agents and mlops/delivery, each with the check that must miss it."""

from __future__ import annotations

from dataclasses import dataclass

import mutation_checks as checks
import mutation_deployments as deployments
import mutation_operations as operations
from mutation_checks import Check
from mutation_texts import (
    ALL_CAUSES,
    APPROVE,
    APPROVED_DEPLOY,
    APPROVED_RECOVER,
    DEPLOY,
    DEPLOYS_FIRST,
    DEPLOYS_SHIP,
    DRIFTED,
    FIRST,
    INPUT,
    LOCK,
    LOCK_BEFORE,
    MAIN,
    MAIN_ONLY,
    NO_GUARD,
    NO_STOP,
    NO_TIMER,
    ON_FAILURE,
    PLAN_DIGEST,
    PLAN_IN_APPROVAL,
    PLAN_IN_REVIEW,
    PLANNED,
    RECOVER,
    RECOVERS_FIRST,
    RECOVERS_LOCK,
    RECOVERS_SHIP,
    RESTRICTION,
    SHIP,
    STATE,
    SUBMITTER,
    TIMER_OR_ACTION,
    TOKEN,
    Edit,
    in_delivery,
    in_jenkinsfile,
)


@dataclass(frozen=True)
class Mutation:
    """Guards that are taken out together; ``survives`` says why no check can see it, where none can."""

    name: str
    check: Check
    edits: tuple[Edit, ...]
    survives: str | None = None


ANY_TREE = (Edit("mlops/cli/delivery.py", "    require_commit(ROOT, commit)\n", ""),)
BEHIND = "nothing comes here without an approval; both together are another mutation"

MUTATIONS = [
    Mutation(
        "input: no submitter",
        checks.an_answer_that_is_no_approvers,
        in_jenkinsfile(SUBMITTER, "submitterParameter"),
    ),
    Mutation("input: none", checks.a_refusal, in_jenkinsfile(INPUT, "'nobody'")),
    Mutation("Approve: any branch", checks.a_branch, in_jenkinsfile(APPROVE + MAIN, APPROVE)),
    Mutation("Deploy: any branch", checks.a_branch, in_jenkinsfile(DEPLOY + MAIN, DEPLOY), BEHIND),
    Mutation(
        "Deploy: any branch, not approved", checks.a_branch, in_jenkinsfile(DEPLOY + MAIN, DEPLOY) + APPROVED_DEPLOY
    ),
    Mutation("Settings: any action on a branch", checks.a_branch_that_would_recover, MAIN_ONLY),
    Mutation(
        "Recover: any branch, action and approval",
        checks.a_branch_that_would_recover,
        MAIN_ONLY + in_jenkinsfile(RECOVER + MAIN, RECOVER) + APPROVED_RECOVER,
    ),
    Mutation("Approve: by timer, too", checks.a_night, in_jenkinsfile(APPROVE + MAIN + NO_TIMER, APPROVE + MAIN)),
    Mutation("Deploy: by timer, too", checks.a_night, in_jenkinsfile(DEPLOY + MAIN + NO_TIMER, DEPLOY + MAIN), BEHIND),
    Mutation(
        "Deploy: by timer, not approved",
        checks.a_night,
        in_jenkinsfile(DEPLOY + MAIN + NO_TIMER, DEPLOY + MAIN) + APPROVED_DEPLOY,
    ),
    Mutation("Test: not run", checks.failing_tests, in_jenkinsfile("make('test')", "echo 'no test'")),
    Mutation("Check: not run", checks.failing_lint, in_jenkinsfile("make('check')", "echo 'no check'")),
    Mutation("builds of main: at once", checks.two_builds_of_main, in_jenkinsfile("        disableConcurrentBuilds()")),
    Mutation(
        "Test: no timeout", checks.hanging_tests, in_jenkinsfile("options { timeout(time: 90, unit: 'MINUTES') }")
    ),
    Mutation(
        "Approve: options first",
        checks.a_branch,
        in_jenkinsfile(APPROVE, APPROVE.replace(FIRST, "")),
        "its options hold a timeout only: a skipped stage takes nothing",
    ),
    Mutation(
        "Deploy: agent and options first", checks.a_branch, in_jenkinsfile(DEPLOY, DEPLOY.replace(DEPLOYS_FIRST, ""))
    ),
    Mutation("Recover: options first", checks.a_branch, in_jenkinsfile(RECOVER, RECOVER.replace(RECOVERS_FIRST, ""))),
    Mutation(
        "Recover: by timer, too",
        checks.a_night,
        in_jenkinsfile(RECOVER + MAIN + NO_TIMER, RECOVER + MAIN),
        "a timer gives no parameters, so action is deploy",
    ),
    Mutation(
        "Drift: not by timer",
        checks.a_night,
        in_jenkinsfile(TIMER_OR_ACTION, "                            expression { params.action == 'drift' }"),
    ),
    Mutation(
        "nightly: whoever else asked",
        checks.a_push_in_the_night,
        in_jenkinsfile(ALL_CAUSES, "ofClock > 0"),
    ),
    Mutation(
        "facts: any account",
        checks.another_account,
        in_delivery("facts.py", 'if prod_account not in ("", settings.account_id):', "if False:"),
    ),
    Mutation(
        "facts: preview as deployment role",
        checks.a_branch,
        in_delivery("facts.py", 'names.preview_role("prod")', 'names.deployment_role("prod")'),
    ),
    Mutation(
        "casc: deploy agent takes every job",
        checks.a_branch_on_the_deploy_agent,
        (Edit("jenkins/casc.yaml", RESTRICTION, ""),),
    ),
    Mutation(
        "casc: the controller's credentials",
        checks.a_greedy_branch,
        (Edit("jenkins/casc.yaml", "enableCredentialsFromNode: true", "enableCredentialsFromNode: false"),),
    ),
    Mutation(
        "review: not published",
        deployments.a_violation_in_a_pull_request,
        in_jenkinsfile("make('review PUBLISH=1')", "make('review')"),
    ),
    Mutation("review: no credentials", deployments.a_violation_in_a_pull_request, in_jenkinsfile(TOKEN, "if (true)")),
    Mutation(
        "plan: a failure ends the build",
        deployments.a_violation_in_a_pull_request,
        in_jenkinsfile(PLANNED, "if (true)"),
    ),
    Mutation(
        "plan: no policy pack",
        deployments.a_violation_in_a_pull_request,
        in_delivery("plan.py", '**cast("Any", policy_pack.options()),'),
    ),
    Mutation("review: does not stop", deployments.a_violation_on_main, NO_STOP),
    Mutation(
        "Approve: after any result",
        deployments.a_violation_on_main,
        NO_GUARD,
        "the review has ended the build before: defence in depth; both together are the next mutation",
    ),
    Mutation("review and Approve: no result asked", deployments.a_violation_on_main, NO_STOP + NO_GUARD),
    Mutation("Deploy: no lock", deployments.a_state_that_moves, in_jenkinsfile(LOCK, "//")),
    Mutation("apply: any state", deployments.a_state_that_moves, in_delivery("apply.py", STATE, "if False:")),
    Mutation(
        "Deploy: failure is not told",
        deployments.a_state_that_moves,
        in_jenkinsfile(ON_FAILURE, "failure {\n                    echo 'not told'"),
    ),
    Mutation("apply: lock is not looked for", deployments.a_locked_state, in_delivery("apply.py", LOCK_BEFORE)),
    Mutation("apply: any plan", deployments.a_changed_plan, in_delivery("apply.py", PLAN_DIGEST, "if False:")),
    Mutation(
        "apply: plan of the review only",
        deployments.a_changed_plan_with_its_review,
        in_delivery("apply.py", PLAN_IN_APPROVAL),
    ),
    Mutation(
        "apply: plan of the approval only",
        deployments.a_changed_plan,
        in_delivery("apply.py", PLAN_IN_REVIEW),
        "the approval holds the review's digest: it refuses each plan that the review refuses",
    ),
    Mutation(
        "apply: any tree, any commit",
        deployments.another_commit,
        ANY_TREE + in_delivery("apply.py", "if not commit == review.commit == approval.commit:", "if False:"),
    ),
    Mutation("apply: any tree", deployments.a_changed_program, ANY_TREE),
    Mutation(
        "apply: any tree, no plan",
        deployments.a_changed_program,
        ANY_TREE + in_delivery("apply.py", '["--plan", str(path.resolve())] if planned else []', "[*()]"),
    ),
    Mutation(
        "withoutPlans: not heard",
        deployments.without_plans,
        in_jenkinsfile("params.withoutPlans ? 'OPTIONS=--without-plan' : ''", "''"),
    ),
    Mutation(
        "Deploy: approval is not written", deployments.a_promotion, in_jenkinsfile("make('approve')", "echo 'approved'")
    ),
    Mutation(
        "Deploy: no timeout",
        deployments.a_slow_deployment,
        in_jenkinsfile("timeout --signal=INT --kill-after=10m 40m ", ""),
    ),
    Mutation(
        "Deploy: no smoke check",
        deployments.a_broken_deployment,
        in_jenkinsfile('make("smoke STACK=${stack}")', "echo 'no smoke check'"),
    ),
    Mutation(
        "Recover: no lock", operations.a_recovery, in_jenkinsfile(RECOVERS_LOCK, "                timeout(time: 50")
    ),
    Mutation(
        "Recover: log stays",
        operations.a_recovery,
        in_jenkinsfile(RECOVERS_SHIP, RECOVERS_SHIP.replace(SHIP, "echo 'kept'")),
    ),
    Mutation(
        "Drift: fails the build",
        operations.a_night_with_drift,
        in_jenkinsfile(DRIFTED, "timeout(time: 29, unit: 'MINUTES')"),
    ),
    Mutation(
        "Verify: log stays",
        operations.a_night_with_drift,
        in_jenkinsfile("inProd(env.PREVIEW_ROLE) { make('ship-log') }", "echo 'kept'"),
    ),
    Mutation(
        "Deploy: log stays",
        deployments.a_promotion,
        in_jenkinsfile(DEPLOYS_SHIP, DEPLOYS_SHIP.replace(SHIP, "echo 'kept'")),
    ),
]
