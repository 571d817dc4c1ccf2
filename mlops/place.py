"""Where commands act: the sandbox on this machine, or AWS with the caller's own credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.names import Names
from infra.settings import Environment, Settings
from mlops.failure import UsageError

if TYPE_CHECKING:
    import boto3

ROOT_SECRET = "test"  # noqa: S105  # the sandbox's: an account id with this secret is that account's root


@dataclass(frozen=True, kw_only=True)
class Place:
    """One of the two worlds, as commands see it."""

    settings: Mapping[Environment, Settings]
    folder: Path | None = None  # the sandbox's; None in AWS
    endpoint_url: str | None = None
    profile: str | None = None
    sessions: dict[str, Any] = field(default_factory=dict)

    @property
    def is_sandbox(self) -> bool:
        """Whether this is the sandbox."""
        return self.folder is not None

    @property
    def names(self) -> Names:
        """Names in all three accounts."""
        return Names(self.settings["registry"])

    def session(self, environment: Environment) -> boto3.Session:
        """Credentials in one account: its root in the sandbox; in AWS the profile for it, or the caller's own."""
        if environment not in self.sessions:
            self.sessions[environment] = self._session(environment)
        return self.sessions[environment]  # type: ignore[no-any-return]

    def _session(self, environment: Environment) -> boto3.Session:
        import boto3  # noqa: PLC0415  # 0.3 s that `mlops --help` need not wait for

        settings = self.settings[environment]
        if self.is_sandbox:
            return boto3.Session(
                aws_access_key_id=settings.account_id,
                aws_secret_access_key=ROOT_SECRET,
                region_name=settings.region,
            )
        own = f"model-promotion-{environment}"
        profile = self.profile or (own if own in boto3.Session().available_profiles else None)
        session = boto3.Session(profile_name=profile, region_name=settings.region)
        account = session.client("sts").get_caller_identity()["Account"]
        if account != settings.account_id:
            raise UsageError(
                f"these credentials are of account {account}, but {environment} is {settings.account_id}: name a "
                f"profile of that account with --profile, or call it {own}"
            )
        return session

    def client(self, environment: Environment, service: str) -> Any:
        """A boto3 client in one account."""
        from botocore.config import Config  # noqa: PLC0415  # see above

        config = Config(
            s3={"addressing_style": "path"} if self.endpoint_url else {},
            retries={"mode": "standard", "max_attempts": 4},
        )
        return self.session(environment).client(service, endpoint_url=self.endpoint_url, config=config)


@lru_cache(maxsize=1)
def sandbox_folder() -> Path:
    """Where this checkout's sandbox lives; ``SANDBOX_FOLDER`` overrides."""
    from mlops.project import ROOT  # noqa: PLC0415  # project imports nothing of this

    return Path(os.environ.get("SANDBOX_FOLDER") or ROOT / ".sandbox").resolve()


def sandbox_port() -> int:
    """Where the sandbox listens on loopback: 4566, or ``SANDBOX_PORT``."""
    given = os.environ.get("SANDBOX_PORT", "4566")
    if not given.isdigit() or not 0 < int(given) < 2**16:
        raise UsageError(f"SANDBOX_PORT is {given!r}; write a port number, for example SANDBOX_PORT=4567")
    return int(given)
