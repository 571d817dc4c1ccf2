"""The emulator as the SageMaker service sees it: ministack's STS, policy evaluator and event bus."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import request_scope
from ministack.services import cloudwatch, eventbridge, iam, sts

from sandbox.emulator import service_callers
from sandbox.emulator.clock import Clock
from sandbox.emulator.courier import Courier
from sandbox.host import Credentials, ResourceGrant, ServiceError

_SESSION_SECONDS = 12 * 3600
# ministack keeps every event in memory, and reads none of them.
_EVENTS_KEPT = 1000
_KEY_CHARACTERS = string.ascii_uppercase + "234567"


class EmulatorHost:
    """Implements :class:`sandbox.host.Host` on ministack."""

    def __init__(self, port: int, clock: Clock, courier: Courier) -> None:
        self._port = port
        self._clock = clock
        self._courier = courier

    @property
    def endpoint_url(self) -> str:
        return f"http://localhost:{self._port}"

    def now(self) -> float:
        return self._clock.now()

    def credentials_for_service(
        self, *, service: str, role_arn: str, session_name: str, source_arn: str
    ) -> Credentials:
        account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
        role = iam._roles.get_scoped(account, None, role_arn.rpartition("/")[2])
        if role is None or not service_callers.trusts(role_arn, service, source_arn):
            raise ServiceError(
                "ValidationException",
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
                f"'{service}' to assume the role.",
            )
        credentials = Credentials(
            access_key_id="ASIA" + "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(16)),
            secret_access_key=secrets.token_urlsafe(30),
            session_token=secrets.token_urlsafe(120),
        )
        sts.register_session(
            credentials.access_key_id,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{session_name}",
                "UserId": f"{role['RoleId']}:{session_name}",
                "SecretAccessKey": credentials.secret_access_key,
                "SessionToken": credentials.session_token,
                "Expiration": time.time() + _SESSION_SECONDS,
                "AccountId": account,
                "PrincipalType": "AssumedRole",
            },
        )
        return credentials

    def resource_policy_allows(self, question: ResourceGrant) -> bool:
        caller = question.caller
        context = iam_evaluator.EvalContext(
            principal_arn=caller.arn,
            principal_type=_principal_type(caller.arn),
            principal_account=caller.account_id,
            action=question.action,
            resource_arn=question.resource_arn,
            region=question.resource_arn.split(":")[3],
            service_context={key.lower(): value for key, value in question.context.items()},
        )
        return bool(iam_evaluator.evaluate_resource_policy(question.policy, context).decision == "Allow")

    def emit(
        self, *, account_id: str, region: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put the event on the bus in the order of the calls; does not wait."""
        event = {
            "Source": "aws.sagemaker",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "Resources": resources,
            "EventBusName": "default",
        }
        self._courier.submit(lambda: _put_event(account_id, region, event))

    def count(
        self, *, account_id: str, region: str, namespace: str, metrics: Mapping[str, float], dimensions: dict[str, str]
    ) -> None:
        with request_scope(account_id, region):
            for name, value in metrics.items():
                unit = "Milliseconds" if name.endswith("Duration") else "Count"
                cloudwatch.record_metric(namespace, name, value, unit, dimensions)


def _put_event(account_id: str, region: str, event: dict[str, Any]) -> None:
    with request_scope(account_id, region):
        eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)
        del eventbridge._events_log_list()[:-_EVENTS_KEPT]


def _principal_type(arn: str) -> str:
    if ":assumed-role/" in arn:
        return "AssumedRole"
    return "User" if ":user/" in arn else "Root"
