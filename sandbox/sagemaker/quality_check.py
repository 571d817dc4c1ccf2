"""QualityCheck steps: Model Monitor's analyzer as a processing job, and which baseline the step goes by.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-quality-clarify-baseline-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.sagemaker.definition import Step
from sandbox.sagemaker.state import Document

MEMBERS = frozenset(
    {
        "CheckType",
        "ModelPackageGroupName",
        "SkipCheck",
        "FailOnViolation",
        "RegisterNewBaseline",
        "SuppliedBaselineStatistics",
        "SuppliedBaselineConstraints",
    }
)
PROPERTIES = (
    "CalculatedBaselineConstraints",
    "CalculatedBaselineStatistics",
    "BaselineUsedForDriftCheckConstraints",
    "BaselineUsedForDriftCheckStatistics",
)
_FOLDER = "/opt/ml/processing/baseline"
_KINDS = ("Statistics", "Constraints")


def problems(step: Step) -> Iterator[str]:
    """What the sandbox does not do for a step, said when its pipeline is made."""
    document = step.document
    if document.get("CheckType") != "DATA_QUALITY":
        yield f"The sandbox's QualityCheck steps have CheckType DATA_QUALITY, not {document.get('CheckType')}"
    supplied = [document.get(f"SuppliedBaseline{kind}") for kind in _KINDS]
    if not document.get("SkipCheck") and not all(supplied):
        yield "The sandbox checks against a supplied baseline only: give its statistics and constraints"


def with_baseline(arguments: Document, settings: Document) -> Document:
    """The job's arguments with the supplied baseline as inputs, where there is something to check."""
    if settings["SkipCheck"]:
        return arguments
    inputs, environment = list(arguments.get("ProcessingInputs", [])), dict(arguments.get("Environment", {}))
    for kind in _KINDS:
        uri, folder = settings[f"SuppliedBaseline{kind}"], f"{_FOLDER}/{kind.lower()}"
        source = {"S3Uri": uri, "LocalPath": folder, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        inputs.append({"InputName": f"baseline-{kind.lower()}", "S3Input": source})
        environment[f"baseline_{kind.lower()}"] = f"{folder}/{uri.rpartition('/')[2]}"
    return {**arguments, "ProcessingInputs": inputs, "Environment": environment}


def violation_report(job: Document) -> str:
    """Where the job wrote what it found."""
    return f"{_output(job)}/constraint_violations.json"


def outcome(settings: Document, job: Document) -> tuple[Document, Document]:
    """The step's metadata and its properties, once its job has succeeded."""
    properties = {f"CalculatedBaseline{kind}": f"{_output(job)}/{kind.lower()}.json" for kind in _KINDS}
    for kind in _KINDS:
        supplied = settings[f"SuppliedBaseline{kind}"]
        new = properties[f"CalculatedBaseline{kind}"]
        used = new if settings["RegisterNewBaseline"] or not supplied else supplied
        properties[f"BaselineUsedForDriftCheck{kind}"] = used
    metadata = {
        "CheckType": settings["CheckType"],
        "CheckJobArn": job["ProcessingJobArn"],
        "SkipCheck": bool(settings["SkipCheck"]),
        "RegisterNewBaseline": bool(settings["RegisterNewBaseline"]),
        **({"ModelPackageGroupName": settings["ModelPackageGroupName"]} if settings["ModelPackageGroupName"] else {}),
        **properties,
    }
    return metadata, properties


def _output(job: Document) -> str:
    uri: str = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    return uri.rstrip("/")
