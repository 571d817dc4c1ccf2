"""A batch transform job on its instance: a model's artifact, applied to each object of the input."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from typing import Any

from sandbox.sagemaker.container import SOURCE, Container, JobFailedError
from sandbox.sagemaker.storage import Storage

Document = dict[str, Any]
_DEFAULT_PAYLOAD_MB = 6  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html


def run(job: Document, container: Container, storage: Storage, phase_ended: Callable[[str], None]) -> Document:
    """Load, predict, upload; what the job's description gains. Raises :class:`JobFailedError`."""
    request, model = job["request"], job["model"]
    source, target = request["TransformInput"], request["TransformOutput"]
    if source.get("ContentType") != "text/csv" or target.get("Accept", "text/csv") != "text/csv":
        raise JobFailedError("ClientError: The sandbox transforms text/csv into text/csv only.")
    if "ModelDataUrl" not in model:
        raise JobFailedError("ClientError: The model has no ModelDataUrl.")
    packed = storage.download(model["ModelDataUrl"], container.root / "packed")
    try:
        with tarfile.open(packed[0]) as archive:
            archive.extractall(container.root / "model", filter="data")
    except tarfile.TarError as error:
        raise JobFailedError(f"ClientError: {model['ModelDataUrl']} is not a tar.gz archive: {error}") from None
    folder = container.root / "batch"
    inputs = storage.download(source["DataSource"]["S3DataSource"]["S3Uri"], folder)
    phase_ended("Downloading")
    container.configure(
        "config/transform.json",
        {
            "Files": [path.relative_to(folder).as_posix() for path in inputs],
            "SplitType": source.get("SplitType", "None"),
            "AssembleWith": target.get("AssembleWith", "None"),
            "BatchStrategy": request.get("BatchStrategy", "MultiRecord"),
            "MaxPayloadBytes": request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB) * 1024 * 1024,
        },
    )
    container.run(
        ["python3", "-m", "sandbox.sagemaker.algorithms.xgboost_transform", "/opt/ml"],
        {**model.get("Environment", {}), **request.get("Environment", {}), **SOURCE},
        isolated=True,
        failure_file="failure",
    )
    phase_ended("Transforming")
    storage.upload(container.root / "transformed", target["S3OutputPath"], target.get("KmsKeyId"))
    phase_ended("Uploading")
    return {}
