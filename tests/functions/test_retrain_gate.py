"""The gate before a retraining: what starts one, what is refused, and what happens once only."""

from __future__ import annotations

import datetime
import hashlib
import json

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY
from function_calls import FAILED, TOPIC, TRAIN, step

from ml.functions import retrain_gate

NOW = datetime.datetime(2026, 3, 10, 23, 20, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
STARTED = f"{TRAIN}/execution/started00001"
SETTINGS = {
    "PIPELINES": json.dumps({"inference": {"train_pipeline": "train", "drift_step": "Mammo-DataDrift"}}),
    "COOL_DOWN_HOURS": "20",
    "WEEKLY_CAP": "3",
    "ENVIRONMENT": "prod",
    "TOPIC_ARN": TOPIC,
}
DRIFT = [step("Mammo-BatchCheck", "Succeeded"), step("Mammo-DataDrift", reason="Shape moved")]


def execution(name, hours_ago, status="Succeeded", identity="other0000001"):
    return {
        "PipelineExecutionArn": f"{TRAIN}/execution/{identity}",
        "PipelineExecutionDisplayName": name,
        "PipelineExecutionStatus": status,
        "StartTime": NOW - hours_ago * HOUR,
    }


@pytest.fixture
def gate(event):
    return retrain_gate.read_event(event(), SETTINGS)


@pytest.fixture
def world(client):
    """SageMaker that knows these steps and executions, and SNS."""

    def make(*known, steps=DRIFT):
        sagemaker, sns = client("sagemaker"), client("sns")
        sagemaker.answer(
            "list_pipeline_execution_steps", {"PipelineExecutionSteps": steps}, PipelineExecutionArn=FAILED
        )
        if steps is DRIFT:
            sagemaker.answer(
                "list_pipeline_executions",
                {"PipelineExecutionSummaries": list(known)},
                PipelineName="train",
                CreatedAfter=NOW - datetime.timedelta(days=7),
                SortBy="CreationTime",
                SortOrder="Descending",
            )
        return sagemaker, sns

    return make


def expect_start(sagemaker):
    sagemaker.answer(
        "start_pipeline_execution",
        {"PipelineExecutionArn": STARTED},
        PipelineName="train",
        PipelineExecutionDisplayName="retrain-failed000001",
        PipelineExecutionDescription=f"Retraining after drift in {FAILED}",
        ClientRequestToken=hashlib.sha256(FAILED.encode()).hexdigest(),
    )


def expect_announcement(sagemaker, sns, sent, arn=STARTED):
    description = f"Retraining after drift in {FAILED}"
    sagemaker.answer(
        "describe_pipeline_execution", {"PipelineExecutionDescription": description}, PipelineExecutionArn=arn
    )
    expect_message(sns, sent)
    sagemaker.answer(
        "update_pipeline_execution",
        {"PipelineExecutionArn": arn},
        PipelineExecutionArn=arn,
        PipelineExecutionDescription=f"{description}; announced",
    )


def expect_message(sns, sent):
    sns.answer("publish", {"MessageId": "m"}, TopicArn=TOPIC, Subject=ANY, Message=ANY)
    sns.client.meta.events.register("provide-client-params.sns.Publish", lambda params, **_: sent.append(params))


def decide(gate, sagemaker, sns):
    return retrain_gate.decide(gate, sagemaker.client, sns.client)


def refusal(gate, world, *known):
    """The message of a refusal; a start would be an unforeseen call."""
    sagemaker, sns = world(*known)
    sent = []
    expect_message(sns, sent)
    assert decide(gate, sagemaker, sns)["decision"] == "refused"
    assert sent[0]["Subject"] == "[prod] No retraining after drift: inference"
    return sent[0]["Message"]


def test_drift_starts_one_training_and_tells(gate, world):
    sagemaker, sns = world()
    sent = []
    expect_start(sagemaker)
    expect_announcement(sagemaker, sns, sent)
    assert decide(gate, sagemaker, sns) == {"decision": "started", "execution": STARTED}
    assert sent[0]["Subject"] == "[prod] Retraining started after drift: train"
    assert STARTED in sent[0]["Message"]
    assert "failed as drift at 2026-03-10 23:20 UTC" in sent[0]["Message"]


@pytest.mark.parametrize("name", ["Mammo-BadInput", "Mammo-NoApprovedModel", "Mammo-BatchCheck", "Other-DataDrift"])
def test_any_other_failure_starts_and_says_nothing(gate, world, name):
    assert decide(gate, *world(steps=[step(name)]))["decision"] == "not-drift"


def test_drift_step_that_did_not_fail_is_no_drift(gate, world):
    steps = [step("Mammo-DataDrift", "Stopped"), step("Mammo-Transform")]
    assert decide(gate, *world(steps=steps))["decision"] == "not-drift"


def test_violations_of_a_quality_check_are_drift(gate, world):
    sagemaker, sns = world(steps=[step("Mammo-DataQualityCheck", QualityCheck={"ViolationReport": "s3://b/v.json"})])
    sagemaker.answer("list_pipeline_executions", {"PipelineExecutionSummaries": []})
    expect_start(sagemaker)
    expect_announcement(sagemaker, sns, [])
    assert decide(gate, sagemaker, sns)["decision"] == "started"


def test_a_quality_check_that_crashed_is_no_drift(gate, world):
    steps = [step("Mammo-DataQualityCheck", QualityCheck={"CheckType": "DATA_QUALITY"})]
    assert decide(gate, *world(steps=steps))["decision"] == "not-drift"


def test_five_deliveries_of_one_event_start_one_training_and_send_one_message(gate, world):
    sagemaker, sns = world()
    sent = []
    expect_start(sagemaker)
    expect_announcement(sagemaker, sns, sent)
    decide(gate, sagemaker, sns)
    for _ in range(4):
        sagemaker, sns = world(execution("retrain-failed000001", 0, "Executing", "started00001"))
        sagemaker.answer(
            "describe_pipeline_execution",
            {"PipelineExecutionDescription": f"Retraining after drift in {FAILED}; announced"},
            PipelineExecutionArn=STARTED,
        )
        assert decide(gate, sagemaker, sns) == {"decision": "already-started", "execution": STARTED}
    assert len(sent) == 1


def test_a_start_whose_message_failed_is_announced_by_the_next_delivery(gate, world):
    sagemaker, sns = world()
    expect_start(sagemaker)
    sagemaker.answer("describe_pipeline_execution", {})
    sns.refuse("publish", "NotFoundException")
    with pytest.raises(ClientError):
        decide(gate, sagemaker, sns)
    sagemaker, sns = world(execution("retrain-failed000001", 0, "Executing", "started00001"))
    sent = []
    expect_announcement(sagemaker, sns, sent)
    assert decide(gate, sagemaker, sns)["decision"] == "already-started"
    assert len(sent) == 1


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_training_under_way_refuses(gate, world, status):
    text = refusal(gate, world, execution("by-hand", 1, status))
    assert "Execution other0000001 of train is under way since 2026-03-10 22:20 UTC." in text
    assert "The first drifted batch after it has ended may start one again." in text


def test_cool_down_refuses_and_says_until_when(gate, world):
    text = refusal(gate, world, execution("retrain-x", 19, "Failed"))
    assert "20 hours must lie between two" in text
    assert "The first drifted batch after 2026-03-11 00:20 UTC may start one again." in text


def test_weekly_cap_refuses_and_says_until_when(gate, world):
    text = refusal(gate, world, *[execution(f"retrain-{hours}", hours) for hours in (24, 72, 160)])
    assert "3 retrainings began in the last 7 days; 3 are allowed." in text
    assert "after 2026-03-11 07:20 UTC" in text


def test_after_cool_down_and_below_the_cap_it_starts(gate, world):
    known = [execution("retrain-a", 20), execution("retrain-b", 167), execution("retrain-c", 168)]
    sagemaker, sns = world(*known, execution("by-hand", 1), execution("by-hand", 2))
    expect_start(sagemaker)
    expect_announcement(sagemaker, sns, [])
    assert decide(gate, sagemaker, sns)["decision"] == "started"


def test_an_event_delivered_late_counts_what_began_since(gate, world):
    assert "20 hours must lie between two" in refusal(gate, world, execution("retrain-later", -48))


def test_link_to_studio_where_there_is_one(event):
    gate = retrain_gate.read_event(event(), {**SETTINGS, "STUDIO_DOMAIN": "d-abc"})
    [line] = retrain_gate.link(gate, STARTED)
    assert "https://d-abc.studio.us-east-1.sagemaker.aws/pipelines/view/train/executions/started00001/graph" in line


def test_handler_reads_the_event_and_the_environment(event, monkeypatch):
    asked = []
    monkeypatch.setattr(retrain_gate.boto3, "client", lambda service: service)
    monkeypatch.setattr(retrain_gate, "decide", lambda *given: asked.append(given) or {"decision": "x"})
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    assert retrain_gate.handler(event(), None) == {"decision": "x"}
    [(gate, sagemaker, sns)] = asked
    assert (gate.now, gate.cool_down, sagemaker, sns) == (NOW, 20 * HOUR, "sagemaker", "sns")
