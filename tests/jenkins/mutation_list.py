"""The guards of the Jenkinsfile, its agents and mlops/delivery, each with the check that must miss it."""

from __future__ import annotations

from dataclasses import dataclass

import mutation_checks as checks
from mutation_checks import Check


@dataclass(frozen=True)
class Edit:
    """One text of one file, which stands there once, and what comes in its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """Guards that are taken out together; ``survives`` says why no check can see it, where none can."""

    name: str
    check: Check
    edits: tuple[Edit, ...]
    survives: str | None = None


def in_jenkinsfile(old: str, new: str = "") -> tuple[Edit, ...]:
    """An edit of the Jenkinsfile alone."""
    return (Edit("Jenkinsfile", old, new),)


SUBMITTER = "submitter: 'model-promotion-approvers', submitterParameter"
INPUT = f"""input(id: 'prod', message: question, ok: 'Yes',
                                         {SUBMITTER}: 'approver')"""
APPROVE = """        stage('Approve') {
            when {
                beforeOptions true
"""
MAIN = "                branch 'main'\n"
NO_TIMER = "                not { triggeredBy 'TimerTrigger' }\n"
DEPLOY = """        stage('Deploy') {
            when {
                beforeOptions true   // else every build would wait for the lock
                beforeAgent true
"""
RECOVER = """        stage('Recover') {
            when {
                beforeOptions true
                beforeAgent true
"""

MUTATIONS = [
    Mutation(
        "input: no submitter",
        checks.an_answer_that_is_no_approvers,
        in_jenkinsfile(SUBMITTER, "submitterParameter"),
    ),
    Mutation("input: none", checks.a_refusal, in_jenkinsfile(INPUT, "'nobody'")),
    Mutation("Approve: any branch", checks.a_branch, in_jenkinsfile(APPROVE + MAIN, APPROVE)),
    Mutation("Deploy: any branch", checks.a_branch, in_jenkinsfile(DEPLOY + MAIN, DEPLOY)),
    Mutation("Recover: any branch", checks.a_branch_that_would_recover, in_jenkinsfile(RECOVER + MAIN, RECOVER)),
    Mutation("Approve: by timer, too", checks.a_night, in_jenkinsfile(APPROVE + MAIN + NO_TIMER, APPROVE + MAIN)),
    Mutation("Deploy: by timer, too", checks.a_night, in_jenkinsfile(DEPLOY + MAIN + NO_TIMER, DEPLOY + MAIN)),
    Mutation("Test: not run", checks.failing_tests, in_jenkinsfile("make('test')", "echo 'no test'")),
    Mutation("Check: not run", checks.failing_lint, in_jenkinsfile("make('check')", "echo 'no check'")),
    Mutation("builds of main: at once", checks.two_builds_of_main, in_jenkinsfile("        disableConcurrentBuilds()")),
]
