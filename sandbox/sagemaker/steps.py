"""Runs one step: its arguments resolved, its call made as the pipeline's role, its job waited for."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import string
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions

from sandbox.host import ServiceError
from sandbox.sagemaker import conditions, quality_check
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.clients import RoleClients
from sandbox.sagemaker.definition import Definition, Step, has_type
from sandbox.sagemaker.events import iso
from sandbox.sagemaker.expressions import ExpressionError, Resolver, walk
from sandbox.sagemaker.jobs import Jobs
from sandbox.sagemaker.scope import Scope
from sandbox.sagemaker.state import Document
from sandbox.sagemaker.step_rules import CALLS, ROLE_ARGUMENT

_ALPHABET = string.ascii_letters + string.digits
_NAME_LIMIT = 63
_REASON_LIMIT = 3072
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "SlowDown"}
Report = Callable[[Document], None]


class StepFailedError(Exception):
    """A step's attempt failed; ``exception_type`` is what a retry policy may name."""

    def __init__(self, reason: str, exception_type: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason[:_REASON_LIMIT]
        self.exception_type = exception_type


class StepStoppedError(Exception):
    """The step's job was stopped, because the execution is."""


class StepRunner:
    """Runs the steps of one execution."""

    def __init__(
        self,
        *,
        scope: Scope,
        jobs: Jobs,
        clients: RoleClients,
        execution: Document,
        definition: Definition,
        properties: Callable[[str], Document],
    ) -> None:
        self._jobs = jobs
        self._clients = clients
        self._definition = definition
        self._properties = properties
        self._role_arn = execution["RoleArn"]
        self._execution_arn: str = execution["PipelineExecutionArn"]
        self._id = self._execution_arn.rpartition("/")[2]
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._active: dict[str, tuple[str, str]] = {}  # step name -> noun and job name
        self._resolver = Resolver(
            parameters=execution["Parameters"],
            execution=_Variables(scope, execution),
            step_properties=properties,
            read_property_file=self._read_property_file,
            read_json=self._read_json,
        )

    def run(self, step: Step, report: Report) -> Document:
        """One attempt; the answer is the step's properties. Raises the errors above."""
        try:
            if step.type == "Condition":
                return self._condition(step, report)
            if step.type == "Fail":
                message = self._resolver.resolve(step.arguments.get("ErrorMessage", ""))
                report({"Fail": {"ErrorMessage": message}})
                raise StepFailedError(message)
            if step.type == "Lambda":
                return self._lambda(step, report)
            if step.type == "QualityCheck":
                return self._quality_check(step, report)
            return self._call(step, self.arguments(step), report)
        except ExpressionError as error:
            raise StepFailedError(f"ClientError: {error}.") from None
        except ServiceError as error:
            raise StepFailedError(f"ClientError: {error.message}") from None

    def arguments(self, step: Step) -> Document:
        """The step's arguments as this execution resolves them. Raises :class:`StepFailedError`."""
        try:
            resolved: Document = self._resolver.resolve(step.arguments)
        except ExpressionError as error:
            raise StepFailedError(f"ClientError: {error}.") from None
        return resolved

    def stop(self) -> None:
        """Stop the jobs that run, as the pipeline's role."""
        self._stopping.set()
        with self._lock:
            active = list(self._active.values())
        for noun, name in active:
            with contextlib.suppress(botocore.exceptions.ClientError, ServiceError, StepFailedError):
                self._send("sagemaker", f"Stop{noun}", {f"{noun}Name": name})

    def _condition(self, step: Step, report: Report) -> Document:
        outcome = all(conditions.holds(one, self._resolver) for one in step.arguments["Conditions"])
        report({"Condition": {"Outcome": str(outcome)}})
        return {"Outcome": str(outcome)}

    def _quality_check(self, step: Step, report: Report) -> Document:
        given = {name: value for name, value in step.document.items() if name in quality_check.MEMBERS}
        settings: Document = dict.fromkeys(quality_check.MEMBERS) | self._resolver.resolve(given)
        arguments = quality_check.with_baseline(self.arguments(step), settings)
        told: Document = {}
        job = self._call(step, arguments, told.update)
        metadata, properties = quality_check.outcome(settings, job)
        if not settings["SkipCheck"]:
            found = len(self._read_json(quality_check.violation_report(job))["violations"])
            if found:
                metadata["ViolationReport"] = quality_check.violation_report(job)
            report({"QualityCheck": metadata})
            if found and settings["FailOnViolation"] is not False:
                raise StepFailedError(f"ClientError: Data quality check failed with {found} violations.")
        report({"QualityCheck": metadata})
        return properties

    def _call(self, step: Step, arguments: Document, report: Report) -> Document:
        operation, name_member, describe = CALLS[step.type]
        if step.type in ROLE_ARGUMENT:
            arguments.setdefault(ROLE_ARGUMENT[step.type], self._role_arn)
        name = ""
        if name_member:
            name = arguments[name_member] = self._name(arguments.get(name_member) or step.name)
        if step.type == "RegisterModel":
            arguments.setdefault("MetadataProperties", {}).setdefault("GeneratedBy", self._execution_arn)
        answer = self._send("sagemaker", operation, arguments)
        arn = next(value for key, value in answer.items() if key.endswith("Arn"))
        noun = operation.removeprefix("Create")
        report({"RegisterModel" if step.type == "RegisterModel" else noun: {"Arn": arn}})
        if step.type in ("Model", "RegisterModel"):
            # Only jobs need Describe permissions: https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-access.html
            return {**arguments, f"{noun}Arn": arn, f"{noun}Name": name or Arn.parse(arn).name}
        with self._lock:
            self._active[step.name] = noun, name
        if self._stopping.is_set():
            self.stop()
        self._jobs.wait(arn)
        with self._lock:
            del self._active[step.name]
        description = self._send("sagemaker", describe, {f"{noun}Name": name})
        return self._ended(description, noun)

    def _ended(self, description: Document, noun: str) -> Document:
        status = description[f"{noun}Status"]
        if status == "Completed":
            properties: Document = json.loads(json.dumps(description, default=lambda moment: moment.timestamp()))
            properties.pop("ResponseMetadata", None)
            return properties
        if status == "Stopped" and self._stopping.is_set():
            raise StepStoppedError
        if status == "Stopped":
            why = (
                description.get("ExitMessage")
                or description.get("SecondaryStatus")
                or "StopTransformJob or its time limit"
            )
            raise StepFailedError(f"ClientError: {noun} {description[f'{noun}Name']} was stopped: {why}")
        reason = description.get("FailureReason", "")
        kinds = {
            "InternalServerError": "SageMaker.JOB_INTERNAL_ERROR",
            "CapacityError": "SageMaker.CAPACITY_ERROR",
            "ResourceLimitExceeded": "SageMaker.RESOURCE_LIMIT",
        }
        raise StepFailedError(reason, kinds.get(reason.partition(":")[0]))

    def _lambda(self, step: Step, report: Report) -> Document:
        arn = self._resolver.resolve(step.document["FunctionArn"])
        report({"Lambda": {"Arn": arn, "OutputParameters": []}})
        payload = json.dumps(self.arguments(step)).encode()
        answer = self._send("lambda", "Invoke", {"FunctionName": arn, "Payload": payload})
        result = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            detail = result.get("errorMessage", result) if isinstance(result, dict) else result
            raise StepFailedError(f"ClientError: Lambda function {arn} failed ({answer['FunctionError']}): {detail}")
        outputs: Document = {}
        for output in step.document.get("OutputParameters") or []:
            name, kind = output["OutputName"], output["OutputType"]
            if not isinstance(result, dict) or not has_type(result.get(name), kind):
                found = result.get(name) if isinstance(result, dict) else result
                raise StepFailedError(
                    f"ClientError: Lambda function {arn} did not return output parameter '{name}' of type {kind},"
                    f" but {found!r}"
                )
            outputs[name] = result[name]
        shown = [{"Name": name, "Value": str(value)[:1024]} for name, value in outputs.items()]
        report({"Lambda": {"Arn": arn, "OutputParameters": shown}})
        return {"OutputParameters": outputs}

    def _send(self, service: str, operation: str, parameters: Document) -> Document:
        client = self._clients.get(service)
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            answer: Document = method(**parameters)
        except botocore.exceptions.ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            status = error.response["ResponseMetadata"].get("HTTPStatusCode", 400)
            kind = None
            if code in _THROTTLED:
                kind = "Step.THROTTLING"
            elif code == "ResourceLimitExceeded":
                kind = "SageMaker.RESOURCE_LIMIT"
            elif status >= 500:
                kind = "Step.SERVICE_FAULT"
            raise StepFailedError(
                f"ClientError: Failed to invoke {service}:{operation}. Error Details: {message}", kind
            ) from None
        except botocore.exceptions.HTTPClientError as error:
            raise StepFailedError(
                f"InternalServerError: {service}:{operation}: {error}", "Step.SERVICE_FAULT"
            ) from None
        return answer

    def _name(self, prefix: str) -> str:
        """``pipelines-<execution id>-<step name>-<random>``, as long as a job's name may be."""
        random = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        room = _NAME_LIMIT - len(f"pipelines-{self._id}--{random}")
        cleaned = re.sub(r"[^a-zA-Z0-9]+", "-", prefix).strip("-")[:room].strip("-") or "step"
        return f"pipelines-{self._id}-{cleaned}-{random}"

    def _read_property_file(self, step_name: str, file_name: str) -> Any:
        files = self._definition.steps[step_name].document["PropertyFiles"]
        file = next(one for one in files if one["PropertyFileName"] == file_name)
        path = ("ProcessingOutputConfig", "Outputs", file["OutputName"], "S3Output", "S3Uri")
        folder = walk(self._properties(step_name), path, f"output {file['OutputName']} of step {step_name}")
        return self._read_json(f"{folder.rstrip('/')}/{file['FilePath']}")

    def _read_json(self, uri: str) -> Any:
        parts = urlsplit(uri)
        answer = self._send("s3", "GetObject", {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")})
        try:
            return json.loads(answer["Body"].read())
        except ValueError as error:
            raise ExpressionError(f"{uri} is not JSON: {error}") from None


class _Variables(dict[str, str]):
    """``Execution.*``; the current time is the time at which it is asked for."""

    def __init__(self, scope: Scope, execution: Document) -> None:
        self._scope = scope
        arn = execution["PipelineExecutionArn"]
        super().__init__(
            PipelineName=execution["PipelineName"],
            PipelineArn=execution["PipelineArn"],
            PipelineExecutionArn=arn,
            PipelineExecutionId=arn.rpartition("/")[2],
            StartDateTime=iso(execution["StartTime"]),
            CurrentDateTime="",
        )

    def __getitem__(self, name: str) -> str:
        return iso(self._scope.host.now()) if name == "CurrentDateTime" else super().__getitem__(name)
