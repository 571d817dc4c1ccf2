"""Schedules fire exactly once, as their role, in time; what cannot be delivered goes to the dead-letter queue."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow
from emulator_world import ACCOUNT, PIPELINE, World, attributes

from sandbox.emulator.clock import Clock
from sandbox.sagemaker.state import State

START = allow("sagemaker:StartPipelineExecution", PIPELINE)
SERVICES = ["scheduler.amazonaws.com", "sagemaker.amazonaws.com"]


def schedule(world: World, target: dict[str, Any], expression: str = "cron(30 2 * * ? *)", **more: Any) -> None:
    more = {"FlexibleTimeWindow": {"Mode": "OFF"}, **more}
    world.client("scheduler").create_schedule(Name="daily", ScheduleExpression=expression, Target=target, **more)


def test_a_year_fires_every_day_once_over_daylight_saving_and_a_restart(stubbed_world: World) -> None:
    world = stubbed_world
    role = world.role("daily", SERVICES, START)
    world.pipeline(role)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    schedule(
        world,
        {"Arn": PIPELINE, "RoleArn": role},
        "cron(30 3 * * ? *)",
        FlexibleTimeWindow=window,
        ScheduleExpressionTimezone="Europe/Vienna",
    )
    fired = world.advance(150 * 86400)
    world.restart()
    fired += world.advance(215 * 86400)
    assert len(fired) == 365
    assert set(Counter(one["at"][:10] for one in fired).values()) == {1}
    assert Counter(one["PipelineExecutionStatus"] for one in world.executions()) == {"Succeeded": 365}
    # 3:30 in Vienna is 2:30 UTC in winter and 1:30 in summer; the window adds less than an hour.
    hours = Counter(one["at"][11:13] for one in fired)
    assert set(hours) <= {"01", "02", "03"}
    assert hours["01"]
    assert hours["03"]


def test_an_execution_that_a_schedule_starts_runs_as_the_scheduler_and_to_its_end(world: World) -> None:
    role = world.role("daily", SERVICES, START)
    world.pipeline(role)
    schedule(world, {"Arn": PIPELINE, "RoleArn": role})
    (fired,) = world.advance(86400)
    assert fired["kind"] == "schedule"
    assert fired["name"] == "default/daily"
    assert fired["target"] == PIPELINE
    (execution,) = world.executions()
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["StartTime"].strftime("%H:%M") == "02:30"
    described = world.client("sagemaker").describe_pipeline_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    assert described["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/daily/scheduler"


@pytest.mark.parametrize(
    ("statements", "code"), [([], "AccessDeniedException"), ([START], "ResourceNotFound")], ids=["denied", "gone"]
)
def test_what_a_schedule_may_not_or_cannot_start_goes_to_its_dead_letter_queue(
    world: World, statements: list[dict[str, Any]], code: str
) -> None:
    queue = world.queue("dead")
    role = world.role("daily", SERVICES, allow("sqs:SendMessage", queue), *statements)
    schedule(world, {"Arn": PIPELINE, "RoleArn": role, "DeadLetterConfig": {"Arn": queue}, "Input": "{}"})
    world.advance(86400)
    (message,) = world.messages(queue)
    found = attributes(message)
    assert found["ERROR_CODE"] == code
    assert found["SCHEDULE_ARN"] == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/daily"
    assert found["TARGET_ARN"] == PIPELINE
    assert found["SCHEDULED_TIME"].endswith("T02:30:00Z")
    assert found["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in found
    assert world.counted("AWS/Scheduler", "TargetErrorCount", "ScheduleGroup", "default") == 1
    assert world.counted("AWS/Scheduler", "InvocationsSentToDeadLetterCount", "ScheduleGroup", "default") == 1


def test_the_dead_letter_queue_gets_nothing_from_a_role_that_may_not_send(world: World) -> None:
    queue = world.queue("dead")
    role = world.role("daily", SERVICES)
    schedule(world, {"Arn": PIPELINE, "RoleArn": role, "DeadLetterConfig": {"Arn": queue}})
    world.advance(86400)
    assert world.messages(queue) == []


def test_a_role_trusts_the_schedulers_group_and_account_or_is_refused(world: World) -> None:
    group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/other"
    role = world.role("daily", SERVICES, START, Condition={"ArnEquals": {"aws:SourceArn": group}})
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule(world, {"Arn": PIPELINE, "RoleArn": role})


@pytest.mark.parametrize(
    ("hours", "policy", "expected"),
    [(30, {}, 1), (50, {}, 1), (30, {"MaximumEventAgeInSeconds": 60}, 0), (20, {"MaximumEventAgeInSeconds": 86400}, 1)],
)
def test_an_occurrence_while_the_server_was_off_is_fired_once_if_it_is_not_too_old(
    world: World, hours: int, policy: dict[str, int], expected: int
) -> None:
    queue = world.queue("target", MessageRetentionPeriod="1209600")
    role = world.role("daily", SERVICES, allow("sqs:SendMessage", queue))
    world.advance_to(f"{world.now() + datetime.timedelta(days=1):%Y-%m-%d}T08:00:00+00:00")
    schedule(world, {"Arn": queue, "RoleArn": role, "Input": "fired", "RetryPolicy": policy})
    world.stop()
    pass_time_without_a_server(world, hours * 3600)
    world.start()
    world.advance(1)
    assert len(world.messages(queue)) == expected
    world.restart()
    world.advance(1)
    assert len(world.messages(queue)) == 0
    assert len(world.advance(86400)) == 1


def pass_time_without_a_server(world: World, seconds: float) -> None:
    """What a stopped server does not see: time that has passed at its next start."""
    state = State(world.server.folder / "automation", "automation.sqlite")
    Clock(state).advance(seconds)
    state.close()


def test_the_input_tells_the_time_the_schedule_and_the_attempt(world: World) -> None:
    queue = world.queue("target")
    role = world.role("daily", SERVICES, allow("sqs:SendMessage", queue))
    names = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    text = json.dumps({name: f"<aws.scheduler.{name}>" for name in names})
    schedule(world, {"Arn": queue, "RoleArn": role, "Input": text})
    world.advance(2 * 86400)
    first, second = (json.loads(message["Body"]) for message in world.messages(queue))
    assert first["schedule-arn"] == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/daily"
    assert first["scheduled-time"].endswith("T02:30:00Z")
    assert first["attempt-number"] == "1"
    assert first["execution-id"] != second["execution-id"]


def test_a_completed_schedule_is_deleted_if_it_says_so_and_a_disabled_one_waits(world: World) -> None:
    queue = world.queue("target")
    role = world.role("daily", SERVICES, allow("sqs:SendMessage", queue))
    moment = world.now().replace(year=world.now().year + 1).strftime("%Y-%m-%dT%H:%M:%S")
    schedule(world, {"Arn": queue, "RoleArn": role}, f"at({moment})", ActionAfterCompletion="DELETE", State="DISABLED")
    scheduler = world.client("scheduler")
    scheduler.update_schedule(
        Name="daily",
        ScheduleExpression=f"at({moment})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": queue, "RoleArn": role, "Input": "once"},
        ActionAfterCompletion="DELETE",
    )
    assert len(world.advance(400 * 86400)) == 1
    assert [message["Body"] for message in world.messages(queue)] == []  # kept for four days only
    assert scheduler.list_schedules()["Schedules"] == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"expression": "cron(0 6 * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}, "does not call the target"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:first.fifo"}, "does not call the target"),
        ({"KinesisParameters": {"PartitionKey": "k"}}, "does not implement KinesisParameters"),
        ({"RetryPolicy": {"MaximumEventAgeInSeconds": 90000}}, "between 60 and 86400"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
    ],
)
def test_a_schedule_that_could_not_fire_as_at_aws_is_refused(
    world: World, change: dict[str, Any], problem: str
) -> None:
    role = world.role("daily", SERVICES)
    own = ("expression", "ScheduleExpressionTimezone", "FlexibleTimeWindow")
    target = {"Arn": PIPELINE, "RoleArn": role, **{n: v for n, v in change.items() if n not in own}}
    with pytest.raises(ClientError, match=problem):
        schedule(world, target, **{n: v for n, v in change.items() if n in own})
