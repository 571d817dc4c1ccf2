"""Make the three stacks in the state bucket, once, with the key that encrypts their secrets."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from infra.names import Names
from infra.settings import ENVIRONMENTS
from mlops.delivery.agent import backend_url
from mlops.failure import CommandError
from mlops.project import ROOT, stack_file
from mlops.pulumi_program import local_environment

Say = Callable[[str], None]


def initialise(names: Names, say: Say) -> None:
    """`pulumi stack init` of each stack that is not there; writes two lines into each stack file, to be committed.

    Run by an administrator of prod, after `mlops bootstrap`. What is there is left as it is.
    """
    variables = {
        **os.environ,
        **local_environment(),
        "AWS_REGION": names.settings.region,
        "PULUMI_BACKEND_URL": backend_url(names),
    }
    for environment in ENVIRONMENTS:
        file = stack_file(environment).name
        done = subprocess.run(
            [
                *("pulumi", "stack", "init", environment, "--non-interactive", "--no-select"),
                *("--secrets-provider", names.secrets_provider),
            ],
            cwd=ROOT,
            env=variables,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            say(f"{environment}: made in {names.state_bucket}; commit {file}")
        elif "already exists" not in done.stderr:
            raise CommandError(f"{environment}: {done.stderr.strip()}")
        elif "encryptedkey:" not in stack_file(environment).read_text(encoding="utf-8"):
            raise CommandError(
                f"{environment}: the stack is there, but {file} lacks the `encryptedkey` that was written when it was "
                "made; take that line from the repository's history"
            )
        else:
            say(f"{environment}: is there")
