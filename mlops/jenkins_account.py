"""The sandbox's stand-in for the Jenkins account: the roles of its two kinds of agents, and sessions of them.

In AWS an agent is an EC2 instance with its role; here an administrator of that account assumes it. From there on it is
the real chain: agents' role, deployment or preview role with external id, account.
"""

from __future__ import annotations

import json
from typing import Any

from infra.identity.jenkins_agents import AGENT_KINDS, AGENT_POLICIES, AgentKind, agent_documents
from infra.identity.role import RoleArgs
from infra.settings import Environment
from mlops.bootstrap import ensure_role, remove_role
from mlops.place import ROOT_SECRET, Place


def controller_credentials(place: Place, kind: AgentKind = "deployment") -> dict[str, str]:
    """Make one of the two roles in the sandbox's Jenkins account; return a session of it as environment variables."""
    account = place.settings["prod"].accounts.jenkins
    documents = agent_documents(place.names)[kind]
    trust = json.loads(documents["trust_policy"])
    trust["Statement"].append(
        {"Sid": "SandboxOperator", "Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    )
    name = documents["role_name"]
    ensure_role(
        _client(place, "iam"),
        RoleArgs(
            role_name=name,
            description=f"Jenkins agents ({kind}), in the sandbox",
            trust=json.dumps(trust),
            inline_policies={AGENT_POLICIES[kind]: documents[AGENT_POLICIES[kind]]},
        ),
        {},
    )
    assumed = _client(place, "sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="mlops")[
        "Credentials"
    ]
    return _variables(assumed)


def _variables(credentials: dict[str, str]) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def deployment_session(place: Place, environment: Environment, controller: dict[str, str]) -> dict[str, str]:
    """A session of an account's deployment role, assumed by the controller's; raises botocore's ClientError."""
    import boto3  # noqa: PLC0415  # see mlops/place.py

    settings = place.settings["prod"]
    sts = boto3.client(
        "sts",
        aws_access_key_id=controller["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=controller["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=controller["AWS_SESSION_TOKEN"],
        region_name=settings.region,
        endpoint_url=place.endpoint_url,
    )
    external_id = {"ExternalId": settings.jenkins.external_id} if settings.jenkins.external_id else {}
    assumed = sts.assume_role(
        RoleArn=place.names.deployment_role_arn(environment), RoleSessionName="model-promotion", **external_id
    )["Credentials"]
    return _variables(assumed)


def remove_controller(place: Place) -> None:
    """Remove the agents' roles from the sandbox's Jenkins account."""
    documents = agent_documents(place.names)
    for kind in AGENT_KINDS:
        remove_role(_client(place, "iam"), documents[kind]["role_name"])


def _client(place: Place, service: str) -> Any:
    import boto3  # noqa: PLC0415  # see mlops/place.py

    settings = place.settings["prod"]
    return boto3.client(
        service,
        aws_access_key_id=settings.accounts.jenkins,
        aws_secret_access_key=ROOT_SECRET,
        region_name=settings.region,
        endpoint_url=place.endpoint_url,
    )
