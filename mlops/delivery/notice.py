"""Mail to the people whom prod's alert topic reaches, and the way back out of a failed deployment."""

from __future__ import annotations

from infra.settings import required
from mlops.delivery.agent import Agent
from mlops.project import ROOT

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, one line, at most 100 characters.
SUBJECT_CHARACTERS = 100


def send(agent: Agent, subject: str, text: str) -> str:
    """Publish to prod's alert topic; return the message's id."""
    names = agent.names
    topic = names.topic_arn(required(agent.settings["prod"].alerts, "alerts").topic, "prod")
    line = " ".join(subject.encode("ascii", "replace").decode().split())[:SUBJECT_CHARACTERS]
    sent = agent.prod_client("sns").publish(TopicArn=topic, Subject=line, Message=text)
    return str(sent["MessageId"])


def failure(agent: Agent, commit: str, build: str, reason: str) -> tuple[str, str]:
    """Subject and text of the message on a deployment that failed."""
    good = last_deployed(agent, commit)
    lines = [
        f"{build} could not bring commit {commit} into prod.",
        "",
        reason.strip(),
        "",
        f"The log: {build}console, and log group {agent.names.jenkins_log_group} in prod.",
        "If the deployment was cut off (a lock, unfinished operations), build main with action=recover first.",
        "",
        *(roll_back(good) if good else ["Nothing was deployed before this commit: mend it and merge again."]),
    ]
    return f"model-promotion: deployment of {commit[:12]} to prod failed", "\n".join(lines)


def roll_back(commit: str) -> list[str]:
    """The commands that bring an earlier commit back through a pull request, the only way into prod."""
    branch = f"roll-back-to-{commit[:12]}"
    return [
        f"To roll back to {commit}, the last commit that prod was brought to:",
        f"  git fetch origin && git switch --create {branch} origin/main",
        f"  git restore --source {commit} --staged --worktree .",
        f'  git commit --message "Roll back to {commit[:12]}" && git push --set-upstream origin {branch}',
        "and merge the pull request: what Jenkins deploys is what main has.",
    ]


def last_deployed(agent: Agent, but: str) -> str | None:
    """The commit of prod's last successful update, other than ``but``; Pulumi's history keeps it."""
    from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

    workspace = automation.LocalWorkspace(work_dir=str(ROOT), env_vars=agent.variables)
    stack = automation.Stack.select("prod", workspace)
    for update in stack.history(page_size=50, page=1, show_secrets=False):
        commit = (update.environment or {}).get("git.head")
        if update.result == "succeeded" and commit and commit != but:
            return str(commit)
    return None
