"""Processing, training and transform jobs as the API shows them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker import events, images
from sandbox.sagemaker.launcher import Launcher
from sandbox.sagemaker.listing import Listing, filtered, page
from sandbox.sagemaker.models import Models
from sandbox.sagemaker.scope import Request, Scope
from sandbox.sagemaker.state import Document, StateClosedError
from sandbox.sagemaker.tags import Tags

STOPPED_REASON = "InternalServerError: The sandbox stopped while this job ran."
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html; transform jobs have none.
_DEFAULT_LIMIT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Family:
    """One of the three kinds of job."""

    noun: str  # ProcessingJob
    kind: str  # processing-job
    started: str  # member that holds the start time
    ended: str

    @property
    def listing(self) -> Listing:
        """How jobs of the family are listed."""
        return Listing(
            member=f"{self.noun}Summaries",
            name=f"{self.noun}Name",
            identity=f"{self.noun}Arn",
            sort={"Name": f"{self.noun}Name", "CreationTime": "CreationTime", "Status": f"{self.noun}Status"},
        )


FAMILIES = (
    Family("ProcessingJob", "processing-job", "ProcessingStartTime", "ProcessingEndTime"),
    Family("TrainingJob", "training-job", "TrainingStartTime", "TrainingEndTime"),
    Family("TransformJob", "transform-job", "TransformStartTime", "TransformEndTime"),
)


class Jobs:
    """Create, describe, list and stop jobs, and wait for them."""

    def __init__(self, scope: Scope, tags: Tags, models: Models, launcher: Launcher) -> None:
        self._scope = scope
        self._state = scope.state
        self._tags = tags
        self._models = models
        self._launcher = launcher
        self._ended: dict[str, threading.Event] = {}

    def find(self, family: Family, request: Request) -> Document:
        """The job that the request names in the caller's account. Raises :class:`ServiceError`."""
        arn = request.own(family.kind, request.parameters[f"{family.noun}Name"])
        job = self._state.get(family.kind, str(arn))
        if job is None:
            raise ServiceError("ResourceNotFound", f"Requested resource not found: {arn}", 404)
        return job

    def create(self, family: Family, request: Request) -> Document:
        """Accept a job and start it; it runs in a process of its own."""
        parameters = request.parameters
        name = parameters[f"{family.noun}Name"]
        arn = str(request.own(family.kind, name))
        plan = {"kind": family.kind, "name": name, "arn": arn, "region": request.region, "request": parameters}
        if family.kind == "transform-job":
            model = self._models.find(request)
            plan["model"] = {**model["Runs"], "EnableNetworkIsolation": model["EnableNetworkIsolation"]}
        role_arn = parameters.get("RoleArn") or model["ExecutionRoleArn"]
        image_uri = _image(family, parameters, plan)
        self._refuse_existing(family, arn)
        host = self._scope.host
        credentials = host.credentials_for_service(
            service="sagemaker.amazonaws.com", role_arn=role_arn, session_name="SageMaker", source_arn=arn
        )
        now = host.now()
        plan["epoch"] = int(now)
        with self._state.lock:
            self._refuse_existing(family, arn)
            self._tags.attach(arn, parameters)
            self._ended[arn] = threading.Event()
            document = self._state.put(family.kind, arn, _new(family, parameters, arn, now))
        self._emit(family, document)
        refused = images.refusal(family.kind, image_uri)
        if refused:
            self._finish(family, arn, {"Status": "Failed", "FailureReason": refused})
            return {f"{family.noun}Arn": arn}
        limit = parameters.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DEFAULT_LIMIT_SECONDS)
        try:
            self._launcher.launch(
                plan,
                credentials=credentials,
                endpoint_url=host.endpoint_url,
                limit_seconds=limit,
                finished=lambda result: self._finish(family, arn, result),
            )
        except OSError as error:
            self._finish(family, arn, {"Status": "Failed", "FailureReason": f"InternalServerError: {error}"})
        if (self._state.get(family.kind, arn) or {}).get(f"{family.noun}Status") == "Stopping":
            self._launcher.stop(arn)  # asked for before the launcher knew the job
        return {f"{family.noun}Arn": arn}

    def _refuse_existing(self, family: Family, arn: str) -> None:
        if self._state.get(family.kind, arn) is not None:
            kind = family.kind.replace("-", " ")
            raise ServiceError(
                "ResourceInUse",
                f"Job name must be unique within an AWS account and region, and a {kind} with this name already exists"
                f" ({arn})",
            )

    def describe(self, family: Family, request: Request) -> Document:
        """Describe a job."""
        return self._scope.api.answer(f"Describe{family.noun}", self.find(family, request))

    def list(self, family: Family, request: Request) -> Document:
        """List jobs of the caller's account."""
        listing = family.listing
        jobs = self._state.documents(family.kind, request.own_prefix(family.kind))
        jobs = filtered(jobs, request.parameters, name=listing.name, status=f"{family.noun}Status")
        kept, token = page(jobs, request.parameters, listing)
        summaries = self._scope.api.summaries(request.operation, listing.member, kept)
        return {listing.member: summaries, **({"NextToken": token} if token else {})}

    def stop(self, family: Family, request: Request) -> Document:
        """Begin to stop a job; one that has ended stays as it is."""
        with self._state.lock:
            job = self.find(family, request)
            status, arn = job[f"{family.noun}Status"], job[f"{family.noun}Arn"]
            if status not in ("InProgress", "Stopping"):
                if family.kind == "processing-job":
                    return {}
                raise ServiceError("ValidationException", f"The job is in status {status} and cannot be stopped.")
            changes = {f"{family.noun}Status": "Stopping", "LastModifiedTime": self._scope.host.now()}
            if family.kind == "training-job":
                changes["SecondaryStatus"] = "Stopping"
            document = self._state.change(family.kind, arn, **changes)
        self._emit(family, document)
        self._launcher.stop(arn)
        return {}

    def wait(self, arn: str) -> None:
        """Return when a job has ended."""
        ended = self._ended.get(arn)
        if ended is not None:
            ended.wait()

    def recover(self) -> None:
        """Mark as failed what an earlier process left running."""
        for family in FAMILIES:
            for job in self._state.documents(family.kind):
                if job[f"{family.noun}Status"] in ("InProgress", "Stopping"):
                    arn = job[f"{family.noun}Arn"]
                    self._finish(family, arn, {"Status": "Failed", "FailureReason": STOPPED_REASON}, emit=False)

    def _finish(self, family: Family, arn: str, result: Document, *, emit: bool = True) -> None:
        now = self._scope.host.now()
        changes = {
            f"{family.noun}Status": result["Status"],
            "FailureReason": result.get("FailureReason"),
            "ExitMessage": result.get("ExitMessage"),
            family.ended: now,
            "LastModifiedTime": now,
        }
        try:
            with self._state.lock:
                job = self._state.get(family.kind, arn) or {}
                started = now - result["Seconds"] if "Seconds" in result else job["CreationTime"]
                changes[family.started] = max(started, job["CreationTime"])
                if family.kind == "training-job":
                    changes.update(_trained(job, result, started, now))
                document = self._state.change(family.kind, arn, **changes)
            if emit:
                self._emit(family, document)
        except StateClosedError:
            pass
        finally:
            ended = self._ended.pop(arn, None)
            if ended is not None:
                ended.set()

    def _emit(self, family: Family, document: Document) -> None:
        arn = document[f"{family.noun}Arn"]
        description = self._scope.api.answer(f"Describe{family.noun}", document)
        events.emit_job(self._scope.host, family.kind, arn, description, self._tags.of(arn))


def _image(family: Family, parameters: Document, plan: Document) -> str:
    if family.kind == "processing-job":
        image = parameters["AppSpecification"]["ImageUri"]
    elif family.kind == "training-job":
        image = parameters["AlgorithmSpecification"].get("TrainingImage", "")
        script = parameters.get("HyperParameters", {}).keys() & {"sagemaker_program", "sagemaker_submit_directory"}
        if images.repository(image) == images.SCIKIT_LEARN or script:
            raise ServiceError(
                "ValidationException",
                "The sandbox trains with built-in algorithms only, not with a script of yours (script mode).",
            )
    else:
        image = plan["model"].get("Image", "")
    return str(image)


def _new(family: Family, parameters: Document, arn: str, now: float) -> Document:
    document = {
        **{name: value for name, value in parameters.items() if name != "Tags"},
        f"{family.noun}Arn": arn,
        f"{family.noun}Status": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    if family.kind == "training-job":
        document["SecondaryStatus"] = "Starting"
        document["SecondaryStatusTransitions"] = [
            {"Status": "Starting", "StartTime": now, "StatusMessage": "Starting the training job"}
        ]
        document.setdefault("EnableNetworkIsolation", False)
        document.setdefault("EnableInterContainerTrafficEncryption", False)
        document["EnableManagedSpotTraining"] = False
    return document


def _trained(job: Document, result: Document, started: float, now: float) -> Document:
    """What a training job's description gains when it ends."""
    changes: dict[str, Any] = {
        "SecondaryStatus": result.get("StoppedBecause") or result["Status"],
        "TrainingTimeInSeconds": max(1, round(now - started)),
        "BillableTimeInSeconds": max(1, round(now - started)),
    }
    transitions = [{**job["SecondaryStatusTransitions"][0], "EndTime": started}]
    moment = started
    for phase, seconds in result.get("Phases", {}).items():
        end = min(moment + seconds, now)
        transitions.append({"Status": phase, "StartTime": moment, "EndTime": end, "StatusMessage": phase})
        moment = end
    final = changes["SecondaryStatus"]
    transitions.append({"Status": final, "StartTime": now, "EndTime": now, "StatusMessage": f"Training job {final}"})
    changes["SecondaryStatusTransitions"] = transitions
    if result["Status"] == "Completed":
        changes["ModelArtifacts"] = {"S3ModelArtifacts": result["ModelArtifact"]}
        changes["FinalMetricDataList"] = [
            {"MetricName": name, "Value": value, "Timestamp": now} for name, value in result["Metrics"].items()
        ]
    return changes
