"""Callers of the sandbox's accounts, and the policies that they are given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3

REGION = "us-east-1"


@dataclass(frozen=True)
class Principal:
    """Credentials, and the account that they belong to."""

    account: str
    endpoint: str
    key: str
    secret: str
    token: str | None = None

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
        )


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def assume(caller: Principal, role_arn: str, session: str = "test", **options: Any) -> Principal:
    credentials = caller.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session, **options)["Credentials"]
    return Principal(
        role_arn.split(":")[4],
        caller.endpoint,
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
    )
