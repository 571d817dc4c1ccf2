"""What ministack reads from its environment on import: loopback only, IAM enforced, all state in one folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SERVICES = (
    "s3",
    "kms",
    "iam",
    "sts",
    "logs",
    "events",
    "scheduler",
    "lambda",
    "sns",
    "sqs",
    "monitoring",
    "tagging",
)

# Set by users and by other emulators; each would change what ministack listens on, keeps or lets through.
_FOREIGN_PREFIXES = ("AWS_", "LOCALSTACK_", "MINISTACK_", "LAMBDA_", "S3_", "SFTP_", "IOT_")
_FOREIGN_NAMES = ("EDGE_PORT", "USE_SSL", "DEBUG", "DOCKER_NETWORK")


def configure(folder: Path, port: int) -> None:
    """Set the environment for this process and the functions that it runs; call before importing ministack."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN_NAMES:
            del os.environ[name]
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        SERVICES=",".join(SERVICES),
        PERSIST_STATE="1",
        STATE_DIR=str(folder / "state"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(folder / "s3"),
        MINISTACK_AUTOCREATE_AWS_MANAGED="0",
        LAMBDA_EXECUTOR="local",
        # Functions run as plain processes: no socket, so that a Docker daemon on this machine is left alone.
        DOCKER_HOST=f"unix://{temporary / 'no-docker.sock'}",
        TMPDIR=str(temporary),
        LOG_LEVEL="WARNING",
        # ministack runs functions with the first `python3` on the path: this one, which has boto3.
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    )
