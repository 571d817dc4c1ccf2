"""Errors as the engine understands them, among them that of a resource that was made in part."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import grpc  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.provider.protocol import provider_pb2, status_pb2
from sandbox.provider.wire import UNKNOWN, Data, dump


class RefusedError(Exception):
    """An answer that the engine shows as the error of the resource or provider."""


class PartlyMadeError(RefusedError):
    """A resource that exists at AWS without all of its settings."""

    def __init__(self, resource_id: str, state: Data, inputs: Data, reason: str) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.state = state
        self.inputs = inputs


def reason(error: Exception) -> str:
    """An error's text, AWS's code and message included."""
    if isinstance(error, ClientError):
        detail = error.response["Error"]
        return f"{error.operation_name}: api error {detail.get('Code')}: {detail.get('Message')}"
    return str(error)


def answer(context: Any, doing: str, work: Callable[[], Any]) -> Any:
    """Do the work; what goes wrong ends the call with the text that the engine shows."""
    try:
        return work()
    except PartlyMadeError as error:
        _abort_partly_made(context, error, doing)
    except (ClientError, BotoCoreError, RefusedError) as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{doing}: {reason(error)}")
    except Exception as error:
        logging.getLogger("provider").exception(doing)
        context.abort(grpc.StatusCode.INTERNAL, f"{doing}: {type(error).__name__}: {error}")


def _abort_partly_made(context: Any, error: PartlyMadeError, doing: str) -> None:
    """Tell the engine to keep the resource, so that the next update or destroy finds it."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=dump({name: value for name, value in error.state.items() if value is not UNKNOWN}),
        inputs=dump(error.inputs),
        reasons=[f"{doing}: {error}"],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=f"{doing}: {error}")
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, status.message)
