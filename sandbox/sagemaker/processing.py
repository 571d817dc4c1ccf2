"""A processing job on its instance: a script of the user's, between inputs and outputs in S3."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.sagemaker import images
from sandbox.sagemaker.container import SOURCE, Container, JobFailedError
from sandbox.sagemaker.storage import Storage

Document = dict[str, Any]


def run(job: Document, container: Container, storage: Storage, phase_ended: Callable[[str], None]) -> Document:
    """Download, run, upload; what the job's description gains. Raises :class:`JobFailedError`."""
    request = job["request"]
    application = request["AppSpecification"]
    config = {name: value for name, value in request.items() if name != "Tags"}
    container.configure("config/processingjobconfig.json", {"ProcessingJobArn": job["arn"], **config})
    container.configure("config/resourceconfig.json", {"current_host": "algo-1", "hosts": ["algo-1"]})
    command = application.get("ContainerEntrypoint", []) + application.get("ContainerArguments", [])
    failure_file, environment = "message", request.get("Environment", {})
    if images.repository(application["ImageUri"]) == images.MODEL_MONITOR:
        command = ["python3", "-m", "sandbox.sagemaker.algorithms.data_quality", "/opt/ml"]
        failure_file, environment = "failure", {**environment, **SOURCE}
    elif "ContainerEntrypoint" not in application:
        raise JobFailedError("ClientError: This image has no entrypoint in the sandbox: give ContainerEntrypoint.")
    inputs = [one["S3Input"] for one in request.get("ProcessingInputs", []) if "S3Input" in one]
    if inputs:
        with ThreadPoolExecutor(len(inputs)) as pool:
            list(pool.map(lambda one: storage.download(one["S3Uri"], container.path(one["LocalPath"])), inputs))
    configured = request.get("ProcessingOutputConfig", {})
    outputs = [one["S3Output"] for one in configured.get("Outputs", []) if "S3Output" in one]
    for output in outputs:
        container.path(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
    phase_ended("Downloading")
    container.run(
        command,
        environment,
        isolated=request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
        failure_file=failure_file,
    )
    phase_ended("Processing")
    for output in outputs:
        storage.upload(container.path(output["LocalPath"]), output["S3Uri"], configured.get("KmsKeyId"))
    phase_ended("Uploading")
    return {"ExitMessage": container.exit_message()}
