"""Lambda's asynchronous invocations: queued, run, tried again after one and two minutes, then handed on as failed.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, lambda_svc

from sandbox.emulator.clock import Clock, iso
from sandbox.emulator.service_callers import RefusedError, RoleCallers
from sandbox.emulator.targets import TargetError, Targets, kind_of
from sandbox.emulator.timeline import Fired
from sandbox.sagemaker.state import Document, State, StateClosedError

logger = logging.getLogger("sandbox.invocations")

KIND = "invocation"
SERVICE = "lambda.amazonaws.com"
_RETRY_ATTEMPTS, _EVENT_AGE_SECONDS = 2, 21600  # Lambda's defaults
_RETRY_SECONDS = 60.0
_THROTTLED_SECONDS, _GREATEST_THROTTLED_SECONDS = 1.0, 300.0
_ERROR_MESSAGE_BYTES = 1024
_AT_ONCE = 16


class Invocations:
    """The queue of asynchronous invocations, each kept until it has ended, so that a restart loses none."""

    def __init__(self, state: State, clock: Clock, roles: RoleCallers) -> None:
        self._state = state
        self._clock = clock
        self._roles = roles
        self.targets: Targets | None = None  # where failures go; the targets in turn invoke functions
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}

    def running(self) -> list[str]:
        """What runs at the moment, in words."""
        with self._lock:
            return [f"function {arn.rpartition(':function:')[2]}" for arn in self._running.values()]

    def accept(self, function_arn: str, event: Any) -> None:
        """Queue an event for a function, and run it soon."""
        invocation = {
            "id": str(uuid.uuid4()),
            "arn": function_arn,
            "event": event,
            "accepted_at": self._clock.now(),
            "attempts": 0,
            "throttles": 0,
            "due": None,
        }
        self._state.put(KIND, invocation["id"], invocation)
        self._submit(invocation)

    def resume(self) -> None:
        """Run again what an earlier process left in the middle."""
        for invocation in self._state.documents(KIND):
            if invocation["due"] is None:
                self._submit(invocation)

    def due(self) -> float | None:
        waiting = (invocation["due"] for invocation in self._state.documents(KIND))
        return min((due for due in waiting if due is not None), default=None)

    def fire(self, moment: float) -> list[Fired]:
        fired = []
        for invocation in self._state.documents(KIND):
            if invocation["due"] is not None and invocation["due"] <= moment:
                self._state.put(KIND, invocation["id"], {**invocation, "due": None})
                self._submit(invocation)
                name = invocation["arn"].rpartition(":function:")[2]
                fired.append(Fired(at=invocation["due"], kind="invocation", name=name, target=invocation["arn"]))
        return fired

    def _submit(self, invocation: Document) -> None:
        with self._lock:
            self._running[invocation["id"]] = invocation["arn"]
        # A thread of a pool would keep the stopping server alive for as long as its function runs.
        threading.Thread(target=self._run, args=(invocation,), name="invocation", daemon=True).start()

    def _run(self, invocation: Document) -> None:
        _, _, _, region, account, _ = invocation["arn"].split(":", 5)
        try:
            with self._slots, request_scope(account, region):
                self._attempt(invocation)
        except StateClosedError:
            logger.info("The sandbox stops; %s is run again at the next start", invocation["arn"])
        except Exception:
            logger.exception("The invocation of %s could not be run", invocation["arn"])
            self._state.delete(KIND, invocation["id"])
        finally:
            with self._lock:
                self._running.pop(invocation["id"], None)

    def _attempt(self, invocation: Document) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(invocation["arn"])
        if function is None or config is None:
            logger.warning("Function %s is gone; its event is dropped", invocation["arn"])
            self._state.delete(KIND, invocation["id"])
            return
        record = lambda_svc._execution_record_for_config(function, config)
        started = self._clock.now()
        result = lambda_svc._execute_function_with_config_scope(record, invocation["event"])
        throttled = bool(result.get("throttle"))
        error = bool(result.get("error")) and not throttled
        duration = (self._clock.now() - started) * 1000
        lambda_svc._emit_lambda_metrics(name, duration_ms=duration, error=error, throttle=throttled)
        settings = lambda_svc._event_invoke_config(function, None) or {}
        if throttled or error:
            self._failed(invocation, config, settings, result)
        else:
            self._state.delete(KIND, invocation["id"])
            self._hand_on(invocation, config, settings, result, "Success")

    def _failed(self, invocation: Document, config: Document, settings: Document, result: Document) -> None:
        attempts, throttles, now = invocation["attempts"], invocation["throttles"], self._clock.now()
        if result.get("throttle"):
            throttles += 1
            delay = min(_THROTTLED_SECONDS * 2 ** min(throttles, 10), _GREATEST_THROTTLED_SECONDS)
        else:
            attempts += 1
            delay = _RETRY_SECONDS * attempts
        changed = {**invocation, "attempts": attempts, "throttles": throttles}
        allowed = settings.get("MaximumRetryAttempts")
        if attempts > (_RETRY_ATTEMPTS if allowed is None else allowed):
            condition = "RetriesExhausted"
        elif now + delay - invocation["accepted_at"] > (settings.get("MaximumEventAgeInSeconds") or _EVENT_AGE_SECONDS):
            condition = "EventAgeExceeded"
        else:
            self._state.put(KIND, invocation["id"], {**changed, "due": now + delay})
            return
        self._hand_on(changed, config, settings, result, condition)
        self._state.delete(KIND, invocation["id"])

    def _hand_on(self, invocation: Document, config: Document, settings: Document, result: Document, how: str) -> None:
        """Send the record to the destination; a failed event also to the dead-letter queue."""
        wanted = "OnSuccess" if how == "Success" else "OnFailure"
        destination = ((settings.get("DestinationConfig") or {}).get(wanted) or {}).get("Destination")
        if destination:
            self._send(config, destination, _record(invocation, result, how, iso(self._clock.now())), {})
        queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        if queue and how != "Success":
            message = str((result.get("body") or {}).get("errorMessage") or (result.get("body") or {}).get("message"))
            attributes = {
                "RequestID": invocation["id"],
                "ErrorCode": "429" if result.get("throttle") else "200",
                "ErrorMessage": message.encode()[:_ERROR_MESSAGE_BYTES].decode(errors="ignore"),
            }
            self._send(config, queue, json.dumps(invocation["event"]), attributes)

    def _send(self, config: Document, arn: str, body: str, attributes: dict[str, str]) -> None:
        region = arn.split(":")[3]
        try:
            if self.targets is None:
                raise TargetError("SDK_CLIENT_ERROR", "NotReady", "no targets are installed")
            caller = self._roles.get(config["Role"], SERVICE, config["FunctionArn"], region)
            if kind_of(arn) == "sqs":
                self.targets.send_dead_letter(caller, arn, body, attributes)
            else:
                self.targets.call(caller, {"Arn": arn}, body, token="", event=None)
        except (RefusedError, TargetError) as error:
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html: DeadLetterErrors
            logger.warning("%s: the event could not be sent to %s: %s", config["FunctionArn"], arn, error)
            function = {"FunctionName": config["FunctionName"]}
            cloudwatch.record_metric("AWS/Lambda", "DeadLetterErrors", 1, "Count", function)


def _record(invocation: Document, result: Document, condition: str, moment: str) -> str:
    """The invocation record that a destination gets."""
    failed = {"functionError": result.get("function_error") or "Unhandled"} if condition != "Success" else {}
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": moment,
            "requestContext": {
                "requestId": invocation["id"],
                "functionArn": f"{invocation['arn']}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": max(invocation["attempts"], 1),
            },
            "requestPayload": invocation["event"],
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", **failed},
            "responsePayload": result.get("body"),
        },
        default=str,
    )
