"""Pipelines: created and updated with a definition that is checked at once."""

from __future__ import annotations

from sandbox.host import ServiceError
from sandbox.sagemaker import step_rules
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.definition import Definition, refusal
from sandbox.sagemaker.listing import Listing, filtered, page
from sandbox.sagemaker.scope import Request, Scope, user_context
from sandbox.sagemaker.state import Document
from sandbox.sagemaker.tags import Tags

PIPELINE = "pipeline"
EXECUTION = "execution"
RUNNING = ("Executing", "Stopping")
_LISTING = Listing(
    member="PipelineSummaries",
    name="PipelineName",
    identity="PipelineArn",
    sort={"Name": "PipelineName", "CreationTime": "CreationTime"},
)


class Pipelines:
    """Create, describe, update, delete and list pipelines."""

    def __init__(self, scope: Scope, tags: Tags) -> None:
        self._scope = scope
        self._state = scope.state
        self._tags = tags

    def find(self, request: Request, reference: str) -> Document:
        """The pipeline that a name or an ARN means in the caller's account."""
        arn = request.resolve(PIPELINE, reference)
        pipeline = self._state.get(PIPELINE, str(arn))
        if pipeline is None or arn.account_id != request.caller.account_id:
            raise ServiceError("ResourceNotFound", f"Pipeline '{arn}' does not exist.", 404)
        return pipeline

    def create_pipeline(self, request: Request) -> Document:
        """CreatePipeline, idempotent by ClientRequestToken."""
        parameters = request.parameters
        arn = str(request.own(PIPELINE, parameters["PipelineName"]))
        self._check(parameters.get("PipelineDefinition"))
        with self._state.lock:
            known = self._state.get(PIPELINE, arn)
            if known is not None:
                if known["ClientRequestToken"] == parameters["ClientRequestToken"] and parameters == known["Request"]:
                    return {"PipelineArn": arn}
                raise ServiceError(
                    "ValidationException",
                    "Pipeline names must be unique within an AWS account and region. Pipeline with name"
                    f" ({parameters['PipelineName']}) already exists.",
                )
            self._tags.attach(arn, parameters)
            now = self._scope.host.now()
            self._state.put(
                PIPELINE,
                arn,
                {
                    "PipelineDisplayName": parameters["PipelineName"],
                    **{name: value for name, value in parameters.items() if name != "Tags"},
                    "PipelineArn": arn,
                    "PipelineStatus": "Active",
                    "CreationTime": now,
                    "LastModifiedTime": now,
                    "CreatedBy": user_context(request.caller),
                    "LastModifiedBy": user_context(request.caller),
                    "Request": parameters,
                },
            )
        return {"PipelineArn": arn}

    def describe_pipeline(self, request: Request) -> Document:
        """DescribePipeline."""
        return self._scope.api.answer(request.operation, self.find(request, request.parameters["PipelineName"]))

    def update_pipeline(self, request: Request) -> Document:
        """UpdatePipeline; executions that are running keep the definition they started with."""
        parameters = request.parameters
        if "PipelineDefinition" in parameters:
            self._check(parameters["PipelineDefinition"])
        with self._state.lock:
            pipeline = self.find(request, parameters["PipelineName"])
            changes = {name: value for name, value in parameters.items() if name != "PipelineName"}
            self._state.change(
                PIPELINE,
                pipeline["PipelineArn"],
                **changes,
                LastModifiedTime=self._scope.host.now(),
                LastModifiedBy=user_context(request.caller),
            )
        return {"PipelineArn": pipeline["PipelineArn"]}

    def delete_pipeline(self, request: Request) -> Document:
        """DeletePipeline with its executions, refused while one of them runs."""
        with self._state.lock:
            pipeline = self.find(request, request.parameters["PipelineName"])
            arn = pipeline["PipelineArn"]
            executions = self._state.documents(EXECUTION, f"{arn}/execution/")
            if any(execution["PipelineExecutionStatus"] in RUNNING for execution in executions):
                raise ServiceError("ConflictException", f"Pipeline '{arn}' has executions that are still running.")
            for kind in (EXECUTION, "steps", "definition"):
                self._state.delete_all(kind, f"{arn}/execution/")
            self._state.delete_all("execution-token", f"{arn}#")
            self._state.delete(PIPELINE, arn)
            self._tags.forget(arn)
        return {"PipelineArn": arn}

    def list_pipelines(self, request: Request) -> Document:
        """ListPipelines of the caller's account."""
        prefix = request.parameters.get("PipelineNamePrefix", "")
        pipelines = self._state.documents(PIPELINE, request.own_prefix(PIPELINE) + prefix)
        pipelines = filtered(pipelines, request.parameters, name=_LISTING.name)
        kept, token = page(pipelines, request.parameters, _LISTING)
        dated = [{**one, "LastExecutionTime": one.get("LastRunTime")} for one in kept]
        summaries = self._scope.api.summaries(request.operation, _LISTING.member, dated)
        return {_LISTING.member: summaries, **({"NextToken": token} if token else {})}

    def _check(self, text: str | None) -> None:
        if text is None:
            raise refusal("PipelineDefinition must be given.")
        step_rules.check(self._scope.api, Definition.parse(text))


def pipeline_of(execution_arn: str) -> Arn:
    """The pipeline to which an execution's ARN belongs. Raises :class:`ServiceError`."""
    arn = Arn.parse(execution_arn)
    name, separator, _ = arn.name.partition("/execution/")
    if arn.kind != PIPELINE or not separator:
        raise ServiceError("ValidationException", f"Invalid ARN: {execution_arn} is not a pipeline execution")
    return Arn(arn.region, arn.account_id, PIPELINE, name)
