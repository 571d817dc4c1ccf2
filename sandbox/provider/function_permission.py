"""Who may invoke a function: github.com/hashicorp/terraform-provider-aws, internal/service/lambda/permission.go."""

from __future__ import annotations

import json
import secrets
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Property, Resource, is_error
from sandbox.provider.wire import Data, without_none

_GONE = "ResourceNotFoundException"


class Permission(Resource):
    """Its id is the statement's; an import gives ``function/statement``."""

    pulumi_type = "aws:lambda/permission:Permission"
    properties: ClassVar[Fields] = {
        "action": Property(required=True, replaces=True),
        "function": Property(required=True, replaces=True),
        "principal": Property(required=True, replaces=True),
        "qualifier": Property(replaces=True),
        "sourceAccount": Property(replaces=True),
        "sourceArn": Property(replaces=True),
        "statementId": Property(computed=True, replaces=True),
    }
    refused = frozenset(
        {"eventSourceToken", "functionUrlAuthType", "invokedViaFunctionUrl", "principalOrgId", "statementIdPrefix"}
    )

    def create(self, aws: Aws, new: Data) -> str:
        statement = new.get("statementId") or f"terraform-{secrets.token_hex(13)}"
        request = {
            "Action": new["action"],
            "FunctionName": new["function"],
            "Principal": new["principal"],
            "Qualifier": new.get("qualifier"),
            "SourceAccount": new.get("sourceAccount"),
            "SourceArn": new.get("sourceArn"),
            "StatementId": statement,
        }
        aws.client("lambda").add_permission(**without_none(request))
        return str(statement)

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        function, statement_id = self._parts(resource_id, old)
        request = {"FunctionName": function, "Qualifier": old.get("qualifier") or None}
        try:
            policy = json.loads(aws.client("lambda").get_policy(**without_none(request))["Policy"])
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        found: Any = next((s for s in policy["Statement"] if s["Sid"] == statement_id), None)
        if found is None:
            return None
        principal, condition = found["Principal"], found.get("Condition", {})
        if isinstance(principal, dict):
            principal = principal.get("Service") or principal.get("AWS")
        return {
            "action": found["Action"],
            "function": function,
            "principal": principal,
            "qualifier": old.get("qualifier") or "",
            "sourceAccount": _condition(condition, "aws:sourceaccount"),
            "sourceArn": _condition(condition, "aws:sourcearn"),
            "statementId": statement_id,
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        raise NotImplementedError("every property replaces the permission")

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        function, statement_id = self._parts(resource_id, old)
        request = {"FunctionName": function, "StatementId": statement_id, "Qualifier": old.get("qualifier") or None}
        try:
            aws.client("lambda").remove_permission(**without_none(request))
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    def state_id(self, resource_id: str, state: Data) -> str:
        return str(state["statementId"])

    @staticmethod
    def _parts(resource_id: str, old: Data) -> tuple[str, str]:
        if old.get("function"):
            return old["function"], old.get("statementId") or resource_id
        function, _, statement_id = resource_id.rpartition("/")
        return function, statement_id


def _condition(condition: Data, key: str) -> str:
    pairs = [pair for operator in condition.values() for pair in operator.items()]
    return next((str(value) for name, value in pairs if name.lower() == key), "")
