"""The sandbox's stand-in for the Jenkins account: its controller role, and credentials of a session of it.

In AWS the controller is an EC2 instance with this role; here an administrator of that account assumes it. From there
on it is the real chain: controller role, deployment role with external id, account.
"""

from __future__ import annotations

import json
from typing import Any

from infra.identity.deployment_role import controller_documents
from infra.identity.role import RoleArgs
from mlops.bootstrap import ensure_role, remove_role
from mlops.place import ROOT_SECRET, Place


def controller_credentials(place: Place) -> dict[str, str]:
    """Make the controller role in the sandbox's Jenkins account and return a session of it as environment variables."""
    account = place.settings["prod"].accounts.jenkins
    documents = controller_documents(place.names)
    trust = json.loads(documents["trust_policy"])
    trust["Statement"].append(
        {"Sid": "SandboxOperator", "Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    )
    name = documents["role_name"]
    ensure_role(
        _client(place, "iam"),
        RoleArgs(
            role_name=name,
            description="The Jenkins controller, in the sandbox",
            trust=json.dumps(trust),
            inline_policies={"assume-production-role-policy": documents["assume-production-role-policy"]},
        ),
        {},
    )
    assumed = _client(place, "sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="mlops")[
        "Credentials"
    ]
    return {
        "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
        "AWS_SESSION_TOKEN": assumed["SessionToken"],
    }


def remove_controller(place: Place) -> None:
    """Remove the controller role from the sandbox's Jenkins account."""
    remove_role(_client(place, "iam"), place.settings["prod"].jenkins.role_name)


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
