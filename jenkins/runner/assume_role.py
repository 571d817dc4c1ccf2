"""Assume a role for `withAWS`: the request comes as JSON on standard input, the credentials leave as JSON."""

from __future__ import annotations

import json
import os
import sys

import boto3


def main() -> None:
    """Ask STS with the credentials of the environment."""
    request = json.load(sys.stdin)
    sts = boto3.client("sts", region_name=os.environ.get("AWS_REGION", "us-east-1"))
    role, account = request.pop("role"), request.pop("account")
    if not role.startswith("arn:"):
        account = account or sts.get_caller_identity()["Account"]
        role = f"arn:aws:iam::{account}:role/{role}"
    answer = sts.assume_role(RoleArn=role, **request)
    given = answer["Credentials"]
    environment = {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    json.dump({"arn": answer["AssumedRoleUser"]["Arn"], "env": environment}, sys.stdout)


main()
