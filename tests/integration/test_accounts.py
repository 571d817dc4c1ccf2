"""Three accounts, brought up once through the real engine, looked at and changed as their users do."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from project_checkout import ACCOUNTS, Checkout

GROUP = "mammo-severity-model-package"
VERSION = f"arn:aws:sagemaker:us-east-1:{ACCOUNTS['registry']}:model-package/{GROUP}/1"


def test_up_registers_a_pending_version_with_a_true_auc(deployed: Checkout):
    result = json.loads((deployed.folder / "up.json").read_text())
    assert {name: stack["account_id"] for name, stack in result["stacks"].items()} == {
        name: ACCOUNTS[name] for name in ("registry", "dev", "prod")
    }
    [model] = result["models"]
    assert model["version"] == 1
    assert model["status"] == "PendingManualApproval"
    assert model["auc"] >= 0.85
    assert model["auc_lower_bound"] < model["auc"] < model["auc_upper_bound"]
    assert model["trained_by"] == f"arn:aws:sts::{ACCOUNTS['dev']}:assumed-role/sagemaker-pipeline-role/SageMaker"
    assert result["execution"]["status"] == "Succeeded"


def test_up_again_changes_nothing_and_trains_nothing(deployed: Checkout):
    result = deployed.json("up")
    assert {stack["changes"] for stack in result["stacks"].values()} == {0}
    assert result["execution"] is None
    assert len(result["models"]) == 1


def test_status_tells_accounts_versions_and_executions(deployed: Checkout):
    status = deployed.json("status")
    for name, stack in status["stacks"].items():
        assert stack["account_id"] == ACCOUNTS[name]
        assert stack["resources"] > 10
        assert stack["pending_changes"] == 0
    assert [model["version"] for model in status["models"]] == [1]
    assert [execution["status"] for execution in status["executions"]] == ["Succeeded"]


def test_version_artifact_and_report_are_under_the_keys_that_the_documents_say(deployed: Checkout):
    package = deployed.client("registry", "sagemaker").describe_model_package(ModelPackageName=VERSION)
    s3 = deployed.client("registry", "s3")

    def key_of(uri):
        bucket, _, name = uri.removeprefix("s3://").partition("/")
        return s3.head_object(Bucket=bucket, Key=name)["SSEKMSKeyId"]

    artifact = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert f":{ACCOUNTS['dev']}:key/" in key_of(artifact)
    for report in (
        package["ModelMetrics"]["ModelQuality"]["Statistics"],
        package["DriftCheckBaselines"]["ModelDataQuality"]["Statistics"],
        package["DriftCheckBaselines"]["ModelDataQuality"]["Constraints"],
    ):
        assert f":{ACCOUNTS['registry']}:key/" in key_of(report["S3Uri"])


def test_approval_with_devs_credentials_is_refused_naming_the_missing_statement(deployed: Checkout):
    done = deployed.mlops("models", "approve", "1", "--reason", "no", "--as", "dev")
    assert done.returncode == 1
    assert "not authorized to perform: sagemaker:UpdateModelPackage" in done.stderr
    assert f"Allow sagemaker:UpdateModelPackage on {VERSION} for account {ACCOUNTS['dev']}" in done.stderr
    assert deployed.json("models", "show", "1")["status"] == "PendingManualApproval"


def test_approval_in_the_registry_account_is_kept_with_who_and_why(deployed: Checkout):
    approved = deployed.json("models", "approve", "1", "--reason", "bound is good")
    assert (approved["status"], approved["reason"]) == ("Approved", "bound is good")
    assert approved["changed_by"] == f"arn:aws:iam::{ACCOUNTS['registry']}:root"
    rejected = deployed.json("models", "reject", "1", "--reason", "second thoughts")
    assert (rejected["status"], rejected["reason"]) == ("Rejected", "second thoughts")


def test_wrong_use_exits_with_2_and_says_what_to_write(deployed: Checkout):
    for arguments, hint in (
        (("models", "show", "one"), "is no version; write its number"),
        (("run", "trian"), "'trian' is no pipeline; write train or inference"),
        (("run", "train", "--param", "x"), "write NAME=VALUE"),
        (("run", "train", "--stack", "qa"), "there is no account 'qa'"),
        (("run", "train", "--model", "x"), "dev has no model 'x'; it has mammography-severity"),
    ):
        done = deployed.mlops(*arguments)
        assert (done.returncode, hint in done.stderr) == (2, True), done.stderr


def test_gate_that_is_not_reached_fails_with_a_readable_reason_and_registers_nothing(deployed: Checkout):
    done = deployed.mlops("run", "train", "--param", "AucScoreThreshold=0.999")
    assert done.returncode == 1
    assert "Mammo-AUCFail" in done.stderr
    assert "below the threshold, 0.999" in done.stderr
    assert [model["version"] for model in deployed.json("models", "list")] == [1]


def test_pipeline_cannot_register_an_approved_version(deployed: Checkout):
    done = deployed.mlops("run", "train", "--param", "ModelApprovalStatus=Approved")
    assert done.returncode == 1
    assert "not authorized to perform: sagemaker:CreateModelPackage" in done.stderr
    assert [model["version"] for model in deployed.json("models", "list")] == [1]


def test_prod_trains_too_and_two_executions_never_write_one_key(deployed: Checkout):
    assert deployed.json("run", "train", "--stack", "prod")["status"] == "Succeeded"
    versions = deployed.json("models", "list")
    assert [model["trained_in"] for model in versions] == ["prod", "dev"]
    listed = deployed.client("registry", "s3").list_object_versions(
        Bucket=f"sagemaker-models-{ACCOUNTS['registry']}-us-east-1"
    )
    keys = [version["Key"] for version in listed["Versions"]]
    assert len(keys) == len(set(keys))


def test_prods_deployment_role_is_closed_to_its_own_account(deployed: Checkout):
    sts = deployed.client("prod", "sts")
    with pytest.raises(sts.exceptions.ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNTS['prod']}:role/cross-account-jenkins-role",
            RoleSessionName="someone",
            ExternalId="model-promotion",
        )


def test_provider_refuses_the_credentials_of_another_account(deployed: Checkout, tmp_path: Path):
    printed = deployed.mlops("env").stdout
    exported = dict(shlex.split(line)[1].split("=", 1) for line in printed.splitlines() if line.startswith("export "))
    other = tmp_path / "aws-config"
    keys = f"aws_access_key_id = {ACCOUNTS['dev']}\naws_secret_access_key = test\n"
    other.write_text(f"[profile model-promotion-prod-pulumi]\n{keys}")
    variables = {**os.environ, **exported, "AWS_CONFIG_FILE": str(other)}
    done = subprocess.run(
        ["pulumi", "-C", str(deployed.sandbox / "project"), "preview", "--stack", "prod", "--non-interactive"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"AWS account ID not allowed: {ACCOUNTS['dev']}" in done.stdout


KEPT = ("infra", "ml", "Pulumi.dev.yaml")


@pytest.fixture
def edited(deployed: Checkout, tmp_path):
    """The deployed copy, whose files are put back after the test."""
    for name in KEPT:
        source = deployed.folder / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy2(source, tmp_path / name)
    yield deployed
    for name in KEPT:
        target = deployed.folder / name
        if target.is_dir():
            shutil.rmtree(target)
            shutil.copytree(tmp_path / name, target)
        else:
            shutil.copy2(tmp_path / name, target)


def planned(checkout: Checkout, stack: str) -> dict[str, str]:
    """Logical name → operation, for everything that a preview would touch."""
    done = checkout.mlops("pulumi", "preview", "--stack", stack, "--json", "--non-interactive")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    steps = json.loads(done.stdout)["steps"]
    found = {f"{s['urn'].split('::')[-1]}": s["op"] for s in steps if s["op"] not in ("same", "read")}
    return {name: op for name, op in found.items() if op not in ("create-replacement", "delete-replaced")}


def test_one_word_in_a_step_script_changes_one_object_and_one_definition(edited: Checkout):
    script = edited.folder / "ml/steps/baseline.py"
    script.write_text(script.read_text() + "# edited\n")
    assert planned(edited, "dev") == {
        "mammography-severity-train-baseline": "replace",
        "mammography-severity-train": "update",
    }


def test_another_key_alias_is_a_replacement(edited: Checkout):
    edited.edit("infra/names.py", 'f"alias/{self.in_environment(PROJECT', 'f"alias/new-{self.in_environment(PROJECT')
    assert planned(edited, "dev")["key-alias"] == "replace"


def test_another_tag_is_an_update_in_place(edited: Checkout):
    edited.edit("Pulumi.dev.yaml", "    models:", "    tags:\n      team: screening\n    models:")
    operations = planned(edited, "dev")
    assert operations["key"] == "update"
    assert operations["mammography-severity-train"] == "update"
    assert "replace" not in operations.values()
