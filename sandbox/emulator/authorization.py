"""Whether a caller may do something: identity policies, boundaries, session policies and the resource's own policy.

The evaluation of statements is ministack's. What is decided here is which policies apply: across accounts both sides
must allow, an account's root is bound by resource policies, and a key's policy always has a say.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, lambda_svc, s3, sns, sqs

from sandbox.emulator import conditions, denial, event_buses, key_grants, keys
from sandbox.emulator.request import Check, current

_ANYTHING = iam_evaluator.parse_policy_document({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
_ALWAYS_ALLOWED = {"sts:GetCallerIdentity", "sts:GetSessionToken"}
# The root user of a bucket's account can always repair a bucket policy that locks everybody out.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
_OPEN_TO_ROOT = {"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}

logger = logging.getLogger("sandbox.access")

refusal: ContextVar[str] = ContextVar("sandbox_refusal", default="")


def enforce(original: Callable[..., Any]) -> Callable[..., Any]:
    """Judge a request; the answer has ministack's form: None, an ``AuthError`` or an ``EvalResult``."""

    def judge(access_key_id: str, iam_action: str, service: str, region: str, **details: Any) -> Any:
        if not access_key_id:
            return original(access_key_id, iam_action, service, region, **details)
        failure = iam_evaluator.check_credentials(access_key_id, service)
        if failure is not None or iam_action in _ALWAYS_ALLOWED:
            return failure
        principal = iam_evaluator.resolve_principal(access_key_id, get_account_id())
        if isinstance(principal, iam_evaluator.AuthError):
            return principal
        context = dict(details.get("service_context") or {})
        further: list[Check] = []
        request = current.get()
        if request is not None and request.action == iam_action:
            context |= conditions.request_context(request)
            further, request.pending = request.pending, []
        logger.debug("%s %s %s", principal.arn, iam_action, details.get("resource_arn", "*"))
        first = Check(action=iam_action, resource_arn=details.get("resource_arn", "*"), context=context)
        for check in (first, *further):
            refused = refused_result(principal, check, region)
            if refused is not None:
                return refused
        return None

    return judge


def refused_result(principal: Any, check: Check, region: str) -> Any:
    """None if the principal may, else ministack's ``EvalResult``; AWS's wording of it is put into :data:`refusal`."""
    context = evaluation_context(principal, check, region)
    policies = [_ANYTHING] if principal.policies is None else principal.policies
    identity = iam_evaluator.evaluate(context, policies, *principal.limits)
    result = identity
    service = check.action.partition(":")[0]
    lookup = _RESOURCE_POLICIES.get(service)
    found = lookup(check.resource_arn) if lookup else None
    if found is not None and not (_is_owner_root(principal, found[1]) and check.action in _OPEN_TO_ROOT):
        policy, owner = found
        if service == "kms" and owner != principal.account and _operation(check) not in keys.CROSS_ACCOUNT_OPERATIONS:
            policy = ""
        result = iam_evaluator.combine_resource_policy(
            identity, context, policy, owner, required=service in ("kms", "sts"), limits=principal.limits
        )
    if result.decision == "Allow" or (result.decision != "Deny" and _is_granted(principal, check, context)):
        return None
    by_resource = bool(result.resource_policy_arn) or (result is not identity and identity.decision == "Allow")
    unlimited = iam_evaluator.evaluate(context, policies).decision == "Allow"
    refusal.set(
        denial.message(
            check,
            principal.arn,
            explicit=result.decision == "Deny",
            by="resource" if by_resource else _limit_kind(principal, context) if unlimited else "identity",
            foreign=found is not None and found[1] != principal.account,
        )
    )
    result.principal_arn = principal.arn
    return result


def _is_granted(principal: Any, check: Check, context: Any) -> bool:
    """Whether a grant on a key allows what no policy does; a boundary or a session policy still limits it."""
    if not check.action.startswith("kms:"):
        return False
    arns = {principal.arn, conditions.role_arn_of(principal.arn)}
    limited = any(iam_evaluator.evaluate(context, limit).decision != "Allow" for limit in principal.limits)
    return not limited and key_grants.allows(check.resource_arn, arns, _operation(check), check.context)


def evaluation_context(principal: Any, check: Check, region: str) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=check.action,
        resource_arn=check.resource_arn,
        region=region,
        service_context={key.lower(): value for key, value in check.context.items()},
        principal_keys=principal.keys,
    )


def access_denied_response(original: Callable[..., Any]) -> Callable[..., Any]:
    """Word a refusal as AWS does, naming the action and the resource that were refused."""

    def respond(service: str, action: str, principal_arn: str, request_id: str, **details: Any) -> Any:
        if not details.get("error_code") and refusal.get():
            details["message"] = refusal.get()
        return original(service, action, principal_arn, request_id, **details)

    return respond


def foreign_bucket_allows(original: Callable[..., bool]) -> Callable[..., bool]:
    """Let a signed request through that was judged already; ministack judges it again, as the account's root."""

    def allows(*request: Any, **options: Any) -> bool:
        caller = request[5]
        return bool(caller) or original(*request, **options)

    return allows


def _bucket_policy(arn: str) -> tuple[str, str] | None:
    bucket = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
    owner = s3._bucket_owner_account(bucket)
    return (s3._bucket_policies.get_scoped(owner, None, bucket) or "", owner) if owner else None


def _trust_policy(arn: str) -> tuple[Any, str] | None:
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return None
    role = iam._roles.get_scoped(parts[4], None, arn.rpartition("/")[2])
    return (role["AssumeRolePolicyDocument"], parts[4]) if role and role["Arn"] == arn else ("", parts[4])


_RESOURCE_POLICIES: dict[str, Callable[[str], tuple[Any, str] | None]] = {
    "events": event_buses.bus_policy,
    "kms": keys.policy_and_owner,
    "lambda": lambda_svc.function_policy_for_arn,
    "s3": _bucket_policy,
    "sns": sns.topic_policy_for_arn,
    "sqs": sqs.queue_policy_for_arn,
    "sts": _trust_policy,
}


def _operation(check: Check) -> str:
    return check.action.partition(":")[2]


def _is_owner_root(principal: Any, owner: str) -> bool:
    return principal.policies is None and bool(principal.account == owner)


def _limit_kind(principal: Any, context: Any) -> str:
    """Whether a boundary or a session policy took away what the identity policies allow."""
    store = iam._users if principal.type == "User" else iam._roles
    name = principal.arn.split("/")[1] if "/" in principal.arn else ""
    bounded = bool((store.get_scoped(principal.account, None, name) or {}).get("PermissionsBoundary"))
    if bounded and iam_evaluator.evaluate(context, principal.limits[0]).decision != "Allow":
        return "boundary"
    return "session"
