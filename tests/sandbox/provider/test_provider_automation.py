"""The types of events, alerts and functions through the engine."""

from __future__ import annotations

import io
import json
import zipfile

from provider_programs import ACCOUNT, EDITS_OF_AUTOMATION, automation

from sandbox.provider.archive import zip_bytes
from sandbox.provider.wire import ARCHIVE, Asset


def test_automation_is_made_stays_the_same_changes_and_goes(make_stack) -> None:
    stack = make_stack(name="automation", default_tags={"tags": {"project": "p"}})
    made = stack.up(automation)
    assert len(made) == 14
    assert set(made.values()) == {"create"}
    assert stack.outputs("queue")["url"].endswith(f"/{ACCOUNT}/dead-letters")
    assert stack.unlike_their_import() == {}
    assert stack.refresh() == {}

    edited = {name: value for name, (value, _) in EDITS_OF_AUTOMATION.items()}
    changed = stack.up(lambda options: automation(options, **edited, statement="renamed"))
    assert changed.pop("permission") == "replace"
    assert changed == {name: "update" for _, name in EDITS_OF_AUTOMATION.values()}
    function = stack.client("lambda").get_function(FunctionName="gate")["Configuration"]
    assert function["Timeout"] == 60
    assert function["Environment"]["Variables"] == {"PIPELINE": "other"}
    answer = stack.client("lambda").invoke(FunctionName="gate", Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == {"answer": 2}
    targets = stack.client("events").list_targets_by_rule(Rule="failed")["Targets"]
    assert targets[0]["RetryPolicy"]["MaximumRetryAttempts"] == 5
    schedule = stack.client("scheduler").get_schedule(GroupName="promotion", Name="daily")
    assert schedule["Target"]["SageMakerPipelineParameters"]["PipelineParameterList"] == [{"Name": "P", "Value": "v"}]
    assert stack.preview() == {}

    stack.destroy()
    assert stack.client("sns").list_topics()["Topics"] == []
    assert stack.client("sqs").list_queues().get("QueueUrls", []) == []
    assert stack.client("lambda").list_functions()["Functions"] == []
    assert stack.client("events").list_rules()["Rules"] == []
    assert stack.client("scheduler").list_schedules()["Schedules"] == []
    assert stack.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_an_archive_makes_the_same_bytes_every_time() -> None:
    files = (("b.py", Asset(text="2")), ("a/c.py", Asset(text="1")))
    content = zip_bytes(Asset(signature=ARCHIVE, assets=files))
    assert content == zip_bytes(Asset(signature=ARCHIVE, assets=files[::-1]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a/c.py": b"1", "b.py": b"2"}
