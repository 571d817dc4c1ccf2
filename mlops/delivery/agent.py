"""An agent of Jenkins: which stacks it sees, as whom, and where Pulumi keeps their state.

The state is reached with the credentials in the environment, a session of prod's role that ``withAWS`` made; the three
accounts with profiles that assume their roles from the agent's own credentials (ADR 11).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.names import Names
from infra.settings import ENVIRONMENTS, Environment, Settings
from mlops import aws_profiles
from mlops.aws_profiles import Kind
from mlops.engine_noise import strip
from mlops.failure import CommandError, UsageError
from mlops.place import Place
from mlops.project import ROOT, load_settings
from mlops.pulumi_program import local_environment

if TYPE_CHECKING:
    from pulumi import automation

# Whose credentials assume the roles: the instance's, a container's (`EcsContainer`), or `profile:NAME`.
SOURCE = "AGENT_CREDENTIALS"
INSTANCE = "Ec2InstanceMetadata"


@dataclass
class Agent:
    """One kind of agent: ``preview`` reads, ``deployment`` changes. Files of the build are in ``folder``."""

    kind: Kind
    folder: Path
    settings: Mapping[Environment, Settings] = field(default_factory=load_settings)
    variables: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = aws_profiles.profiles(self.names, _source(), session=self._session_name, kind=self.kind)
        config = aws_profiles.write(self.folder.resolve() / f"aws-config-{self.kind}", text)
        self.variables = {
            **local_environment(),
            "PYTHONPATH": str(ROOT),  # the programs of this checkout, whatever else is installed
            "AWS_CONFIG_FILE": str(config),
            "AWS_REGION": self.settings["prod"].region,
            "PULUMI_BACKEND_URL": backend_url(self.names),
        }
        # boto3, and the Automation API in looking for `pulumi`, read this process's own.
        os.environ.update(self.variables)

    @property
    def names(self) -> Names:
        """Names in all three accounts."""
        return Names(self.settings["prod"])

    @property
    def place(self) -> Place:
        """The three accounts for boto3, under the roles of this kind."""
        import boto3  # noqa: PLC0415  # see mlops/place.py

        sessions: dict[str, Any] = {e: boto3.Session(profile_name=self.names.profile(e)) for e in ENVIRONMENTS}
        return Place(settings=self.settings, endpoint_url=os.environ.get("AWS_ENDPOINT_URL"), sessions=sessions)

    def prod_client(self, service: str) -> Any:
        """A boto3 client with the credentials in the environment: prod's role, as ``withAWS`` assumed it."""
        import boto3  # noqa: PLC0415  # see mlops/place.py

        return boto3.Session(region_name=self.settings["prod"].region).client(service)

    def stack(self, environment: Environment, copy: str | None = None) -> automation.Stack:
        """One of the three stacks; raises :class:`CommandError` if `mlops delivery init` has not made it.

        ``copy`` is the URL of a copy of the state to work on instead.
        """
        from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

        variables = {**self.variables, "PULUMI_BACKEND_URL": copy or self.variables["PULUMI_BACKEND_URL"]}
        try:
            options = automation.LocalWorkspaceOptions(env_vars=variables, pulumi_command=self._pulumi)
            return automation.select_stack(environment, work_dir=str(ROOT), opts=options)
        except automation.StackNotFoundError as error:
            raise CommandError(
                f"there is no stack {environment} in {self.names.state_bucket}: `mlops delivery init` makes it, once"
            ) from error
        except automation.CommandError as error:
            raise CommandError(f"{environment}: {strip(str(error))}") from error

    @cached_property
    def _pulumi(self) -> automation.PulumiCommand:
        """The CLI, which the Automation API would otherwise ask for its version anew for each stack."""
        from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

        return automation.PulumiCommand()

    @property
    def _session_name(self) -> str:
        return os.environ.get("BUILD_TAG", "mlops-delivery")


def backend_url(names: Names) -> str:
    """The bucket of the state; at the sandbox's endpoint where the AWS SDKs are told of one."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return names.backend_url
    # https://pkg.go.dev/gocloud.dev@v0.37.0/aws#ConfigFromURLParams
    host = urlsplit(endpoint).netloc
    return f"{names.backend_url}&endpoint={host}&disableSSL=true&s3ForcePathStyle=true"


def _source() -> str:
    given = os.environ.get(SOURCE, INSTANCE)
    if given.startswith("profile:"):
        return f"source_profile = {given.removeprefix('profile:')}"
    if given not in (INSTANCE, "EcsContainer"):
        raise UsageError(f"{SOURCE} is {given!r}; write {INSTANCE}, EcsContainer or profile:NAME")
    return f"credential_source = {given}"
