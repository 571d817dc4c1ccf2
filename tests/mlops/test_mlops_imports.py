"""A command does not wait for what it does not use."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pulumi", "pulumi_aws", "boto3", "pandas")


def loaded_by(*modules: str) -> set[str]:
    program = f"import sys, {', '.join(modules)}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_settings_names_and_the_stages_of_a_delivery_are_read_without_pulumi() -> None:
    assert loaded_by("mlops.project", "infra.names", "mlops.cli.delivery") == set()
    assert loaded_by("mlops.delivery.facts", "mlops.delivery.agent", "mlops.delivery.reviewing") == set()
    assert loaded_by("mlops.workspace") >= {"pulumi"}
