"""What is missing, in words and as a statement: the failing hop, the document, and what to write into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tools.access_matrix.universe import Request, Universe

# Circumstances that a new statement should ask for too, rather than grant without.
NARROWING = (
    "kms:ViaService",
    "iam:PassedToService",
    "sagemaker:ModelApprovalStatus",
    "aws:SourceArn",
    "sts:ExternalId",
)


def missing_grants(universe: Universe, request: Request, answer: Mapping[str, Any]) -> list[str]:
    """One sentence for each document that lacks something, with the statement to add; or what forbids the request."""
    platform = universe.platform
    principal, resource = platform.principals[request.principal], platform.resources[request.resource]
    hop = f"{request.principal} → {request.action} on {request.resource} ({request.context})"
    if answer["denials"]:
        by = ", ".join(f"{name or resource['policy']}#{sid}" for _, name, sid in answer["denials"])
        return [f"{hop}: {by} forbids it"]
    sentences = []
    if principal["policies"] and answer["identity"] != "Allowed":
        document = principal["policies"][0].split(":")[0]
        sentences.append(f"{hop}: the policies of {document} lack {_statement(universe, request, in_resource=False)}")
    if asks_resource(universe, request) and answer["resource"] != "Allowed":
        document = resource["policy"] or f"{request.resource} has no policy, and"
        sentences.append(f"{hop}: {document} lacks {_statement(universe, request, in_resource=True)}")
    near = [
        f"{found['sid']} speaks of it, but not for this {' and '.join(found['missed'])}"
        + (f" ({', '.join(found['conditions'])})" if found["conditions"] else "")
        for found in answer["near"]
        if found["missed"] and "principal" not in found["missed"]
    ]
    return [*sentences, *(f"  nearest: {one}" for one in near)]


def asks_resource(universe: Universe, request: Request) -> bool:
    """Whether the resource's own policy must allow: always for roles and keys, else across accounts.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    principal = universe.platform.principals[request.principal]
    resource = universe.platform.resources[request.resource]
    if request.action.startswith("sts:") or ":key/" in resource["arn"]:
        return True
    return bool(principal["account"] != resource["account"])


def _statement(universe: Universe, request: Request, *, in_resource: bool) -> str:
    principal = universe.platform.principals[request.principal]
    resource = universe.platform.resources[request.resource]
    context = universe.contexts[request.context]
    statement: dict[str, Any] = {"Effect": "Allow"}
    conditions: dict[str, dict[str, Any]] = {}
    if in_resource and principal["account"] == "AWS":
        statement["Principal"] = {"Service": principal["arn"]}
    elif in_resource:
        statement["Principal"] = {"AWS": f"arn:aws:iam::{principal['account']}:root"}
        conditions["ArnEquals"] = {"aws:PrincipalArn": principal["arn"]}
    statement["Action"] = request.action
    if ":key/" in resource["arn"]:
        statement["Resource"] = "*" if in_resource else resource["arn"].rsplit("/", 1)[0] + "/*"
        if not in_resource:
            conditions["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": resource["context"]["kms:ResourceAliases"]}
    elif not (in_resource and request.action == "sts:AssumeRole"):
        statement["Resource"] = resource["arn"]
    narrowed = {key: value for key, value in context.items() if key in NARROWING}
    if narrowed:
        conditions["StringEquals"] = narrowed
    if conditions:
        statement["Condition"] = conditions
    return json.dumps(statement)
