"""Functions run as their role, in an environment of their own; what fails is tried again, then handed on."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow
from emulator_world import ACCOUNT, World, attributes

SERVICES = ["lambda.amazonaws.com"]
ENVIRONMENT = """
import os, boto3
def handler(event, context):
    return {"names": sorted(os.environ), "caller": boto3.client("sts").get_caller_identity()["Arn"]}
"""
FAILS = "def handler(event, context): raise ValueError('no ' + event['what'])"
SLOW = "import time\ndef handler(event, context): time.sleep(1)"


def test_a_function_sees_its_role_and_nothing_of_the_server(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.stop()
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    world.start()
    role = world.role("worker", SERVICES)
    function = world.function("look", ENVIRONMENT, role, Environment={"Variables": {"OWN": "1"}})
    answer = json.loads(world.client("lambda").invoke(FunctionName=function)["Payload"].read())
    assert answer["caller"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/look"
    assert {"OWN", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"} <= set(answer["names"])
    theirs = {"SECRET_OF_THE_SERVER", "HOME", "STATE_DIR", "S3_DATA_DIR", "AUTH", "PYTEST_CURRENT_TEST"}
    assert not theirs & set(answer["names"])


def test_an_event_is_tried_after_one_and_two_minutes_then_put_into_the_dead_letter_queue(world: World) -> None:
    queue = world.queue("dead")
    role = world.role("worker", SERVICES, allow("sqs:SendMessage", queue))
    function = world.function("fails", FAILS, role, DeadLetterConfig={"TargetArn": queue})
    begun = world.now()
    world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"what": "luck"}')
    world.advance(30)
    assert world.messages(queue) == []
    world.restart()
    fired = world.advance(600)
    assert [(one["kind"], one["target"]) for one in fired] == [("invocation", function)] * 2
    (message,) = world.messages(queue)
    assert json.loads(message["Body"]) == {"what": "luck"}
    found = attributes(message)
    assert found.pop("RequestID")
    assert found == {"ErrorCode": "200", "ErrorMessage": "no luck"}
    moments = [time.mktime(time.strptime(one["at"], "%Y-%m-%dT%H:%M:%SZ")) for one in fired]
    start = time.mktime(begun.timetuple())
    assert 60 <= moments[0] - start < 75
    assert 120 <= moments[1] - moments[0] < 135


def test_a_role_that_may_not_send_loses_the_event(world: World) -> None:
    queue = world.queue("dead")
    role = world.role("worker", SERVICES)
    function = world.function("fails", FAILS, role, DeadLetterConfig={"TargetArn": queue})
    world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"what": "luck"}')
    world.advance(600)
    assert world.messages(queue) == []
    assert world.counted("AWS/Lambda", "Errors", "FunctionName", "fails") == 3
    assert world.counted("AWS/Lambda", "DeadLetterErrors", "FunctionName", "fails") == 1


def test_a_destination_gets_the_record_of_the_failure_after_as_many_tries_as_were_asked_for(world: World) -> None:
    queue = world.queue("failed")
    role = world.role("worker", SERVICES, allow("sqs:SendMessage", queue))
    function = world.function("fails", FAILS, role)
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"what": "luck"}')
    assert world.advance(600) == []
    (message,) = world.messages(queue)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"what": "luck"}
    assert record["responsePayload"]["errorMessage"] == "no luck"


def test_a_rule_invokes_a_function_that_lets_it_and_no_other(world: World) -> None:
    queue = world.queue("seen")
    role = world.role("worker", SERVICES, allow("sqs:SendMessage", queue))
    code = (
        "import boto3, json\n"
        "def handler(event, context):\n"
        "    sqs = boto3.client('sqs')\n"
        "    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName='seen')['QueueUrl'], MessageBody=json.dumps(event))"
    )
    world.client("iam").put_role_policy(
        RoleName="worker", PolicyName="read", PolicyDocument=json.dumps({"Statement": allow("sqs:GetQueueUrl")})
    )
    function = world.function("see", code, role)
    events = world.client("events")
    rule = events.put_rule(Name="all", EventPattern=json.dumps({"source": ["test"]}))["RuleArn"]
    events.put_targets(Rule="all", Targets=[{"Id": "see", "Arn": function}])
    entry = {"Source": "test", "DetailType": "x", "Detail": "{}"}
    events.put_events(Entries=[entry])
    world.advance(0)
    assert world.messages(queue) == []
    world.client("lambda").add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_events(Entries=[entry])
    world.advance(0)
    (message,) = world.messages(queue)
    assert json.loads(message["Body"])["source"] == "test"


def test_reserved_concurrency_is_kept_and_what_it_delays_is_run_later(world: World) -> None:
    role = world.role("worker", SERVICES)
    function = world.function("slow", SLOW, role)
    client = boto3.client(
        "lambda",
        endpoint_url=world.server.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),  # boto3 would try again until the function is free
    )
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.invoke, FunctionName=function)
        time.sleep(0.3)
        with pytest.raises(ClientError, match="TooManyRequestsException"):
            client.invoke(FunctionName=function)
        client.invoke(FunctionName=function, InvocationType="Event")
        assert "FunctionError" not in first.result()
    world.advance(300)
    assert world.counted("AWS/Lambda", "Errors", "FunctionName", "slow") == 0
    assert world.counted("AWS/Lambda", "Invocations", "FunctionName", "slow") == 2
    assert world.counted("AWS/Lambda", "Throttles", "FunctionName", "slow") >= 1


def test_a_warm_invocation_takes_less_than_a_tenth_of_a_second(world: World) -> None:
    function = world.function("quick", "def handler(event, context): return event", world.role("worker", SERVICES))
    client = world.client("lambda")
    client.invoke(FunctionName=function)
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        client.invoke(FunctionName=function)
        taken.append(time.perf_counter() - started)
    assert sorted(taken)[10] < 0.1
    assert REGION in function


def test_a_function_that_runs_does_not_keep_the_server_and_its_event_is_run_again_at_the_next_start(
    world: World,
) -> None:
    queue = world.queue("done")
    role = world.role("worker", SERVICES, allow("sqs:SendMessage", queue))
    code = "import time\ndef handler(event, context): time.sleep(event['seconds'])"
    function = world.function("waits", code, role, Timeout=90)
    client = world.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": queue}}
    )
    client.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"seconds": 4}')
    started = time.monotonic()
    world.restart()
    assert time.monotonic() - started < 3.5
    world.advance(0)
    assert len(world.messages(queue)) == 1
