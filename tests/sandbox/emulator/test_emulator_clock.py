"""The clock moves from one due moment to the next, and only as far as everything has settled."""

from __future__ import annotations

import datetime
import json
import os
import signal
import threading
import time

import pytest
from emulator_callers import allow
from emulator_world import PIPELINE, World

from sandbox.emulator.clock import Clock
from sandbox.emulator.timeline import Fired, NotSettledError, Timeline

SERVICES = ["scheduler.amazonaws.com", "sagemaker.amazonaws.com"]


class Every:
    """Due at regular moments; remembers what the clock showed."""

    def __init__(self, clock: Clock, name: str, seconds: float) -> None:
        self._clock, self._name, self._seconds = clock, name, seconds
        self._next = clock.now() + seconds
        self.seen: list[float] = []

    def due(self) -> float | None:
        return self._next

    def fire(self, moment: float) -> list[Fired]:
        if self._next > moment:
            return []
        fired = Fired(at=self._next, kind="test", name=self._name, target="")
        self.seen.append(self._clock.now() - self._next)
        self._next += self._seconds
        return [fired]


def test_what_is_due_fires_in_order_of_time_with_the_clock_at_its_moment() -> None:
    clock = Clock()
    timeline = Timeline(clock, lambda: [])
    hourly, daily = Every(clock, "hourly", 3600), Every(clock, "daily", 7201)
    timeline.add(daily)
    timeline.add(hourly)
    fired = timeline.advance(4 * 3600 - 60)
    assert [one.name for one in fired] == ["hourly", "hourly", "daily", "hourly"]
    assert all(0 <= late < 1 for late in hourly.seen + daily.seen)


class Work(Every):
    """What it fires takes a moment; it remembers whether the one before had ended."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, "work", 3600)
        self.running: list[str] = []
        self.found: list[int] = []

    def fire(self, moment: float) -> list[Fired]:
        fired = super().fire(moment)
        if fired:
            self.found.append(len(self.running))
            self.running.append("work")
            threading.Timer(0.1, self.running.clear).start()
        return fired


def test_what_is_due_next_waits_until_what_was_fired_has_ended() -> None:
    clock = Clock()
    work = Work(clock)
    timeline = Timeline(clock, lambda: list(work.running))
    timeline.add(work)
    timeline.advance(3 * 3600)
    assert work.found == [0, 0, 0]
    assert work.running == []


def test_the_clock_waits_for_what_it_fired_and_says_what_does_not_end() -> None:
    clock = Clock()
    running = ["arn:execution/1"]
    timeline = Timeline(clock, lambda: list(running), settle_seconds=0.2)
    timeline.add(Every(clock, "hourly", 3600))
    with pytest.raises(NotSettledError, match="execution/1"):
        timeline.advance(7200)
    assert clock.advanced_seconds == 0
    threading.Timer(0.1, running.clear).start()
    assert len(timeline.advance(7200 - 1)) == 1


def test_real_time_fires_what_is_due_without_anybody() -> None:
    clock = Clock()
    timeline = Timeline(clock, lambda: [])
    soon = Every(clock, "soon", 0.2)
    timeline.add(soon)
    timeline.open()
    time.sleep(0.7)
    timeline.close()
    assert 2 <= len(soon.seen) <= 4


def test_an_advance_answers_when_executions_have_ended_and_is_kept_over_a_restart(world: World) -> None:
    role = world.role("daily", SERVICES, allow("sagemaker:StartPipelineExecution", PIPELINE))
    world.pipeline(role)
    world.client("scheduler").create_schedule(
        Name="daily",
        ScheduleExpression="rate(12 hours)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": PIPELINE, "RoleArn": role},
    )
    before = world.now()
    assert len(world.advance(26 * 3600)) >= 2
    assert {one["PipelineExecutionStatus"] for one in world.executions()} == {"Failed"}
    world.restart()
    assert (world.now() - before).total_seconds() >= 26 * 3600
    assert len(world.executions()) == 3


def test_the_doors_refuse_web_pages_and_nonsense(world: World) -> None:
    assert world.ask("GET", "/_sandbox/clock", headers={"Origin": "https://example.com"})[0] == 403
    status, answer = world.ask(
        "POST", "/_sandbox/clock/advance", {"seconds": 60}, headers={"Origin": "https://example.com"}
    )
    assert status == 403
    for body in ({"seconds": -1}, {"seconds": "soon"}, {}, []):
        status, answer = world.ask("POST", "/_sandbox/clock/advance", body)
        assert status == 400
        assert "seconds" in answer["message"]
    assert world.ask("GET", "/_sandbox/outbox?after=x")[0] == 400
    assert world.ask("GET", "/_sandbox/nothing")[0] == 404
    assert world.ask("GET", "/_sandbox/clock")[1]["advanced_seconds"] == 0


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_an_execution_that_the_server_left_running_tells_that_it_failed(world: World, end: str) -> None:
    admit = allow("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"})
    queue = world.queue("seen", admit)
    pattern = {"source": ["aws.sagemaker"], "detail": {"currentPipelineExecutionStatus": ["Failed"]}}
    events = world.client("events")
    events.put_rule(Name="failed", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="failed", Targets=[{"Id": "seen", "Arn": queue}])
    role = world.role("worker", ["lambda.amazonaws.com", "sagemaker.amazonaws.com"], allow("lambda:InvokeFunction"))
    function = world.function("slow", "import time\ndef handler(event, context): time.sleep(60)", role, Timeout=90)
    step = {"Name": "Wait", "Type": "Lambda", "FunctionArn": function, "Arguments": {}}
    text = json.dumps({"Version": "2020-12-01", "Steps": [step]})
    sagemaker = world.client("sagemaker")
    sagemaker.create_pipeline(PipelineName="daily", PipelineDefinition=text, RoleArn=role)
    sagemaker.start_pipeline_execution(PipelineName="daily")
    if end == "killed":
        time.sleep(1)  # until the state is saved
        os.kill(world.server.pid, signal.SIGKILL)
    world.restart()
    (execution,) = world.executions()
    assert execution["PipelineExecutionStatus"] == "Failed"
    world.advance(0)
    (message,) = world.messages(queue)
    assert json.loads(message["Body"])["detail"]["pipelineExecutionArn"] == execution["PipelineExecutionArn"]


def test_services_show_the_sandboxs_time_to_clients_that_sign_by_real_time(world: World) -> None:
    world.advance(40 * 86400)
    now = world.now()
    s3 = world.client("s3")
    s3.create_bucket(Bucket="stamped")
    s3.put_object(Bucket="stamped", Key="k", Body=b"x")
    logs = world.client("logs")
    logs.create_log_group(logGroupName="stamped")
    admit = allow("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"})
    queue = world.queue("stamped", admit)
    events = world.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "seen", "Arn": queue}])
    events.put_events(Entries=[{"Source": "test", "DetailType": "x", "Detail": "{}"}])
    world.advance(0)
    url = world.client("sqs").get_queue_url(QueueName="stamped")["QueueUrl"]
    (message,) = world.client("sqs").receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    role = world.role("any", ["lambda.amazonaws.com"]).rpartition("/")[2]
    shown = {
        "S3": s3.head_object(Bucket="stamped", Key="k")["LastModified"],
        "CloudWatch Logs": moment(logs.describe_log_groups()["logGroups"][0]["creationTime"] / 1000),
        "SQS": moment(int(message["Attributes"]["SentTimestamp"]) / 1000),
        "EventBridge": datetime.datetime.fromisoformat(json.loads(message["Body"])["time"]),
        "IAM": world.client("iam").get_role(RoleName=role)["Role"]["CreateDate"],
    }
    late = {name: abs((at - now).total_seconds()) for name, at in shown.items()}
    assert {name: seconds for name, seconds in late.items() if seconds > 60} == {}


def moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
