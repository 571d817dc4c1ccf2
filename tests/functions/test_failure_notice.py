"""One message on a failed pipeline: what happened, what follows, where to look, and nothing of the data."""

from __future__ import annotations

import io
import json

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import ANY
from function_calls import FAILED, TOPIC, TRAIN, step

from ml.functions import failure_notice

KEY = "mammo/executions/failed000001/check/batch_check.json"
PROCESSING = {"ProcessingJob": {"Arn": "arn:aws:sagemaker:us-east-1:222222222222:processing-job/pipelines-check"}}
CHECKED = step("Mammo-BatchCheck", "Succeeded", **PROCESSING)
SETTINGS = {
    "PIPELINES": json.dumps(
        {
            "inference": {"kind": "inference", "model_name": "mammo", "step_prefix": "Mammo"},
            "train": {"kind": "train", "model_name": "mammo", "step_prefix": "Mammo"},
        }
    ),
    "DATA_BUCKET": "data",
    "ENVIRONMENT": "prod",
    "TOPIC_ARN": TOPIC,
}
REPORT = {
    "version": 1,
    "verdict": "drift",
    "summary": "2 of 5 features moved.",
    "input": "s3://data/batch.csv",
    "rows": 48,
    "problems": [],
    "features": [
        {"name": "Shape", "drifted": True, "change": "Shape: shares moved by 0.31 (chi-square, p = 2e-09)"},
        {"name": "Age", "drifted": False, "change": "Age: as before"},
    ],
}


def body(report):
    raw = json.dumps(report).encode()
    return {"Body": StreamingBody(io.BytesIO(raw), len(raw))}


@pytest.fixture
def notice(client, event):
    """Publish on one failure; what SageMaker and S3 answer is given, a string being the code of a refusal."""

    def publish(steps, report=None, settings=SETTINGS, bucket="data", key=KEY, **failed):
        sagemaker, s3, sns = client("sagemaker"), client("s3"), client("sns")
        sent = []
        if isinstance(steps, str):
            sagemaker.refuse("list_pipeline_execution_steps", steps)
        else:
            execution = failed.get("execution", FAILED)
            sagemaker.answer(
                "list_pipeline_execution_steps",
                {"PipelineExecutionSteps": steps},
                PipelineExecutionArn=execution,
                SortOrder="Ascending",
            )
        if isinstance(report, str):
            s3.refuse("get_object", report)
        elif report is not None:
            s3.answer("get_object", body(report), Bucket=bucket, Key=key)
        sns.answer("publish", {"MessageId": "m"}, TopicArn=TOPIC, Subject=ANY, Message=ANY)
        sns.client.meta.events.register("provide-client-params.sns.Publish", lambda params, **_: sent.append(params))
        failure_notice.notify(event(**failed), settings, sagemaker.client, s3.client, sns.client)
        [message] = sent
        return message["Subject"], message["Message"]

    return publish


def test_drift_names_account_execution_and_what_moved(notice):
    subject, text = notice([CHECKED, step("Mammo-DataDrift", reason="2 of 5 features moved.")], REPORT)
    assert subject == "[prod] inference failed: drift"
    assert "Account:   222222222222 (prod), us-east-1" in text
    assert "failed000001, began 2026-03-10 23:02 UTC, failed 2026-03-10 23:20 UTC" in text
    assert "s3://data/batch.csv, 48 rows" in text
    assert "  - Shape: shares moved by 0.31 (chi-square, p = 2e-09)" in text
    assert "Features that moved, 1 of 2" in text
    assert "Age: as before" not in text
    assert "Failed steps" not in text
    assert "retrain-gate's decision" in text
    assert f"https://us-east-1.console.aws.amazon.com/s3/object/data?region=us-east-1&prefix={KEY}" in text
    assert "console.aws.amazon.com/sagemaker/home?region=us-east-1#/processing-jobs/pipelines-check" in text


def test_bad_input_lists_its_problems_and_promises_no_retraining(notice):
    report = {**REPORT, "verdict": "bad-input", "features": [], "problems": ["b.csv, line 1: 5 columns expected"] * 25}
    subject, text = notice([CHECKED, step("Mammo-BadInput")], report)
    assert subject.endswith("bad-input")
    assert text.count("b.csv, line 1: 5 columns expected") == 20
    assert "and 5 more" in text
    assert "Nothing is retrained, because the file cannot be used." in text


def test_no_approved_model_says_what_to_do(notice):
    subject, text = notice([step("Mammo-NoApprovedModel", reason="no version is approved")])
    assert subject.endswith("no approved model")
    assert "mlops models approve <version>" in text
    assert "Mammo-NoApprovedModel: no version is approved" in text


def test_crashed_job_is_named_with_one_line_of_its_reason(notice):
    reason = "AlgorithmError: exit code 1\nValueError: could not convert '55,67,3,5,3'"
    subject, text = notice([step("Mammo-Transform", reason=reason)])
    assert subject.endswith("failed step Mammo-Transform")
    assert "Mammo-Transform: AlgorithmError: exit code 1" in text
    assert "55,67" not in text
    assert "a failed step says nothing about the data" in text


def test_failed_training_leaves_the_versions_in_service(notice):
    execution = f"{TRAIN}/execution/train0000001"
    subject, text = notice([step("Mammo-AUCFail", reason="AUC")], pipeline=TRAIN, execution=execution)
    assert subject == "[prod] train failed: failed step Mammo-AUCFail"
    assert "the versions in service stay as they are" in text


def test_violations_of_a_quality_check_are_drift_of_an_inference_only(notice):
    job = "arn:aws:sagemaker:us-east-1:222222222222:processing-job/check-job"
    failed = [step("Mammo-DataQualityCheck", QualityCheck={"ViolationReport": "s3://b/v.json", "CheckJobArn": job})]
    violation = {"feature_name": "Shape", "constraint_check_type": "baseline_drift_check", "description": "0.3 > 0.1"}
    subject, text = notice(failed, {"violations": [violation]}, bucket="b", key="v.json")
    assert subject.endswith("inference failed: drift")
    assert "  - Shape: 0.3 > 0.1" in text
    assert "#/processing-jobs/check-job" in text
    assert "s3/object/b?region=us-east-1&prefix=v.json" in text
    subject, _ = notice(failed, pipeline=TRAIN, execution=f"{TRAIN}/execution/train0000001")
    assert subject.endswith("train failed: failed step Mammo-DataQualityCheck")


def test_what_cannot_be_read_is_named_and_the_rest_is_published(notice):
    subject, text = notice("AccessDeniedException")
    assert subject == "[prod] inference failed: reason unknown"
    assert "the steps of the execution: AccessDeniedException" in text
    assert "Nothing is retrained" in text
    subject, text = notice([CHECKED, step("Mammo-DataDrift")], "AccessDenied")
    assert subject.endswith("drift")
    assert "the report on the batch: AccessDenied" in text
    assert "Failed steps\n  - Mammo-DataDrift" in text
    assert "Report: " not in text


def test_report_that_is_no_object_is_named(notice):
    _, text = notice([step("Mammo-DataDrift")], [1])
    assert "the report on the batch: ValueError" in text


def test_studio_link_where_there_is_a_domain(notice):
    _, text = notice([step("Mammo-Transform")], settings={**SETTINGS, "STUDIO_DOMAIN": "d-abc"})
    assert "https://d-abc.studio.us-east-1.sagemaker.aws/pipelines/view/inference/executions/failed000001/graph" in text


def test_subject_is_short_ascii(notice):
    subject, _ = notice([step("Mammo-Überlänge-" + "x" * 200)])
    assert len(subject) == 100
    assert subject.isascii()


def test_a_topic_that_cannot_be_reached_is_an_error_for_lambda_to_retry(client, event):
    sagemaker, sns = client("sagemaker"), client("sns")
    sagemaker.answer("list_pipeline_execution_steps", {"PipelineExecutionSteps": [step("Mammo-Transform")]})
    sns.refuse("publish", "NotFoundException")
    with pytest.raises(ClientError, match="NotFound"):
        failure_notice.notify(event(), SETTINGS, sagemaker.client, client("s3").client, sns.client)
