"""Alarms change their state on the sandbox's clock and tell people, as far as topic and key let CloudWatch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow, document
from emulator_world import ACCOUNT, World

CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:watch"
FROM_ALARM = {"ArnEquals": {"aws:SourceArn": ALARM}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
PUBLISH = allow("sns:Publish", Principal=CLOUDWATCH, Condition=FROM_ALARM)
DAY = 86400


def alarm(world: World, topic: str, **changes: Any) -> None:
    given = {
        "AlarmName": "watch",
        "AlarmDescription": "Look here",
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "dead"}],
        "Statistic": "Maximum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic],
        **changes,
    }
    world.client("cloudwatch").put_metric_alarm(**given)


def state(world: World) -> str:
    (found,) = world.client("cloudwatch").describe_alarms(AlarmNames=["watch"])["MetricAlarms"]
    return str(found["StateValue"])


def mails(world: World) -> list[dict[str, Any]]:
    return [message for message in world.outbox() if "Confirmation" not in message["subject"]]


def key(world: World, *statements: dict[str, Any]) -> str:
    root = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    return str(world.client("kms").create_key(Policy=document(root, *statements))["KeyMetadata"]["Arn"])


def test_a_message_in_a_queue_alarms_people_once_and_its_end_sets_the_alarm_back(world: World) -> None:
    use = allow(["kms:GenerateDataKey*", "kms:Decrypt"], Principal=CLOUDWATCH, Condition=FROM_ALARM)
    topic = world.topic("alerts", PUBLISH, KmsMasterKeyId=key(world, use))
    queue = world.queue("dead")
    alarm(world, topic)
    assert [one["kind"] for one in world.advance(3600)] == ["alarm"]
    assert state(world) == "OK"
    url = world.client("sqs").get_queue_url(QueueName="dead")["QueueUrl"]
    world.client("sqs").send_message(QueueUrl=url, MessageBody="lost")
    (fired,) = world.advance(3600)
    assert (fired["name"], fired["target"]) == ("watch", topic)
    (mail,) = mails(world)
    assert mail["subject"] == 'ALARM: "watch" in US East (N. Virginia)'
    for part in ("Look here", "OK -> ALARM", "1 out of the last 1 datapoints [1.0", ACCOUNT, "QueueName = dead"):
        assert part in mail["text"]
    world.restart()
    assert world.advance(DAY) == []
    assert len(world.messages(queue)) == 1
    world.client("sqs").purge_queue(QueueUrl=url)
    world.advance(3600)
    assert state(world) == "OK"
    assert len(mails(world)) == 1


@pytest.mark.parametrize("missing", ["topic policy", "key policy"])
def test_an_alarm_that_may_not_publish_tells_nobody_and_its_history_says_why(world: World, missing: str) -> None:
    encryption = {"KmsMasterKeyId": key(world)} if missing == "key policy" else {}
    topic = world.topic("alerts", *([PUBLISH] if missing == "key policy" else []), **encryption)
    world.queue("dead")
    alarm(world, topic)
    world.client("sqs").send_message(QueueUrl=f"{world.server.endpoint_url}/{ACCOUNT}/dead", MessageBody="lost")
    world.advance(600)
    assert state(world) == "ALARM"
    assert mails(world) == []
    items = world.client("cloudwatch").describe_alarm_history(AlarmName="watch", HistoryItemType="Action")
    (item,) = items["AlarmHistoryItems"]
    assert item["HistorySummary"].startswith("Failed to execute action")
    assert "is not authorized to perform" in item["HistorySummary"]


def test_an_alarm_sees_the_executions_of_its_pipeline_and_their_absence(world: World) -> None:
    role = world.role("daily", ["sagemaker.amazonaws.com"])
    world.pipeline(role, fails=False)
    topic = world.topic("alerts", PUBLISH)
    alarm(
        world,
        topic,
        Namespace="AWS/Sagemaker/ModelBuildingPipeline",
        MetricName="ExecutionSucceeded",
        Dimensions=[{"Name": "PipelineName", "Value": "daily"}],
        Statistic="Sum",
        Period=DAY,
        EvaluationPeriods=2,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    world.advance(2 * 3600)
    assert state(world) == "ALARM"  # as at AWS, an alarm on a metric without data begins so
    world.client("sagemaker").start_pipeline_execution(PipelineName="daily")
    world.advance(2 * 3600)
    assert state(world) == "OK"
    world.advance(3 * DAY)
    assert state(world) == "OK"
    world.advance(DAY + 3600)
    assert state(world) == "ALARM"


def test_a_metric_that_a_client_puts_is_evaluated_at_its_own_time(world: World) -> None:
    topic = world.topic("alerts", PUBLISH)
    own = {"Namespace": "Own", "MetricName": "Hours", "Dimensions": [{"Name": "Group", "Value": "g"}]}
    alarm(world, topic, **own, Period=3600, Threshold=72.0, TreatMissingData="ignore")
    datum = {"MetricName": "Hours", "Dimensions": own["Dimensions"], "Value": 80.0, "Timestamp": world.now()}
    world.client("cloudwatch").put_metric_data(Namespace="Own", MetricData=[datum])
    world.advance(120)
    assert state(world) == "ALARM"
    world.advance(DAY)
    assert state(world) == "ALARM"  # missing data is ignored
    world.client("cloudwatch").put_metric_data(
        Namespace="Own", MetricData=[{**datum, "Value": 8.0, "Timestamp": world.now()}]
    )
    world.advance(120)
    assert state(world) == "OK"


def test_a_change_of_state_is_an_event(world: World) -> None:
    admit = allow("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"})
    queue = world.queue("seen", admit)
    events = world.client("events")
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "seen", "Arn": queue}])
    alarm(world, world.topic("alerts"))
    world.client("cloudwatch").set_alarm_state(AlarmName="watch", StateValue="ALARM", StateReason="tried")
    world.advance(0)
    (message,) = world.messages(queue)
    event = json.loads(message["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [ALARM]
    assert event["detail"]["state"]["value"] == "ALARM"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"Namespace": "AWS/SageMaker/ModelBuildingPipeline", "MetricName": "ExecutionFailed"},
            "Nothing in the sandbox",
        ),
        ({"Period": 30}, "whole minutes"),
        ({"Period": DAY, "EvaluationPeriods": 8}, "more than a week"),
        ({"DatapointsToAlarm": 2}, "less than or equal"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "does not execute"),
    ],
)
def test_an_alarm_that_could_not_be_evaluated_as_at_aws_is_refused(
    world: World, change: dict[str, Any], problem: str
) -> None:
    topic = world.topic("alerts")
    with pytest.raises(ClientError, match=problem):
        alarm(world, topic, **change)
    assert world.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
