"""What a definition has to know of the account that it will run in, and how it stays unknown in the committed JSON.

The SDK validates what it is given (a role must look like a role), so a pipeline is built with stand-ins that look
real, and each is replaced by ``${name}`` afterwards. That is unambiguous only if no stand-in turns up by chance, which
``ml.compile`` proves by building with two sets that share nothing and comparing the results.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Values that differ by account, in dev and prod; each becomes the placeholder of its name."""

    region: str
    account_id: str
    environment: str
    job_role_arn: str
    data_bucket: str
    artifact_bucket: str  # in the registry account
    kms_key_arn: str  # this account's key
    registry_kms_key_arn: str  # for what the registry account must be able to read
    model_package_group_arn: str
    image_sklearn: str
    image_xgboost: str
    image_model_monitor: str
    script_raw_preprocess: str
    script_evaluate_model: str
    script_baseline: str
    script_batch_check: str
    function_latest_approved_model_arn: str
    artifact_accounts: str  # comma separated: whose artifacts this account's key grants let it read


PLACEHOLDERS = frozenset(field.name for field in fields(Target))


def stand_in(region: str, account_id: str, registry_account_id: str, word: str) -> Target:
    """Build a target that passes the SDK's checks and belongs to nobody."""
    registry = f"{image_account(registry_account_id)}.dkr.ecr.{region}.amazonaws.com"
    return Target(
        region=region,
        account_id=account_id,
        environment=f"{word}-environment",
        job_role_arn=f"arn:aws:iam::{account_id}:role/{word}-job-role",
        data_bucket=f"{word}-data-bucket",
        artifact_bucket=f"{word}-artifact-bucket",
        kms_key_arn=f"arn:aws:kms:{region}:{account_id}:key/{word}-key",
        registry_kms_key_arn=f"arn:aws:kms:{region}:{registry_account_id}:key/{word}-registry-key",
        model_package_group_arn=f"arn:aws:sagemaker:{region}:{registry_account_id}:model-package-group/{word}-group",
        image_sklearn=f"{registry}/{word}-sklearn:1",
        image_xgboost=f"{registry}/{word}-xgboost:1",
        image_model_monitor=f"{registry}/{word}-model-monitor",
        # The container runs the file under its own name, so the name stays as it is in ml/steps.
        script_raw_preprocess=f"s3://{word}-data-bucket/{word}-scripts/raw_preprocess.py",
        script_evaluate_model=f"s3://{word}-data-bucket/{word}-scripts/evaluate_model.py",
        script_baseline=f"s3://{word}-data-bucket/{word}-scripts/baseline.py",
        script_batch_check=f"s3://{word}-data-bucket/{word}-scripts/batch_check.py",
        function_latest_approved_model_arn=f"arn:aws:lambda:{region}:{account_id}:function:{word}-function",
        artifact_accounts=f"{account_id},{registry_account_id}",
    )


def image_account(registry_account_id: str) -> str:
    """An account for stand-in images that is neither of the other two."""
    return registry_account_id[::-1]


def insert_placeholders(definition: dict[str, Any], target: Target) -> dict[str, Any]:
    """Replace the target's values wherever they stand, the longest first: a bucket is part of a script's address."""
    text = json.dumps(definition)
    for name, value in sorted(asdict(target).items(), key=lambda item: len(item[1]), reverse=True):
        text = text.replace(value, "${" + name + "}")
    replaced: dict[str, Any] = json.loads(text)
    return replaced
