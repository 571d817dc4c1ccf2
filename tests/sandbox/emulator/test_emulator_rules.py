"""Events reach the targets that let EventBridge in; the others' go to the dead-letter queue, or are tried again."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow, document
from emulator_world import ACCOUNT, OTHER, PIPELINE, World, attributes

from sandbox import process
from sandbox.emulator import deliveries
from sandbox.sagemaker.state import State

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/failed"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
EVENTS = {"Service": "events.amazonaws.com"}
FROM_RULE = {"Principal": EVENTS, "Condition": {"ArnEquals": {"aws:SourceArn": RULE}}}
PUBLISH = {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*", **FROM_RULE}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", **FROM_RULE}


def rule(world: World, *targets: dict[str, Any]) -> None:
    events = world.client("events")
    events.put_rule(Name="failed", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule="failed", Targets=[{"Id": str(index), **one} for index, one in enumerate(targets)])


def put(world: World, **detail: Any) -> None:
    entry = {"Source": "test", "DetailType": "Something failed", "Detail": json.dumps(detail)}
    world.client("events").put_events(Entries=[entry])
    world.advance(0)


def key(world: World, *statements: dict[str, Any]) -> str:
    root = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    made = world.client("kms").create_key(Policy=document(root, *statements))
    return str(made["KeyMetadata"]["Arn"])


USE_KEY = {"Effect": "Allow", "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*", **FROM_RULE}


def texts(world: World) -> list[str]:
    """The mails but those that ask for a confirmation."""
    return [message["text"] for message in world.outbox() if "Confirmation" not in message["subject"]]


def test_a_topic_under_a_key_that_admits_eventbridge_gets_the_message(world: World) -> None:
    topic = world.topic("alerts", PUBLISH, KmsMasterKeyId=key(world, USE_KEY))
    transformer = {"InputPathsMap": {"why": "$.detail.why"}, "InputTemplate": '"It failed: <why>"'}
    rule(world, {"Arn": topic, "InputTransformer": transformer})
    put(world, why="drift")
    (message,) = (one for one in world.outbox() if one["subject"] == "AWS Notification Message")
    assert message["text"] == '"It failed: drift"'
    assert message["to"] == "people@example.com"
    assert message["account_id"] == ACCOUNT
    assert message["topic_arn"] == topic


@pytest.mark.parametrize("missing", ["topic policy", "key policy", "aws key", "topic"])
def test_a_topic_that_eventbridge_may_not_use_gets_nothing_and_the_queue_gets_the_event(
    world: World, missing: str
) -> None:
    queue = world.queue("dead", SEND)
    encryption = (
        "alias/aws/sns" if missing == "aws key" else key(world, *([] if missing == "key policy" else [USE_KEY]))
    )
    topic = world.topic("alerts", *([] if missing == "topic policy" else [PUBLISH]), KmsMasterKeyId=encryption)
    rule(world, {"Arn": topic, "DeadLetterConfig": {"Arn": queue}})
    if missing == "topic":
        world.client("sns").delete_topic(TopicArn=topic)
    put(world, why="drift")
    assert texts(world) == []
    (message,) = world.messages(queue)
    assert json.loads(message["Body"])["detail"] == {"why": "drift"}
    assert attributes(message) == {
        "RULE_ARN": RULE,
        "TARGET_ARN": topic,
        "ERROR_CODE": "NO_RESOURCE" if missing == "topic" else "NO_PERMISSIONS",
        "ERROR_MESSAGE": attributes(message)["ERROR_MESSAGE"],
        "RETRY_ATTEMPTS": "0",
    }


def test_a_dead_letter_queue_that_does_not_admit_the_rule_gets_nothing(world: World) -> None:
    other = {**SEND, "Condition": {"ArnEquals": {"aws:SourceArn": RULE.replace("failed", "other")}}}
    queue = world.queue("dead", other)
    rule(world, {"Arn": world.topic("alerts"), "DeadLetterConfig": {"Arn": queue}})
    put(world)
    assert world.messages(queue) == []
    counted = {
        name: world.counted("AWS/Events", name, "RuleName", "failed")
        for name in ("FailedInvocations", "InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq")
    }
    assert counted == {"FailedInvocations": 1, "InvocationsSentToDlq": 0, "InvocationsFailedToBeSentToDlq": 1}


def test_a_delivery_is_tried_again_over_a_restart_until_the_key_is_enabled(world: World) -> None:
    arn = key(world, USE_KEY)
    queue = world.queue("dead", SEND)
    topic = world.topic("alerts", PUBLISH, KmsMasterKeyId=arn)
    rule(world, {"Arn": topic, "DeadLetterConfig": {"Arn": queue}})
    world.client("kms").disable_key(KeyId=arn)
    put(world, why="drift")
    fired = world.advance(60)
    assert [one["kind"] for one in fired] == ["retry"] * len(fired)
    assert len(fired) == 4  # after 2, 4, 8 and 16 seconds
    world.restart()
    world.client("kms").enable_key(KeyId=arn)
    assert len(world.advance(60)) == 1
    assert len(texts(world)) == 1
    assert world.advance(86400) == []
    assert world.messages(queue) == []


def test_a_delivery_that_a_killed_server_left_in_the_middle_is_made_at_the_next_start(world: World) -> None:
    topic = world.topic("alerts", PUBLISH)
    world.stop()
    state = State(world.server.folder / "automation", "automation.sqlite")
    left = deliveries.new(
        delivery_id="left",
        service="events.amazonaws.com",
        source_arn=RULE,
        trust_arn=RULE,
        target={"Arn": topic},
        payload='"text"',
        body="{}",
        first_at=time.time(),
    )
    state.put(deliveries.KIND, "left", left)
    state.close()
    world.start()
    world.advance(0)
    assert texts(world) == ['"text"']
    world.restart()
    world.advance(0)
    assert len(texts(world)) == 1


def test_a_delivery_that_waits_does_not_keep_an_idle_server_alive(world: World) -> None:
    arn = key(world, USE_KEY)
    topic = world.topic("alerts", PUBLISH, KmsMasterKeyId=arn)
    rule(world, {"Arn": topic})
    world.client("kms").disable_key(KeyId=arn)
    put(world)
    world.stop()
    folder = world.server.folder
    process.start(folder, 0, idle_minutes=1.5 / 60)
    deadline = time.monotonic() + 15
    while process.find(folder) is not None:
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.1)
    world.start()
    world.client("kms").enable_key(KeyId=arn)
    world.advance(600)
    assert len(texts(world)) == 1


@pytest.mark.parametrize(
    ("policy", "condition", "retries"),
    [
        ({"MaximumRetryAttempts": 3}, "MaximumRetryAttempts", "3"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "4"),
        ({}, "MaximumRetryAttempts", "185"),
    ],
)
def test_retries_end_as_the_policy_says_and_the_queue_gets_the_event(
    world: World, policy: dict[str, int], condition: str, retries: str
) -> None:
    arn = key(world, USE_KEY)
    queue = world.queue("dead", SEND)
    topic = world.topic("alerts", PUBLISH, KmsMasterKeyId=arn)
    rule(world, {"Arn": topic, "DeadLetterConfig": {"Arn": queue}, "RetryPolicy": policy})
    world.client("kms").disable_key(KeyId=arn)
    put(world)
    world.advance(86400)
    (message,) = world.messages(queue)
    assert attributes(message)["EXHAUSTED_RETRY_CONDITION"] == condition
    assert attributes(message)["RETRY_ATTEMPTS"] == retries
    assert attributes(message)["ERROR_CODE"] == "ERROR_FROM_TARGET"


def test_a_rule_starts_a_pipeline_as_its_role(world: World) -> None:
    start = allow("sagemaker:StartPipelineExecution", PIPELINE)
    services = ["events.amazonaws.com", "sagemaker.amazonaws.com"]
    able, unable = world.role("able", services, start), world.role("unable", services)
    world.pipeline(able)
    rule(world, {"Arn": PIPELINE, "RoleArn": able}, {"Arn": PIPELINE, "RoleArn": unable})
    put(world)
    assert len(world.executions()) == 1


def test_a_bus_of_another_account_takes_events_that_its_policy_and_the_role_allow(world: World) -> None:
    bus = f"arn:aws:events:{REGION}:{OTHER}:event-bus/central"
    theirs = world.client("events", OTHER)
    theirs.create_event_bus(Name="central")
    theirs.put_rule(Name="all", EventBusName="central", EventPattern=json.dumps({"account": [ACCOUNT]}))
    sqs = world.client("sqs", OTHER)
    url = sqs.create_queue(QueueName="seen")["QueueUrl"]
    admit = allow("sqs:SendMessage", Principal=EVENTS)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(admit)})
    target = {"Id": "seen", "Arn": f"arn:aws:sqs:{REGION}:{OTHER}:seen"}
    theirs.put_targets(Rule="all", EventBusName="central", Targets=[target])
    role = world.role("forward", ["events.amazonaws.com"], allow("events:PutEvents", bus))
    rule(world, {"Arn": bus, "RoleArn": role})
    put(world, number=1)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    statement = allow("events:PutEvents", bus, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    theirs.put_permission(EventBusName="central", Policy=document(statement))
    put(world, number=2)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["detail"] == {"number": 2}
    assert json.loads(message["Body"])["account"] == ACCOUNT


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ({"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:x"}, "does not deliver to"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x.fifo"}, "does not deliver to"),
        ({"Arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:x"}, "in another region"),
        ({"Arn": PIPELINE}, "RoleArn is required"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x", "RoleArn": ROLE}, "no RoleArn"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x", "DeadLetterConfig": {"Arn": RULE}}, "not a standard queue"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x", "HttpParameters": {}}, "does not implement HttpParameters"),
    ],
)
def test_a_target_that_would_not_be_reached_as_at_aws_is_refused(
    world: World, target: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        rule(world, target)


def test_a_rule_on_a_schedule_is_refused(world: World) -> None:
    with pytest.raises(ClientError, match="EventBridge Scheduler"):
        world.client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
