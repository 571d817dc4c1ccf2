"""Clients with which a pipeline execution calls AWS as its pipeline's role, kept per role and execution."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import botocore.config

from sandbox.host import Credentials, Host
from sandbox.sagemaker import aws
from sandbox.sagemaker.arn import Arn

ClientFactory = Callable[[str, str, Credentials], Any]  # service, region, credentials
_CREDENTIALS_LAST_SECONDS = 45 * 60  # a session lasts an hour
_LAMBDA_LIMIT_SECONDS = 15 * 60


def client_factory(host: Host) -> ClientFactory:
    """Clients of the host's endpoint; the retry policies of a step are the only retries."""
    config = botocore.config.Config(
        retries={"total_max_attempts": 1},
        read_timeout=_LAMBDA_LIMIT_SECONDS,
        max_pool_connections=50,
        parameter_validation=False,  # the service validates, so that one wording reaches the user
    )

    def create(service: str, region: str, credentials: Credentials) -> Any:
        return aws.client(
            service,
            region=region,
            endpoint_url=host.endpoint_url,
            config=config,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
        )

    return create


class RoleClients:
    """One execution's clients: its role is assumed at the first call, and again before the session ends."""

    def __init__(self, host: Host, factory: ClientFactory, *, role_arn: str, execution_arn: str) -> None:
        self._host = host
        self._factory = factory
        self._role_arn = role_arn
        self._execution = Arn.parse(execution_arn)
        self._lock = threading.Lock()
        self._assumed_at = 0.0
        self._credentials: Credentials | None = None
        self._clients: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        """A client of an AWS service. Raises ``ServiceError`` when the role cannot be assumed."""
        with self._lock:
            if self._credentials is None or time.monotonic() - self._assumed_at > _CREDENTIALS_LAST_SECONDS:
                self._credentials = self._host.credentials_for_service(
                    service="sagemaker.amazonaws.com",
                    role_arn=self._role_arn,
                    session_name="SageMaker",
                    # https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
                    source_arn=str(self._execution),
                )
                self._assumed_at = time.monotonic()
                self._clients = {}
            if service not in self._clients:
                self._clients[service] = self._factory(service, self._execution.region, self._credentials)
            return self._clients[service]
