"""The state of a deployed checkout in prod's state bucket, reached as Jenkins' agents reach it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from project_checkout import Checkout

from infra.names import Names
from infra.settings import ENVIRONMENTS, Environment
from mlops import aws_profiles
from mlops.aws_profiles import Kind
from mlops.jenkins_account import controller_credentials
from mlops.place import Place
from mlops.project import load_settings
from mlops.workspace import pulumi_environment

SALT = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)


@dataclass
class Delivery:
    """Pulumi on an agent: a folder with the stack files, the bucket as its backend, the key for its secrets."""

    checkout: Checkout
    folder: Path

    @property
    def place(self) -> Place:
        return Place(settings=load_settings(), folder=self.checkout.sandbox, endpoint_url=self.checkout.endpoint_url)

    @property
    def names(self) -> Names:
        return Names(self.place.settings["prod"])

    def agent(self, kind: Kind) -> boto3.Session:
        """A session of the agents' own role."""
        found = {name.lower(): value for name, value in controller_credentials(self.place, kind).items()}
        return boto3.Session(**found, region_name="us-east-1")

    def session(self, kind: Kind, environment: Environment = "prod") -> boto3.Session:
        """A session of one account's role, as an agent of this kind gets it."""
        role = (self.names.preview_role_arn if kind == "preview" else self.names.deployment_role_arn)(environment)
        sts = self.agent(kind).client("sts", endpoint_url=self.checkout.endpoint_url)
        external_id = str(self.names.settings.jenkins.external_id)
        given = sts.assume_role(RoleArn=role, RoleSessionName="test", ExternalId=external_id)["Credentials"]
        return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")

    def client(self, kind: Kind, service: str, environment: Environment = "prod") -> Any:
        config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
        return self.session(kind, environment).client(service, endpoint_url=self.checkout.endpoint_url, config=config)

    def variables(self, roles: Kind, state: Kind) -> dict[str, str]:
        """The environment of `pulumi`: which roles its providers assume, and as whom it reaches the state."""
        controller = controller_credentials(self.place, roles)
        source = "".join(f"{name.lower()} = {value}\n" for name, value in controller.items())
        profiles = aws_profiles.profiles(self.names, "source_profile = agent", kind=roles)
        config = aws_profiles.write(self.folder / f"aws-config-{roles}", f"[profile agent]\n{source}\n{profiles}")
        found = self.session(state).get_credentials().get_frozen_credentials()
        host = self.checkout.endpoint_url.removeprefix("http://")
        return {
            **self.checkout.environment,
            **pulumi_environment(self.place),
            "PULUMI_BACKEND_URL": f"{self.names.backend_url}&endpoint={host}&disableSSL=true&s3ForcePathStyle=true",
            "AWS_CONFIG_FILE": str(config),
            "AWS_ACCESS_KEY_ID": found.access_key,
            "AWS_SECRET_ACCESS_KEY": found.secret_key,
            "AWS_SESSION_TOKEN": str(found.token),
        }

    def pulumi(
        self, *arguments: str, roles: Kind = "preview", state: Kind | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", "-C", str(self.folder), *arguments, "--non-interactive", "--color", "never"],
            env={**self.variables(roles, state or roles), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def move_state(self) -> None:
        """Copy the three stacks from the sandbox's own backend into the bucket, as the deployment role."""
        for name in ("Pulumi.yaml", "stacks", "policy-pack", ".venv"):
            (self.folder / name).symlink_to(self.checkout.folder / name)
        own = {**self.checkout.environment, **pulumi_environment(self.place)}
        os.environ["PATH"] = own["PATH"]
        mirror = self.checkout.sandbox / "project"
        for environment in ENVIRONMENTS:
            text = (self.checkout.folder / f"Pulumi.{environment}.yaml").read_text()
            (self.folder / f"Pulumi.{environment}.yaml").write_text(SALT.sub("", text))
            state = self.folder / f"{environment}.json"
            export = ["pulumi", "-C", str(mirror), "stack", "export", "--stack", environment, "--show-secrets"]
            subprocess.run([*export, "--file", str(state)], env=own, check=True, capture_output=True)
            provider = ["--secrets-provider", self.names.secrets_provider]
            for step in (("stack", "init", environment, *provider), ("stack", "import", "--file", str(state))):
                stack = () if "init" in step else ("--stack", environment)
                done = self.pulumi(*step, *stack, roles="deployment")
                assert done.returncode == 0, done.stderr + done.stdout
