"""The sandbox's stand-in for the Jenkins account: its controller role, and credentials of a session of it.

In AWS the controller is an EC2 instance with this role; here an administrator of that account assumes it. From there
on it is the real chain: controller role, deployment role with external id, account.
"""

from __future__ import annotations

import json

from infra.identity.deployment_role import controller_documents
from infra.identity.role import RoleArgs
from mlops.bootstrap import ensure_role
from mlops.place import ROOT_SECRET, Place


def controller_credentials(place: Place) -> dict[str, str]:
    """Make the controller role in the sandbox's Jenkins account and return a session of it as environment variables."""
    import boto3  # noqa: PLC0415  # see mlops/place.py

    account = place.settings["prod"].accounts.jenkins
    session = boto3.Session(
        aws_access_key_id=account, aws_secret_access_key=ROOT_SECRET, region_name=place.settings["prod"].region
    )
    documents = controller_documents(place.names)
    trust = json.loads(documents["trust_policy"])
    trust["Statement"].append(
        {"Sid": "SandboxOperator", "Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    )
    name = documents["role_name"]
    ensure_role(
        session.client("iam", endpoint_url=place.endpoint_url),
        RoleArgs(
            role_name=name,
            description="The Jenkins controller, in the sandbox",
            trust=json.dumps(trust),
            inline_policies={"assume-production-role-policy": documents["assume-production-role-policy"]},
        ),
        {},
    )
    assumed = session.client("sts", endpoint_url=place.endpoint_url).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="mlops"
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
        "AWS_SESSION_TOKEN": assumed["SessionToken"],
    }
