"""A training job on its instance: a built-in algorithm, fed with hyperparameters and channels."""

from __future__ import annotations

import gzip
import re
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox.sagemaker.container import SOURCE, Container
from sandbox.sagemaker.storage import Storage

Document = dict[str, Any]
# https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html: the metrics are read from the log.
_METRIC = re.compile(r"#011(train|validation)-([\w@.-]+):([-+.\deEnaif]+)")


def run(job: Document, container: Container, storage: Storage, phase_ended: Callable[[str], None]) -> Document:
    """Download, train, upload; what the job's description gains. Raises :class:`JobFailedError`."""
    request = job["request"]
    channels = request.get("InputDataConfig", [])
    container.configure("input/config/hyperparameters.json", request.get("HyperParameters", {}))
    container.configure(
        "input/config/inputdataconfig.json",
        {
            channel["ChannelName"]: {
                "ContentType": channel.get("ContentType"),
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for channel in channels
        },
    )
    container.configure("input/config/resourceconfig.json", {"current_host": "algo-1", "hosts": ["algo-1"]})
    data = container.root / "input" / "data"

    def fetch(channel: Document) -> None:
        storage.download(channel["DataSource"]["S3DataSource"]["S3Uri"], data / channel["ChannelName"])

    if channels:
        with ThreadPoolExecutor(len(channels)) as pool:
            list(pool.map(fetch, channels))
    model = container.root / "model"
    model.mkdir()
    phase_ended("Downloading")
    metrics: dict[str, float] = {}

    def read_metrics(line: str) -> None:
        metrics.update({f"{data_name}:{name}": float(value) for data_name, name, value in _METRIC.findall(line)})

    container.run(
        ["python3", "-m", "sandbox.sagemaker.algorithms.xgboost_training", "/opt/ml"],
        {**request.get("Environment", {}), **SOURCE},
        isolated=True,  # the algorithm needs no network
        failure_file="failure",
        on_line=read_metrics,
    )
    phase_ended("Training")
    output = request["OutputDataConfig"]
    archive = container.root / "model.tar.gz"
    pack(model, archive)
    uri = f"{output['S3OutputPath'].rstrip('/')}/{job['name']}/output/model.tar.gz"
    storage.upload_files([(archive, uri)], output.get("KmsKeyId"))
    phase_ended("Uploading")
    return {"ModelArtifact": uri, "Metrics": metrics}


def pack(folder: Path, archive: Path) -> None:
    """A ``tar.gz`` of a folder's files that depends on nothing but their names and bytes."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime = member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            tar.add(path, arcname=path.relative_to(folder).as_posix(), filter=plain)
