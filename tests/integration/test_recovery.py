"""Whatever is killed, the next command finishes the work."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
from project_checkout import ACCOUNTS, Checkout

from sandbox import process

# `mlops up` is killed after so many lines of progress that match, in one run after the other, each going on where the
# last one died: in the registry's first resources, in its last, in the middle of dev and prod, in the training.
KILLS = (("sandbox started", 1), (" create ", 3), (" create ", 8), (" create ", 20), (" create ", 30), ("Executing", 2))


def kill_when(checkout: Checkout, text: str, times: int) -> bool:
    """Start `mlops up`; kill it and its children when it has said ``text`` so many times. False if it ended before."""
    running = subprocess.Popen(
        checkout.command("up"),
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    seen = 0
    for line in running.stderr:
        seen += text in line
        if seen == times:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            return True
    running.wait()
    return False


@pytest.mark.timeout(900)
def test_killed_up_is_followed_by_one_that_finishes(checkout: Checkout):
    killed = [kill_when(checkout, text, times) for text, times in KILLS]
    assert killed.count(True) >= len(KILLS) - 1, "most runs must be killed, or this test has lost its point"
    result = checkout.json("up")
    assert len(result["models"]) >= 1
    assert {stack["changes"] for stack in checkout.json("up")["stacks"].values()} == {0}
    for account in ("registry", "dev", "prod"):
        kms = checkout.client(account, "kms")
        enabled = [
            key["KeyId"]
            for key in kms.list_keys()["Keys"]
            if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
        ]
        # Prod has the key of the state's secrets beside the account's own.
        expected = 2 if account == "prod" else 1
        assert len(enabled) == expected, f"{account}: a killed deployment left a key behind"


def test_execution_killed_with_the_sandbox_is_failed_and_down_leaves_nothing(checkout: Checkout):
    assert checkout.mlops("up", "--no-train").returncode == 0
    started = checkout.json("run", "train", "--no-wait")["arn"]
    server = process.find(checkout.sandbox)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    while process.find(checkout.sandbox):
        time.sleep(0.05)
    process.start(checkout.sandbox, checkout.port)
    execution = checkout.client("dev", "sagemaker").describe_pipeline_execution(PipelineExecutionArn=started)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "sandbox" in execution["FailureReason"].lower()

    assert checkout.json("down") == {"left": []}
    # The emulator's own state is kept: started again, it shows what the accounts hold.
    process.start(checkout.sandbox, checkout.port)
    for account in ACCOUNTS:
        assert checkout.client(account, "s3").list_buckets()["Buckets"] == []
        assert checkout.client(account, "iam").list_roles()["Roles"] == []
        aliases = checkout.client(account, "kms").list_aliases()["Aliases"]
        assert [a for a in aliases if not a["AliasName"].startswith("alias/aws/")] == []
        sagemaker = checkout.client(account, "sagemaker")
        assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
        assert sagemaker.list_pipelines()["PipelineSummaries"] == []
        groups = checkout.client(account, "logs").describe_log_groups()["logGroups"]
        assert [g["logGroupName"] for g in groups if not g["logGroupName"].startswith("/aws/sagemaker/")] == []
