from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_definitions import KEY, create, definition, get, run, step
from sagemaker_host import JOB_ROLE, REGION, SandboxHost

ANALYZER = f"156813124566.dkr.ecr.{REGION}.amazonaws.com/sagemaker-model-monitor-analyzer"
BATCH = "s3://bucket/batch/batch.csv"


def quality_check(name: str, dataset: str, **members: Any) -> dict[str, Any]:
    """A QualityCheck step as the SageMaker SDK writes it."""
    arguments = {
        "AppSpecification": {"ImageUri": ANALYZER},
        "Environment": {
            "dataset_format": json.dumps({"csv": {"header": False}}),
            "dataset_source": "/opt/ml/processing/input/baseline_dataset_input",
            "output_path": "/opt/ml/processing/output",
            "publish_cloudwatch_metrics": "Disabled",
        },
        "ProcessingInputs": [
            {
                "InputName": "baseline_dataset_input",
                "S3Input": {
                    "S3Uri": dataset,
                    "LocalPath": "/opt/ml/processing/input/baseline_dataset_input",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "KmsKeyId": KEY,
            "Outputs": [
                {
                    "OutputName": "quality_check_output",
                    "S3Output": {
                        "S3Uri": f"s3://bucket/{name}",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 10}
        },
        "RoleArn": JOB_ROLE,
    }
    checked = {"CheckType": "DATA_QUALITY", "SkipCheck": False, "FailOnViolation": True, "RegisterNewBaseline": False}
    return step(name, "QualityCheck", arguments, **{**checked, **members})


BASELINE = quality_check("Baseline", "s3://bucket/rows/", SkipCheck=True, RegisterNewBaseline=True)
CHECK = quality_check(
    "Check",
    BATCH,
    SuppliedBaselineStatistics=get("Steps.Baseline.BaselineUsedForDriftCheckStatistics"),
    SuppliedBaselineConstraints=get("Steps.Baseline.BaselineUsedForDriftCheckConstraints"),
)


def checked(host: SandboxHost, rows: str, batch: str) -> dict[str, Any]:
    host.objects["bucket/rows/rows.csv"] = rows.encode()
    host.objects["bucket/batch/batch.csv"] = batch.encode()
    return run(host, create(host, definition(BASELINE, CHECK)))


def lines(*rows: tuple[object, object], times: int) -> str:
    return "".join(f"{a},{b}\n" for a, b in rows) * times


ROWS = lines((1, "a"), (2, "b"), (3, "a"), (4, "b"), times=100)


def test_rows_like_the_baseline_pass_and_become_the_baseline_only_where_asked(host: SandboxHost) -> None:
    execution = checked(host, ROWS, lines((4, "b"), (1, "a"), (2, "b"), (3, "a"), times=50))
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    first, second = (execution["Steps"][name]["Metadata"]["QualityCheck"] for name in ("Baseline", "Check"))
    assert first["BaselineUsedForDriftCheckStatistics"] == "s3://bucket/Baseline/statistics.json"
    assert second["BaselineUsedForDriftCheckStatistics"] == "s3://bucket/Baseline/statistics.json"
    assert second["CalculatedBaselineStatistics"] == "s3://bucket/Check/statistics.json"
    assert "ViolationReport" not in second
    assert json.loads(host.objects["bucket/Check/constraint_violations.json"]) == {"violations": []}
    assert host.encryption["bucket/Check/statistics.json"] == KEY


def test_each_kind_of_violation_fails_the_step_and_is_in_its_report(host: SandboxHost) -> None:
    execution = checked(host, ROWS, lines((4, "b"), (4, ""), ("x", "b"), (-1, "c"), times=50))
    assert execution["PipelineExecutionStatus"] == "Failed"
    failed = execution["Steps"]["Check"]
    assert "violations" in failed["FailureReason"]
    assert failed["Metadata"]["QualityCheck"]["ViolationReport"] == "s3://bucket/Check/constraint_violations.json"
    found = json.loads(host.objects["bucket/Check/constraint_violations.json"])["violations"]
    assert {(one["feature_name"], one["constraint_check_type"]) for one in found} == {
        ("_c0", "data_type_check"),
        ("_c0", "non_negative_check"),
        ("_c0", "baseline_drift_check"),
        ("_c1", "completeness_check"),
        ("_c1", "baseline_drift_check"),
    }


def test_a_crash_of_the_analyzer_reports_no_violation(host: SandboxHost) -> None:
    execution = checked(host, ROWS, "\n")
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "The dataset has no rows" in execution["Steps"]["Check"]["FailureReason"]
    assert "ViolationReport" not in json.dumps(execution["Steps"]["Check"].get("Metadata", {}))


def test_a_check_without_a_supplied_baseline_is_refused(host: SandboxHost) -> None:
    with pytest.raises(ClientError, match="supplied baseline only"):
        create(host, definition(quality_check("Check", BATCH)))
    with pytest.raises(ClientError, match=r"'Baseline\.Nothing' is not a property"):
        create(host, definition(BASELINE, {**CHECK, "SuppliedBaselineStatistics": get("Steps.Baseline.Nothing")}))
