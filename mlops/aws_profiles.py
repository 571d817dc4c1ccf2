"""The AWS profiles with which Pulumi reaches the three accounts: which role, from whose credentials."""

from __future__ import annotations

import re
from pathlib import Path

from infra.identity.jenkins_agents import AgentKind
from infra.names import PROJECT, Names
from infra.settings import ENVIRONMENTS, Environment
from mlops.failure import UsageError

Kind = AgentKind
SESSION = re.compile(r"[^\w+=,.@-]")


def profile(
    names: Names, environment: Environment, source: str, session: str = PROJECT, kind: Kind = "deployment"
) -> str:
    """One account's profile, as text of an AWS configuration file: its deployment role, or its preview role.

    ``source`` is the line that says whose credentials assume the role, as AWS documents it:
    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html
    """
    external_id = names.settings.jenkins.external_id
    role_arn = names.deployment_role_arn if kind == "deployment" else names.preview_role_arn
    lines = [
        f"[profile {names.profile(environment)}]",
        f"role_arn = {role_arn(environment)}",
        *([f"external_id = {external_id}"] if external_id else []),
        f"role_session_name = {SESSION.sub('-', session)[:64]}",
        f"region = {names.settings.region}",
        source,
    ]
    return "\n".join(lines) + "\n"


def profiles(names: Names, source: str, session: str = PROJECT, kind: Kind = "deployment") -> str:
    """The profiles of all three accounts."""
    return "\n".join(profile(names, environment, source, session, kind) for environment in ENVIRONMENTS)


def require(names: Names) -> None:
    """Raise :class:`UsageError` where the caller's AWS configuration lacks a profile."""
    import boto3  # noqa: PLC0415  # see mlops/place.py

    known = boto3.Session().available_profiles
    missing = [names.profile(environment) for environment in ENVIRONMENTS if names.profile(environment) not in known]
    if missing:
        raise UsageError(
            f"your AWS configuration has no profile {', '.join(missing)}, with which Pulumi reaches the accounts: "
            "`mlops delivery profiles` prints them"
        )


def write(path: Path, text: str) -> Path:
    """Write a file that others may be reading, for this user's eyes only."""
    new = path.with_name(f"{path.name}.{id(text)}.new")
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    return new.replace(path)
