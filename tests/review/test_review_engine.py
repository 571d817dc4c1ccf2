"""What reviewers read, made by Pulumi's own engine: three typical pull requests, and a night after somebody's hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployed_project import compile_definitions, deployed, preview, refresh, replace

from mlops.engine import Engine
from mlops.review import drift
from mlops.review.access import AccessProof
from mlops.review.comment import render

GOLDEN = Path(__file__).parent / "golden"
WORKLOAD, SCRIPT = "infra/identity/workload.py", "ml/steps/evaluate_model.py"
# What differs by run, or with every edit of a script.
BY_RUN = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "<id>",
    r"\b[0-9a-f]{16}\b": "<digest>",
    r"\b[0-9a-f]{4}…": "<digest>…",
}


def edit_script(folder: Path) -> None:
    """Deeper trees, more bootstrap samples, and another script that counts them."""
    (folder / SCRIPT).write_text((folder / SCRIPT).read_text() + "\n# Reads the same files, and counts otherwise.\n")
    for old, new in (("bootstrap_samples = 2000", "bootstrap_samples = 5000"), ("max_depth = 5", "max_depth = 6")):
        replace(folder, "ml/models/mammography-severity.toml", old, new)
    # What `make definitions` makes of it, without its seven seconds.
    for old, new in (('"2000"', '"5000"'), ('"max_depth": "5"', '"max_depth": "6"')):
        replace(folder, "ml/definitions/mammography-severity/train.json", old, new)


def add_model(folder: Path) -> None:
    """A second model: its file, its definitions, and a line in each stack file."""
    text = (folder / "ml/models/mammography-severity.toml").read_text()
    for old, new in (("mammography-severity", "breast-density"), ("mammo-", "density-"), ("Mammo", "Density")):
        text = text.replace(old, new)
    (folder / "ml/models/breast-density.toml").write_text(text)
    for environment in ("registry", "dev", "prod"):
        line = "      - mammography-severity\n"
        replace(folder, f"Pulumi.{environment}.yaml", line, f"{line}      - breast-density\n")
    compile_definitions(folder)


def widen_policy(folder: Path) -> None:
    """Jobs may delete data, and read and write that of every model."""
    old = """                    actions=("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
                    resources=tuple(f"{data}/{prefix}/*" for prefix in prefixes),"""
    new = """                    actions=("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"),
                    resources=(f"{data}/*",),"""
    replace(folder, WORKLOAD, old, new)


EDITS = {"script-edit": edit_script, "new-model": add_model, "wider-policy": widen_policy}


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    with deployed(tmp_path_factory.mktemp("accounts")) as made:
        yield made


@pytest.mark.parametrize("name", EDITS)
def test_the_comment_on_a_typical_pull_request_is_the_reviewed_one(engine, tmp_path, update_baselines, name):
    proof = AccessProof(
        cases=143,
        unreviewed=("+ prod job: s3:DeleteObject on prod data (plain)",) if name == "wider-policy" else (),
    )
    text = render(preview(engine, tmp_path, EDITS[name]), access=proof, title="What this change does")
    for pattern, word in BY_RUN.items():
        text = re.sub(pattern, word, text)
    golden = GOLDEN / f"{name}.md"
    if update_baselines:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60


def test_the_drift_report_says_what_somebody_did_by_hand(engine):
    assert drift.is_clean(refresh(engine))
    iam, registry = engine.place.client("prod", "iam"), engine.place.client("registry", "sagemaker")
    named = {"RoleName": "sagemaker-execution-role", "PolicyName": "job-data"}
    policy = iam.get_role_policy(**named)["PolicyDocument"]
    policy["Statement"][0]["Action"].append("s3:DeleteObject")
    iam.put_role_policy(**named, PolicyDocument=json.dumps(policy))
    group = "mammo-severity-model-package"
    registry.delete_model_package_group_policy(ModelPackageGroupName=group)
    engine.place.client("prod", "lambda").update_function_configuration(FunctionName="retrain-gate", Timeout=60)
    subject, text = drift.render(refresh(engine))
    assert subject == "[model-promotion] drift: 1 in registry, 2 in prod; 2 of access or keys"
    assert text.splitlines()[:11] == [
        "What AWS has differs from what was deployed. Somebody, or something, changed it outside of Jenkins.",
        "",
        "Registry policy, keys and access:",
        "- registry: ModelPackageGroupPolicy mammography-severity-group-policy is gone",
        "- prod: RolePolicy execution-role-job-data",
        "    WIDER: prod sagemaker-execution-role may also s3:DeleteObject on "
        "s3:::sagemaker-data-222222222…1/mammography-severity-model/* (statement ReadAndWriteData)",
        "",
        "Everything else:",
        "- prod: Function retrain-gate",
        "    timeout 120 → 60",
        "",
    ]
