"""Mistakes are told before anything is touched, each with what to do."""

from __future__ import annotations

import socket
import subprocess

import pytest
from project_checkout import Checkout

from mlops.pulumi_program import local_environment, pulumi_folder
from sandbox import process


def assert_untouched(checkout: Checkout) -> None:
    assert process.find(checkout.sandbox) is None
    assert not checkout.sandbox.exists()


def test_wrong_settings_are_reported_together_before_anything_starts(checkout: Checkout):
    checkout.edit("Pulumi.dev.yaml", 'dev: "111111111111"', 'dev: "11111111111"')
    checkout.edit("Pulumi.dev.yaml", "    region: us-east-1\n", "")
    checkout.edit("Pulumi.prod.yaml", "- mammography-severity", "- mamography")
    checkout.edit("Pulumi.registry.yaml", "environment: registry", "environment: registry\n    colour: blue")
    done = checkout.mlops("up")
    assert done.returncode == 2
    for problem in ("which has 11 digits", "region: missing", "no model 'mamography'", "colour: unknown key"):
        assert problem in done.stderr
    assert_untouched(checkout)


def test_settings_are_checked_by_pulumi_itself_too_without_a_traceback(checkout: Checkout, tmp_path):
    # Without `mlops` in between, the program says the same; see tests/unit/test_settings.py for every message.
    checkout.edit("Pulumi.dev.yaml", "us-east-1", "us-east")
    variables = {**local_environment(), "PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": ""}

    def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [f"{pulumi_folder()}/pulumi", "--non-interactive", *arguments]
        environment = {**checkout.environment, **variables}
        return subprocess.run(
            command, cwd=checkout.folder, env=environment, capture_output=True, text=True, check=False
        )

    assert pulumi("stack", "init", "dev").returncode == 0
    done = pulumi("preview", "--stack", "dev", "--color", "never")
    assert done.returncode != 0
    assert "region: 'us-east' cannot be used" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_damaged_data_is_told_with_both_sums_before_anything_starts(checkout: Checkout, tmp_path):
    damaged = tmp_path / "damaged.data"
    damaged.write_text("5,67,3,5,3,1\n")
    done = checkout.mlops("up", MAMMOGRAPHIC_MASSES=str(damaged))
    assert done.returncode == 1
    assert "expected sha256 2ed8bb60a517f631256d218a4885c56ef196d41023c63307ab40d69985be3b4a, found " in done.stderr
    assert_untouched(checkout)


def test_taken_port_is_told_with_the_way_out(checkout: Checkout):
    with socket.socket() as other:
        other.bind(("127.0.0.1", checkout.port))
        other.listen()
        done = checkout.mlops("up")
    assert done.returncode == 1
    assert f"Port {checkout.port} on 127.0.0.1 is taken" in done.stderr
    assert "SANDBOX_PORT=" in done.stderr


def test_port_that_is_no_number(checkout: Checkout):
    done = checkout.mlops("up", SANDBOX_PORT="http")
    assert (done.returncode, "SANDBOX_PORT is 'http'; write a port number" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", [("status",), ("models", "list"), ("run", "train")])
def test_without_a_sandbox_or_a_profile_the_way_out_is_told(checkout: Checkout, command):
    done = checkout.mlops(*command)
    assert done.returncode == 2
    assert "start one with `mlops up`, or name an AWS profile with --profile" in done.stderr


def test_without_pulumis_profiles_in_aws_nothing_is_touched_and_the_way_is_told(checkout: Checkout, tmp_path):
    config = tmp_path / "aws-config"
    config.write_text("[profile me]\naws_access_key_id = 333333333333\naws_secret_access_key = test\n")
    done = checkout.mlops(
        "status", "--profile", "me", AWS_CONFIG_FILE=str(config), AWS_ENDPOINT_URL="http://localhost:9"
    )
    assert done.returncode == 2
    assert "no profile model-promotion-registry-pulumi" in done.stderr
    assert "`mlops delivery profiles` prints them" in done.stderr


def test_down_without_a_sandbox_is_fine(checkout: Checkout):
    assert checkout.mlops("down").returncode == 0
