"""The sandbox's SageMaker as one of ministack's services."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from typing import Any

from ministack import app
from ministack.core import iam_evaluator, router
from ministack.core.iam_actions import SERVICE_TO_IAM_NAMESPACE
from ministack.core.responses import get_account_id, get_region

from sandbox.emulator import passed_roles
from sandbox.emulator.request import Check, Request
from sandbox.host import Caller, ServiceError
from sandbox.sagemaker import authorization as sagemaker_authorization
from sandbox.sagemaker.service import SageMakerService

logger = logging.getLogger("sandbox.sagemaker")

Response = tuple[int, dict[str, str], bytes]


class SageMakerAdapter:
    """What ministack asks of a service module; SageMaker keeps its own state, so ministack saves none for it."""

    def __init__(self, service: SageMakerService) -> None:
        self._service = service

    async def handle_request(
        self, _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
    ) -> Response:
        """Answer in a thread: the service calls back into this server while it works."""
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            parameters = json.loads(body or b"{}")
        except ValueError:
            return _error("SerializationException", "The request's body is not JSON.", 400)
        caller = Caller(account_id=get_account_id(), arn=iam_evaluator.caller_arn())
        try:
            answer = await asyncio.to_thread(self._service.dispatch, caller, get_region(), operation, parameters)
        except ServiceError as error:
            return _error(error.code, error.message, error.status)
        except Exception:
            logger.exception("SageMaker %s failed", operation)
            return _error("InternalFailure", "The sandbox's SageMaker failed; its log says why.", 500)
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()

    def get_state(self) -> None:
        return None

    def load_persisted_state(self, _data: Any) -> None:
        return None

    def reset(self) -> None:
        return None


def register(service: SageMakerService) -> None:
    """Route SageMaker's requests to the service, and have IAM judge them."""
    adapter = SageMakerAdapter(service)
    app._loaded_modules["sagemaker"] = adapter
    app.SERVICE_REGISTRY["sagemaker"] = {"module": "sagemaker"}
    app.SERVICE_HANDLERS["sagemaker"] = adapter.handle_request
    router.SERVICE_PATTERNS["sagemaker"] = {"host_patterns": [r"sagemaker\."], "target_prefixes": ["SageMaker."]}
    SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"


def checks(request: Request) -> list[Check]:
    """What a SageMaker request needs: the action on each resource, then ``iam:PassRole`` on each role."""
    context = sagemaker_authorization.condition_context(request.operation, request.document)
    try:
        arns = sagemaker_authorization.resource_arns(
            request.account_id, request.region, request.operation, request.document
        )
    except ServiceError:
        arns = ["*"]  # a malformed name, which the service reports to those who may call it at all
    dependent = sagemaker_authorization.dependent_actions(request.operation, request.document)
    roles = sagemaker_authorization.passed_roles(request.operation, request.document)
    return [
        *(
            Check(action=action, resource_arn=arn, context=context)
            for arn in arns
            for action in (request.action, *dependent)
        ),
        *(passed_roles.pass_role(role, "sagemaker.amazonaws.com") for role in roles),
    ]


def _error(code: str, message: str, status: int) -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return status, headers, json.dumps({"__type": code, "message": message}).encode()
