"""The roles of Jenkins' two kinds of agents, in Jenkins' own account, which is not ours to deploy: documents for it."""

from __future__ import annotations

from typing import Any, Literal

from infra.identity.document import Statement, document
from infra.identity.managed import managed_arns
from infra.names import Names
from infra.settings import ENVIRONMENTS

AgentKind = Literal["deployment", "preview"]
AGENT_KINDS: tuple[AgentKind, ...] = ("deployment", "preview")
AGENT_POLICIES: dict[AgentKind, str] = {
    "deployment": "assume-production-role-policy",
    "preview": "assume-preview-roles-policy",
}


def agent_role_arn(names: Names, kind: AgentKind) -> str:
    """The ARN of the role of one kind of agents."""
    return names.jenkins_role_arn if kind == "deployment" else names.preview_agent_role_arn


def agent_documents(names: Names) -> dict[str, dict[str, Any]]:
    """What to apply in Jenkins' account: deploy agents become deployment roles only, preview agents preview roles."""
    return {kind: _documents(names, kind) for kind in AGENT_KINDS}


def _documents(names: Names, kind: AgentKind) -> dict[str, Any]:
    deploys = kind == "deployment"
    role_arn = names.deployment_role_arn if deploys else names.preview_role_arn
    managed = managed_arns(names, ("CloudWatchFullAccess",))[0]
    return {
        "role_name": agent_role_arn(names, kind).partition(":role/")[2],
        "trust_policy": document(
            [Statement(sid="Agents", principals={"Service": "ec2.amazonaws.com"}, actions=("sts:AssumeRole",))]
        ),
        AGENT_POLICIES[kind]: document(
            [
                Statement(
                    sid="AssumeDeploymentRoles" if deploys else "AssumePreviewRoles",
                    actions=("sts:AssumeRole",),
                    resources=tuple(role_arn(environment) for environment in ENVIRONMENTS),
                )
            ]
        ),
        "managed_policy": managed if deploys and names.settings.permissions == "managed" else "",
    }
