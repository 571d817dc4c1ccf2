"""The IAM action that a request needs, where ministack has none or a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.loaders

from sandbox.emulator.settings import SERVICES

# Operations that IAM knows under another name: one statement per API in
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_OTHER_NAMES = {
    "kms:ReEncrypt": "kms:ReEncryptFrom",
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeAsync": "lambda:InvokeFunction",
    "lambda:InvokeWithResponseStream": "lambda:InvokeFunction",
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
_NAMESPACES = {"monitoring": "cloudwatch", "tagging": "tag"}
_RPC_PATH = re.compile(r"^/service/[^/]+/operation/(\w+)$")

Extract = Callable[..., str | None]


def iam_action(original: Extract) -> Extract:
    """Complete ministack's mapping: no request to a service that the project uses is left without an action."""

    def extract(*asked: Any) -> str | None:
        service, method, path = asked[:3]
        namespace = _NAMESPACES.get(service, service)
        found: str | None
        rpc = _RPC_PATH.match(path)
        if service == "lambda":
            operation = _rest_operation(service, method, path, asked[5])
            found = f"lambda:{operation}" if operation else None
        elif rpc:
            found = f"{namespace}:{rpc.group(1)}"
        else:
            found = original(*asked)
        if found is None and service in (*SERVICES, "sagemaker"):
            # ministack serves a request without an action unasked. Refuse it to all but those who may do anything.
            return f"{namespace}:UnknownOperation"
        return _OTHER_NAMES.get(found, found) if found else None

    return extract


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], set[str], str]]:
    """Method, path, fixed query names and operation of a REST API, the most specific first."""
    model = botocore.loaders.create_loader().load_service_model(service, "service-2")
    routes = []
    for name, operation in model["operations"].items():
        uri, _, fixed = operation["http"]["requestUri"].partition("?")
        pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(uri.rstrip("/")))
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        names = {pair.partition("=")[0] for pair in fixed.split("&") if pair}
        routes.append((operation["http"]["method"], re.compile(f"^{pattern}$"), names, name))
    return sorted(
        routes, key=lambda route: (-len(route[2]), -route[1].pattern.count("/"), route[1].pattern.count("[^/]+"))
    )


def _rest_operation(service: str, method: str, path: str, query: dict[str, Any]) -> str | None:
    trimmed = path.rstrip("/")
    for verb, pattern, names, operation in _routes(service):
        if verb == method and pattern.match(trimmed) and names <= query.keys():
            return operation
    return None
