"""`mlops delivery`: what the stages of the Jenkinsfile call, by make."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mlops import console
from mlops.cli.options import environment_named
from mlops.failure import CommandError, UsageError

app = typer.Typer(no_args_is_help=True, help="Stages of the Jenkinsfile: plan, review, approve, apply, smoke, drift.")

Stack = Annotated[str, typer.Option("--stack", help="registry, dev or prod")]
Folder = Annotated[Path, typer.Option("--folder", help="Where plans, reviews and the approval are kept.")]
Commit = Annotated[str, typer.Option("--commit", envvar="GIT_COMMIT", help="The commit that is checked out.")]
BUILD = Path("build/delivery")


def _kind(name: str) -> Any:
    if name not in ("deployment", "preview"):
        raise UsageError(f"there are no roles {name!r}; write deployment or preview")
    return name


def _build() -> str:
    return os.environ.get("BUILD_URL") or os.environ.get("BUILD_TAG") or "a build by hand"


@app.command()
def init() -> None:
    """Make the three stacks in the state bucket, once, as an administrator of prod; then commit the stack files."""
    from infra.names import Names  # noqa: PLC0415  # keeps `mlops --help` from loading AWS and Pulumi
    from mlops.delivery.initialise import initialise  # noqa: PLC0415  # see above
    from mlops.project import load_settings  # noqa: PLC0415  # see above

    initialise(Names(load_settings()["prod"]), console.say)


@app.command("agent-roles")
def agent_roles() -> None:
    """Print, as JSON, the documents of the two kinds of agents' instance roles, in the Jenkins account."""
    from infra.identity.jenkins_agents import agent_documents  # noqa: PLC0415  # see init
    from infra.names import Names  # noqa: PLC0415  # see init
    from mlops.project import load_settings  # noqa: PLC0415  # see init

    console.show_json(agent_documents(Names(load_settings()["prod"])))


@app.command()
def facts(
    prod_account: Annotated[str, typer.Option(help="The account that the build was started for; empty: any.")] = "",
) -> None:
    """Print, as JSON, which roles a build assumes; fails if it was started for another account than prod's."""
    from mlops.delivery.facts import facts as read  # noqa: PLC0415  # see init

    console.show_json(read(prod_account))


@app.command()
def plan(
    stack: Stack,
    commit: Commit,
    folder: Folder = BUILD,
    roles: Annotated[str, typer.Option(envvar="PLAN_ROLES", help="preview, or deployment: break-glass.")] = "preview",
) -> None:
    """Preview one stack under the policy pack, with roles that only read; keep its plan and the digests."""
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init
    from mlops.delivery.plan import plan as make  # noqa: PLC0415  # see init
    from mlops.delivery.plan_folder import PlanFolder  # noqa: PLC0415  # see init

    make(Agent(_kind(roles), folder), PlanFolder(folder), environment_named(stack), commit, console.say)


@app.command()
def review(
    folder: Folder = BUILD,
    access: Annotated[Path | None, typer.Option(help="What `make prove-access` wrote.")] = None,
    output: Annotated[Path, typer.Option(help="The text, in GitHub's Markdown.")] = BUILD / "review.md",
    publish: Annotated[bool, typer.Option("--publish", help="Also as the one comment of the pull request.")] = False,
) -> None:
    """Write what a reviewer has to know of the plans in the folder, in at most 60 lines."""
    from mlops.delivery.plan_folder import PlanFolder  # noqa: PLC0415  # see init
    from mlops.delivery.reviewing import publish_comment, verdict, write_review  # noqa: PLC0415  # see init

    text = write_review(PlanFolder(folder), access, _build())
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    console.show(text)
    (folder / "verdict.txt").write_text(verdict(text) + "\n", encoding="utf-8")
    if publish:
        console.say(f"the comment is {publish_comment(text, dict(os.environ))}")


@app.command()
def approve(
    by: Annotated[str, typer.Option(envvar="APPROVER", help="Who approved, as Jenkins knows them.")],
    folder: Folder = BUILD,
) -> None:
    """Write down who approved the plans in the folder, and when."""
    from mlops.delivery.plan_folder import PlanFolder  # noqa: PLC0415  # see init

    approval = PlanFolder(folder).approve(by, datetime.now(UTC).isoformat(timespec="seconds"), _build())
    plans = ", ".join(f"{stack} {digest[:12]}" for stack, digest in approval.plans.items())
    console.show(f"{approval.by} approved at {approval.at}: commit {approval.commit[:12]}, plans {plans}")


@app.command()
def apply(
    stack: Stack,
    commit: Commit,
    folder: Folder = BUILD,
    without_plan: Annotated[bool, typer.Option("--without-plan", help="Let Pulumi plan again.")] = False,
) -> None:
    """Apply the approved plan of one stack to the state that it was made for, or nothing."""
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init
    from mlops.delivery.apply import apply as deploy  # noqa: PLC0415  # see init
    from mlops.delivery.checked_out import require_commit  # noqa: PLC0415  # see init
    from mlops.delivery.plan_folder import PlanFolder  # noqa: PLC0415  # see init
    from mlops.project import ROOT  # noqa: PLC0415  # see init

    require_commit(ROOT, commit)
    agent, environment = Agent("deployment", folder), environment_named(stack)
    deploy(agent, PlanFolder(folder), environment, commit, console.say, planned=not without_plan)


@app.command()
def smoke(stack: Stack, folder: Folder = BUILD) -> None:
    """Look whether an account has what its stack's state says, working."""
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init
    from mlops.delivery.smoke import smoke as look  # noqa: PLC0415  # see init

    look(Agent("deployment", folder), environment_named(stack), console.say)


@app.command()
def recover(stack: Stack, folder: Folder = BUILD) -> None:
    """Put a stack in order after a deployment that was cut off: its lock, and what was made and not recorded."""
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init
    from mlops.delivery.recover import recover as mend  # noqa: PLC0415  # see init

    mend(Agent("deployment", folder), environment_named(stack), console.say)


@app.command()
def drift(folder: Folder = BUILD) -> None:
    """Compare the three accounts with their stacks; what differs is mailed to the alert topic, with exit code 1."""
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init
    from mlops.delivery.drift import report  # noqa: PLC0415  # see init

    found = report(Agent("preview", folder), console.say)
    if found:
        raise CommandError(found)


@app.command("failed")
def tell_failure(
    commit: Commit,
    folder: Folder = BUILD,
    reason: Annotated[Path | None, typer.Option(envvar="BUILD_LOG", help="A log, whose last lines are told.")] = None,
) -> None:
    """Tell the alert topic that a deployment failed, and how to roll back."""
    from mlops.delivery import notice  # noqa: PLC0415  # see init
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init

    agent = Agent("deployment", folder)
    found = reason is not None and reason.is_file()
    last = reason.read_text(encoding="utf-8", errors="replace").splitlines()[-20:] if reason and found else []
    subject, text = notice.failure(agent, commit, _build(), "\n".join(last))
    console.show(f"{text}\nsent to the alert topic: {notice.send(agent, subject, text)}")


@app.command()
def log(
    path: Annotated[Path, typer.Option(envvar="BUILD_LOG", help="The build's log.")],
    stream: Annotated[str, typer.Option(envvar="BUILD_TAG", help="The stream's name.")],
    folder: Folder = BUILD,
) -> None:
    """Put a build's log into prod's log group."""
    from mlops.delivery.agent import Agent  # noqa: PLC0415  # see init
    from mlops.delivery.build_log import ship  # noqa: PLC0415  # see init

    if not path.is_file():
        raise UsageError(f"there is no log {path}")
    agent = Agent("preview", folder)
    shipped, group = ship(agent, path, stream), agent.names.jenkins_log_group
    if shipped is None:
        console.show(f"prod has no log group {group} yet: the first deployment makes it; this log is in Jenkins only")
    else:
        console.show(f"{shipped} lines to {group}")


@app.command()
def profiles(
    kind: Annotated[str, typer.Option(help="deployment or preview")] = "deployment",
    source: Annotated[str, typer.Option(help="The line that says whose credentials assume the roles.")] = (
        "credential_source = Ec2InstanceMetadata"
    ),
) -> None:
    """Print the AWS profiles with which Pulumi reaches the three accounts, for ~/.aws/config."""
    from infra.names import Names  # noqa: PLC0415  # see init
    from mlops import aws_profiles  # noqa: PLC0415  # see init
    from mlops.project import load_settings  # noqa: PLC0415  # see init

    console.show(aws_profiles.profiles(Names(load_settings()["prod"]), source, kind=_kind(kind)))
