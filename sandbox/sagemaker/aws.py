"""One botocore session for this process, deaf to the user's own profile, configuration files and proxies."""

from __future__ import annotations

import functools
import os
import threading
from typing import Any

import botocore.config
import botocore.session

_NO_FILE = (None, None, os.devnull, None)
_creating = threading.Lock()  # a session is not safe for concurrent creation of clients


@functools.cache
def session() -> Any:
    """The session; its loader keeps the service models it has read."""
    return botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": _NO_FILE,
            "credentials_file": _NO_FILE,
        }
    )


@functools.cache
def service_model(service: str) -> Any:
    """The API model of a service."""
    return session().get_service_model(service)


def client(service: str, *, region: str, endpoint_url: str, config: botocore.config.Config, **credentials: str) -> Any:
    """A client of one endpoint, never through a proxy."""
    with _creating:
        return session().create_client(
            service,
            region_name=region,
            endpoint_url=endpoint_url,
            config=botocore.config.Config(proxies={}, s3={"addressing_style": "path"}).merge(config),
            **credentials,
        )
