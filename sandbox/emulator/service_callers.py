"""AWS services as callers: what a resource's policy and a key's policy let a service principal or its role do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import iam

from sandbox.emulator import authorization, keys
from sandbox.emulator.request import Check
from sandbox.host import Credentials, Host, ServiceError

# What a service does with the key of a topic or queue that it sends to.
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
_SESSION_SECONDS = 3600.0


class RefusedError(Exception):
    """The caller may not; the message is AWS's."""


class KeyUnusableError(Exception):
    """The key is there and allowed, but disabled or about to be deleted."""


def service_may(
    service: str, action: str, resource: str, *, policy: Any, source_arn: str, more: Mapping[str, Any] | None = None
) -> bool:
    """Whether a resource's policy lets a service principal act for a source."""
    account = source_arn.split(":")[4] if source_arn.count(":") >= 5 else ""
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": account,
            "aws:principalservicename": service,
            "aws:principalisawsservice": "true",
            **{key.lower(): value for key, value in (more or {}).items()},
        },
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def trusts(role_arn: str, service: str, source_arn: str) -> bool:
    """Whether a role exists and lets a service assume it for this source."""
    parts = role_arn.split(":", 5)
    if len(parts) < 6:
        return False
    role = iam._roles.get_scoped(parts[4], None, role_arn.rpartition("/")[2])
    if role is None or role["Arn"] != role_arn:
        return False
    policy = role["AssumeRolePolicyDocument"]
    return service_may(service, "sts:AssumeRole", role_arn, policy=policy, source_arn=source_arn)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceCaller:
    """A service principal, acting for one of its resources: judged by resource policies alone.

    The services send ``aws:SourceArn`` and ``aws:SourceAccount``; EventBridge's keys:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/policy-keys-eventbridge.html
    """

    service: str  # "events.amazonaws.com"
    source_arn: str

    def require(self, action: str, resource: str, policy: Any) -> None:
        """Raise :class:`RefusedError` unless the resource's policy allows the action."""
        if not service_may(self.service, action, resource, policy=policy, source_arn=self.source_arn):
            raise RefusedError(
                f"{self.service} is not authorized to perform: {action} on resource: {resource} because no "
                "resource-based policy allows the action"
            )

    def require_key(self, reference: str, owner: str, region: str, via: str) -> None:
        """Raise unless the key's policy lets the service encrypt for a topic or a queue."""
        key = _key(reference, owner, region)
        policy = key.get("Policy") or ""
        more = {"kms:ViaService": f"{via}.{region}.amazonaws.com"}
        for action in KEY_ACTIONS:
            if not service_may(self.service, action, key["Arn"], policy=policy, source_arn=self.source_arn, more=more):
                raise RefusedError(
                    f"{self.service} is not authorized to perform: {action} on resource: {key['Arn']} because no "
                    "key policy statement allows the action"
                )
        _require_usable(key)


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleCaller:
    """A role that a service assumed: judged by its policies, and by the resource's across accounts."""

    credentials: Credentials
    region: str

    @property
    def principal(self) -> Any:
        found = iam_evaluator.resolve_principal(self.credentials.access_key_id, "")
        if isinstance(found, iam_evaluator.AuthError):
            raise RefusedError(found.message)
        return found

    def require_check(self, check: Check) -> None:
        """Raise :class:`RefusedError` unless the role may."""
        if authorization.refused_result(self.principal, check, self.region) is not None:
            raise RefusedError(authorization.refusal.get())

    def require(self, action: str, resource: str, policy: Any) -> None:
        """As :meth:`require_check`; the resource's policy is looked up by its ARN."""
        self.require_check(Check(action=action, resource_arn=resource))

    def require_key(self, reference: str, owner: str, region: str, via: str) -> None:
        """Raise unless the role may encrypt with the key of a topic or a queue."""
        key = _key(reference, owner, region)
        context = {
            **keys.condition_context(key, reference),
            "kms:ViaService": f"{via}.{region}.amazonaws.com",
            "kms:CallerAccount": self.principal.account,
        }
        for action in KEY_ACTIONS:
            self.require_check(Check(action=action, resource_arn=key["Arn"], context=context))
        _require_usable(key)


Caller = ServiceCaller | RoleCaller


class RoleCallers:
    """Roles as services assume them; a session is used again for as long as it lasts."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._kept: dict[tuple[str, str, str], tuple[float, Credentials]] = {}

    def get(self, role_arn: str, service: str, source_arn: str, region: str) -> RoleCaller:
        """Raises :class:`RefusedError` when the role's trust policy refuses."""
        asked = role_arn, service, source_arn
        if not trusts(role_arn, service, source_arn):
            raise RefusedError(f"{service} is unable to assume role {role_arn}")
        since, credentials = self._kept.get(asked, (0.0, None))
        now = self._host.now()
        if credentials is None or now - since > _SESSION_SECONDS:
            try:
                credentials = self._host.credentials_for_service(
                    service=service,
                    role_arn=role_arn,
                    session_name=service.partition(".")[0],
                    source_arn=source_arn,
                )
            except ServiceError as error:
                raise RefusedError(error.message) from None
            self._kept[asked] = now, credentials
        return RoleCaller(credentials=credentials, region=region)


def _key(reference: str, owner: str, region: str) -> dict[str, Any]:
    key = keys.find(reference, owner, region)
    if key is None:
        raise RefusedError(f"Key {reference} does not exist, or is one of AWS's own, which no other service may use")
    return key


def _require_usable(key: dict[str, Any]) -> None:
    problem = keys.unusable(key)
    if problem is not None:
        raise KeyUnusableError(f"KMS.{problem[0]}: {problem[1]}")
