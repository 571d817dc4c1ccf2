"""Pipeline executions as the API shows them: started once per token, described, listed, stopped, retried."""

from __future__ import annotations

import secrets
import string
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker.definition import Definition
from sandbox.sagemaker.engine import Engine
from sandbox.sagemaker.expressions import as_text
from sandbox.sagemaker.listing import Listing, filtered, page
from sandbox.sagemaker.pipelines import EXECUTION, PIPELINE, Pipelines
from sandbox.sagemaker.scope import Request, Scope, user_context
from sandbox.sagemaker.state import Document

_ALPHABET = string.ascii_lowercase + string.digits
_LISTING = Listing(
    member="PipelineExecutionSummaries",
    name="PipelineExecutionDisplayName",
    identity="PipelineExecutionArn",
    sort={"CreationTime": "CreationTime", "PipelineExecutionArn": "PipelineExecutionArn"},
)
_STEPS = Listing(
    member="PipelineExecutionSteps",
    name="StepName",
    identity="StepName",
    default_sort="StartTime",
)


class Executions:
    """Start, describe, list, update, stop and retry executions."""

    def __init__(self, scope: Scope, pipelines: Pipelines, engine: Engine) -> None:
        self._scope = scope
        self._state = scope.state
        self._pipelines = pipelines
        self._engine = engine

    def find(self, request: Request) -> Document:
        """The execution that the request's ARN means in the caller's account."""
        arn = request.parameters.get("PipelineExecutionArn", "")
        execution = self._state.get(EXECUTION, arn)
        if execution is None or not arn.startswith(request.own_prefix(PIPELINE)):
            raise ServiceError("ResourceNotFound", f"Pipeline execution '{arn}' does not exist.", 404)
        return execution

    def start_pipeline_execution(self, request: Request) -> Document:
        """StartPipelineExecution: a repeated ClientRequestToken answers the execution that it started."""
        parameters = request.parameters
        host = self._scope.host
        with self._state.lock:
            pipeline = self._pipelines.find(request, parameters["PipelineName"])
            token_key = f"{pipeline['PipelineArn']}#{parameters['ClientRequestToken']}"
            known = self._state.get("execution-token", token_key)
            if known is not None:
                if known["Request"] != parameters:
                    raise ServiceError(
                        "ConflictException",
                        f"ClientRequestToken {parameters['ClientRequestToken']} was used with other parameters.",
                    )
                return {"PipelineExecutionArn": known["PipelineExecutionArn"]}
            definition = Definition.parse(pipeline["PipelineDefinition"])
            values = definition.overridden(parameters.get("PipelineParameters", []))
            execution_id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
            arn = f"{pipeline['PipelineArn']}/execution/{execution_id}"
            now = host.now()
            self._state.put("definition", arn, {"PipelineDefinition": pipeline["PipelineDefinition"]})
            self._state.put("steps", arn, {})
            self._state.put(EXECUTION, arn, self._new(request, pipeline, arn, values, now))
            self._state.put("execution-token", token_key, {"PipelineExecutionArn": arn, "Request": parameters})
            self._state.change(PIPELINE, pipeline["PipelineArn"], LastRunTime=now)
        self._engine.start(arn)
        return {"PipelineExecutionArn": arn}

    def _new(self, request: Request, pipeline: Document, arn: str, values: dict[str, Any], now: float) -> Document:
        parameters = request.parameters
        optional = {
            "PipelineExecutionDescription": parameters.get("PipelineExecutionDescription"),
            "ParallelismConfiguration": parameters.get(
                "ParallelismConfiguration", pipeline.get("ParallelismConfiguration")
            ),
        }
        return {
            "PipelineArn": pipeline["PipelineArn"],
            "PipelineName": pipeline["PipelineName"],
            "PipelineExecutionArn": arn,
            "PipelineExecutionDisplayName": parameters.get(
                "PipelineExecutionDisplayName", f"execution-{round(now * 1000)}"
            ),
            "PipelineExecutionStatus": "Executing",
            "RoleArn": pipeline["RoleArn"],
            "Parameters": values,
            "CreationTime": now,
            "StartTime": now,
            "LastModifiedTime": now,
            "CreatedBy": user_context(request.caller),
            "LastModifiedBy": user_context(request.caller),
            **{name: value for name, value in optional.items() if value is not None},
        }

    def describe_pipeline_execution(self, request: Request) -> Document:
        """DescribePipelineExecution."""
        return self._scope.api.answer(request.operation, self.find(request))

    def list_pipeline_executions(self, request: Request) -> Document:
        """ListPipelineExecutions of one pipeline."""
        pipeline = self._pipelines.find(request, request.parameters["PipelineName"])
        executions = self._state.documents(EXECUTION, f"{pipeline['PipelineArn']}/execution/")
        executions = filtered(executions, request.parameters, name=_LISTING.name)
        kept, token = page(executions, request.parameters, _LISTING)
        named = [{**one, "PipelineExecutionFailureReason": one.get("FailureReason")} for one in kept]
        summaries = self._scope.api.summaries(request.operation, _LISTING.member, named)
        return {_LISTING.member: summaries, **({"NextToken": token} if token else {})}

    def list_pipeline_execution_steps(self, request: Request) -> Document:
        """ListPipelineExecutionSteps: those that have started, the latest first unless asked otherwise."""
        execution = self.find(request)
        steps = list((self._state.get("steps", execution["PipelineExecutionArn"]) or {}).values())
        kept, token = page(steps, request.parameters, _STEPS)
        summaries = self._scope.api.summaries(request.operation, _STEPS.member, kept)
        return {_STEPS.member: summaries, **({"NextToken": token} if token else {})}

    def list_pipeline_parameters_for_execution(self, request: Request) -> Document:
        """ListPipelineParametersForExecution: every parameter with the value it has."""
        values = self.find(request)["Parameters"]
        shown = [{"Name": name, "Value": as_text(value)} for name, value in values.items()]
        listing = Listing(
            member="PipelineParameters", name="Name", identity="Name", default_sort="Name", default_order="Ascending"
        )
        kept, token = page(shown, request.parameters, listing)
        return {"PipelineParameters": kept, **({"NextToken": token} if token else {})}

    def describe_pipeline_definition_for_execution(self, request: Request) -> Document:
        """DescribePipelineDefinitionForExecution: the definition as it was when the execution started."""
        execution = self.find(request)
        definition = self._state.get("definition", execution["PipelineExecutionArn"]) or {}
        return {**definition, "CreationTime": execution["CreationTime"]}

    def update_pipeline_execution(self, request: Request) -> Document:
        """UpdatePipelineExecution."""
        with self._state.lock:
            arn = self.find(request)["PipelineExecutionArn"]
            changes = {n: v for n, v in request.parameters.items() if n != "PipelineExecutionArn"}
            self._state.change(
                EXECUTION,
                arn,
                **changes,
                LastModifiedTime=self._scope.host.now(),
                LastModifiedBy=user_context(request.caller),
            )
        return {"PipelineExecutionArn": arn}

    def stop_pipeline_execution(self, request: Request) -> Document:
        """StopPipelineExecution: nothing new starts, running jobs are stopped."""
        with self._state.lock:
            execution = self.find(request)
            arn, status = execution["PipelineExecutionArn"], execution["PipelineExecutionStatus"]
            if status == "Stopping":
                return {"PipelineExecutionArn": arn}
            if status != "Executing":
                raise ServiceError(
                    "ValidationException",
                    f"Pipeline execution with ARN {arn} status {status}. Only pipelines with 'Executing' status can be"
                    " stopped.",
                )
            stopping = self._state.change(
                EXECUTION,
                arn,
                PipelineExecutionStatus="Stopping",
                LastModifiedTime=self._scope.host.now(),
                LastModifiedBy=user_context(request.caller),
            )
        self._engine.stop(stopping)
        return {"PipelineExecutionArn": arn}

    def retry_pipeline_execution(self, request: Request) -> Document:
        """RetryPipelineExecution: goes on from the failed or stopped steps, with what succeeded kept."""
        with self._state.lock:
            execution = self.find(request)
            arn, status = execution["PipelineExecutionArn"], execution["PipelineExecutionStatus"]
            if status not in ("Failed", "Stopped"):
                raise ServiceError(
                    "ValidationException",
                    f"Pipeline execution with ARN {arn} status {status}. Only executions with 'Failed' or 'Stopped'"
                    " status can be retried.",
                )
            kept = {
                name: step
                for name, step in (self._state.get("steps", arn) or {}).items()
                if step["StepStatus"] == "Succeeded"
            }
            self._state.put("steps", arn, kept)
            changes = {
                name: request.parameters[name] for name in ("ParallelismConfiguration",) if name in request.parameters
            }
            self._state.change(
                EXECUTION,
                arn,
                **changes,
                PipelineExecutionStatus="Executing",
                FailureReason=None,
                EndTime=None,
                LastModifiedTime=self._scope.host.now(),
                LastModifiedBy=user_context(request.caller),
            )
        self._engine.start(arn, previous=status)
        return {"PipelineExecutionArn": arn}
