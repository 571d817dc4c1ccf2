"""The guards as they stand in the Jenkinsfile, mlops/delivery and jenkins/casc.yaml."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """One text of one file, which stands there once, and what comes in its place."""

    file: str
    old: str
    new: str


def in_jenkinsfile(old: str, new: str = "") -> tuple[Edit, ...]:
    """An edit of the Jenkinsfile alone."""
    return (Edit("Jenkinsfile", old, new),)


def in_delivery(file: str, old: str, new: str = "") -> tuple[Edit, ...]:
    """An edit of one file of mlops/delivery."""
    return (Edit(f"mlops/delivery/{file}", old, new),)


SUBMITTER = "submitter: 'model-promotion-approvers', submitterParameter"
INPUT = f"""input(id: 'prod', message: question, ok: 'Yes',
                                         {SUBMITTER}: 'approver')"""
APPROVE = """        stage('Approve') {
            when {
                beforeOptions true
"""
MAIN = "                branch 'main'\n"
NO_TIMER = "                expression { !nightly() }\n"
DEPLOY = """        stage('Deploy') {
            when {
                beforeOptions true   // and so before the agent
"""
RECOVER = """        stage('Recover') {
            when {
                beforeOptions true   // else every build would wait for the lock
"""

FIRST = "                beforeOptions true\n"
DEPLOYS_FIRST = "                beforeOptions true   // and so before the agent\n"
RECOVERS_FIRST = "                beforeOptions true   // else every build would wait for the lock\n"
APPROVED_DEPLOY = in_jenkinsfile("params.action == 'deploy' && env.APPROVER", "params.action == 'deploy'")
APPROVED_RECOVER = in_jenkinsfile("params.action == 'recover' && env.APPROVER", "params.action == 'recover'")
MAIN_ONLY = in_jenkinsfile("if (env.BRANCH_NAME != 'main' && params.action != 'deploy') {", "if (false) {")
GO = "expression { params.action in ['deploy', 'recover'] && currentBuild.currentResult == 'SUCCESS' }"
NO_GUARD = in_jenkinsfile(GO, "expression { params.action in ['deploy', 'recover'] }")
STOP = "                                    if (currentBuild.currentResult != 'SUCCESS') {"
NO_STOP = in_jenkinsfile(STOP, "                                    if (false) {")
PLANNED = (
    "catchError(buildResult: 'FAILURE', stageResult: 'FAILURE', message: \"${stack} cannot be deployed as it is\")"
)
DRIFTED = "catchError(buildResult: 'UNSTABLE', stageResult: 'FAILURE', message: 'an account has drifted')"
TOKEN = """withCredentials([string(credentialsId: 'github-comments',
                                                                variable: 'GITHUB_TOKEN')])"""
ALL_CAUSES = "ofClock > 0 && ofClock == currentBuild.buildCauses.size()"
TIMER_OR_ACTION = """                            expression { nightly() }
                            expression { params.action == 'drift' }"""
LOCK = "                        lock(resource: 'model-promotion')   // the comparison with"
RECOVERS_LOCK = "                lock(resource: 'model-promotion')\n                timeout(time: 50"
TELL = "script { inProd(env.DEPLOYMENT_ROLE) { make('tell-failure') } }"
ON_FAILURE = f"failure {{\n                    {TELL}"
SHIP = "script { inProd(env.DEPLOYMENT_ROLE) { make('ship-log') } }"
DEPLOYS_SHIP = f"cleanup {{   // after what the others print\n                    {SHIP}"
RECOVERS_SHIP = f"""            post {{
                always {{
                    {SHIP}"""
LOCK_BEFORE = "    if held:\n        raise CommandError(state_lock.explain(environment, held))\n"
STATE = "if digest_of_state(stack.export_stack().deployment or {}) != review.state_digest:"
PLAN_IN_REVIEW = "digest != review.plan_digest or "
PLAN_IN_APPROVAL = " or digest != approval.plans.get(environment)"
PLAN_DIGEST = f"if {PLAN_IN_REVIEW}digest != approval.plans.get(environment):"
RESTRICTION = """        nodeProperties:
          - jobRestrictionProperty:
              jobRestriction:
                regexNameRestriction:
                  # A block of a pipeline asks as `<job>/part of <folder> » <job> #<number>`:
                  # github.com/jenkinsci/job-restrictions-plugin/pull/13. A branch `main/x` is the job `main%2Fx`.
                  regexExpression: model-promotion/main(/part of .*)?
                  checkShortName: false
"""
