"""The Pulumi workspace that commands drive: the checkout itself for AWS, a mirror of it for the sandbox.

Pulumi writes its encryption salt into the stack files that it uses. The mirror keeps that, and the sandbox's plug-ins
and state, out of the checkout and away from the user's own Pulumi home.
"""

from __future__ import annotations

import os
from pathlib import Path

from botocore.exceptions import ClientError

from infra.settings import ENVIRONMENTS
from mlops import aws_profiles
from mlops.jenkins_account import controller_credentials, deployment_session
from mlops.place import Place
from mlops.project import ROOT, stack_file
from mlops.pulumi_program import local_environment
from sandbox.provider.install import install

SALT = "encryptionsalt:"


def work_folder(place: Place) -> Path:
    """Where `pulumi` runs: the project's folder, or in the sandbox an up-to-date mirror of it."""
    if place.folder is None:
        return ROOT
    mirror = place.folder / "project"
    mirror.mkdir(parents=True, exist_ok=True)
    for name in ("Pulumi.yaml", "stacks", "policy-pack", ".venv"):
        link = mirror / name
        if not link.is_symlink() and (ROOT / name).exists():
            link.symlink_to(ROOT / name)
    for environment in ENVIRONMENTS:
        source, copy = stack_file(environment), mirror / stack_file(environment).name
        salts = [line for line in _lines(copy) if line.startswith(SALT)]
        text = "\n".join([*(line for line in _lines(source) if not line.startswith(SALT)), *salts]) + "\n"
        if not copy.is_file() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")
    return mirror


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def pulumi_environment(place: Place) -> dict[str, str]:
    """What to export so that `pulumi` acts as this command does; in AWS that is what the caller has, plus PATH."""
    if place.folder is None:
        return local_environment()
    home, state = place.folder / "pulumi-home", place.folder / "pulumi-state"
    state.mkdir(parents=True, exist_ok=True)
    install(home)
    controller = controller_credentials(place)
    config = aws_profiles.write(place.folder / "aws-config", _aws_config(place, controller))
    return {
        **local_environment(),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "AWS_ENDPOINT_URL": str(place.endpoint_url),
        "AWS_REGION": place.settings["registry"].region,
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **controller,
    }


def _aws_config(place: Place, controller: dict[str, str]) -> str:
    """The deployment roles' profiles, with sessions that the controller has assumed here.

    The official provider assumes a profile's role at AWS's own STS, whatever endpoint it is told of. A role that cannot
    be assumed yet, or no more, is left to the provider, whose refusal says so.
    """
    sections = [_section("controller", controller)]
    for environment in ENVIRONMENTS:
        try:
            session = deployment_session(place, environment, controller)
        except ClientError:
            sections.append(aws_profiles.profile(place.names, environment, "source_profile = controller"))
        else:
            sections.append(_section(place.names.profile(environment), session))
    return "\n".join(sections)


def _section(name: str, session: dict[str, str]) -> str:
    return "\n".join([f"[profile {name}]", *(f"{key.lower()} = {value}" for key, value in session.items())]) + "\n"
