"""The types of events, alerts and functions through the engine."""

from __future__ import annotations

import io
import json
import zipfile

import pulumi
import pulumi_aws as aws
from conftest import ACCOUNT, REGION

CODE = "def handler(event, context):\n    return {'answer': %s}\n"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(resource: str, service: str, action: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def automation(options: pulumi.ResourceOptions, **edit) -> None:
    """One of each type of the second set; ``edit`` changes one property of one of them."""

    def given(name: str, value):
        return edit.get(name, value)

    topic = aws.sns.Topic("topic", name="alerts", display_name=given("display_name", "Alerts"), opts=options)
    aws.sns.TopicPolicy(
        "topic-policy",
        arn=topic.arn,
        policy=topic.arn.apply(lambda arn: policy(arn, "events.amazonaws.com", "sns:Publish")),
        opts=options,
    )
    queue = aws.sqs.Queue(
        "queue",
        name="dead-letters",
        message_retention_seconds=given("retention", 1209600),
        sqs_managed_sse_enabled=True,
        opts=options,
    )
    aws.sqs.QueuePolicy(
        "queue-policy",
        queue_url=queue.url,
        policy=queue.arn.apply(lambda arn: policy(arn, "sns.amazonaws.com", "sqs:SendMessage")),
        opts=options,
    )
    aws.sns.TopicSubscription(
        "subscription",
        topic=topic.arn,
        protocol="sqs",
        endpoint=queue.arn,
        raw_message_delivery=given("raw", True),
        opts=options,
    )
    function_role = aws.iam.Role(
        "function-role", name="gate-role", assume_role_policy=trust("lambda.amazonaws.com"), opts=options
    )
    function = aws.lambda_.Function(
        "function",
        name="gate",
        role=function_role.arn,
        runtime="python3.12",
        handler="index.handler",
        timeout=given("timeout", 30),
        code=pulumi.AssetArchive({"index.py": pulumi.StringAsset(CODE % given("answer", 1))}),
        environment={"variables": {"PIPELINE": given("variable", "train")}},
        opts=options,
    )
    rule = aws.cloudwatch.EventRule(
        "rule",
        name="failed",
        description=given("rule_description", "failed executions"),
        event_pattern=json.dumps({"source": ["aws.sagemaker"]}),
        opts=options,
    )
    aws.lambda_.Permission(
        "permission",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        statement_id=given("statement", "events"),
        opts=options,
    )
    aws.cloudwatch.EventTarget(
        "target",
        rule=rule.name,
        target_id="gate",
        arn=function.arn,
        retry_policy={"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": given("attempts", 2)},
        dead_letter_config={"arn": queue.arn},
        input_transformer={"input_paths": {"arn": "$.resources[0]"}, "input_template": '{"execution": <arn>}'},
        opts=options,
    )
    aws.cloudwatch.MetricAlarm(
        "alarm",
        name="dead-letters",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="ApproximateNumberOfMessagesVisible",
        namespace="AWS/SQS",
        period=given("period", 300),
        statistic="Maximum",
        threshold=0,
        dimensions={"QueueName": queue.name},
        alarm_actions=[topic.arn],
        opts=options,
    )
    group = aws.scheduler.ScheduleGroup("schedules", name="promotion", opts=options)
    schedule_role = aws.iam.Role(
        "schedule-role", name="schedule-role", assume_role_policy=trust("scheduler.amazonaws.com"), opts=options
    )
    aws.scheduler.Schedule(
        "schedule",
        name="daily",
        group_name=group.name,
        schedule_expression=given("expression", "cron(0 23 * * ? *)"),
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/inference",
            "role_arn": schedule_role.arn,
            "sagemaker_pipeline_parameters": {"pipeline_parameters": [{"name": "P", "value": "v"}]},
            "dead_letter_config": {"arn": queue.arn},
        },
        opts=options,
    )


EDITS = {
    "display_name": ("Other", "topic"),
    "retention": (60, "queue"),
    "raw": (False, "subscription"),
    "timeout": (60, "function"),
    "answer": (2, "function"),
    "variable": ("other", "function"),
    "rule_description": ("another", "rule"),
    "attempts": (5, "target"),
    "period": (60, "alarm"),
    "expression": ("rate(1 day)", "schedule"),
}


def test_automation_is_made_stays_the_same_changes_and_goes(make_stack) -> None:
    stack = make_stack(name="automation", default_tags={"tags": {"project": "p"}})
    made = stack.up(automation)
    assert len(made) == 14
    assert set(made.values()) == {"create"}
    assert stack.outputs("queue")["url"].endswith(f"/{ACCOUNT}/dead-letters")
    assert stack.refresh() == {}
    assert stack.preview() == {}

    edited = {name: value for name, (value, _) in EDITS.items()}
    changed = stack.up(lambda options: automation(options, **edited, statement="renamed"))
    assert changed.pop("permission") == "replace"
    assert changed == {name: "update" for _, name in EDITS.values()}
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
    from sandbox.provider.archive import zip_bytes  # noqa: PLC0415
    from sandbox.provider.wire import ARCHIVE, Asset  # noqa: PLC0415

    files = (("b.py", Asset(text="2")), ("a/c.py", Asset(text="1")))
    content = zip_bytes(Asset(signature=ARCHIVE, assets=files))
    assert content == zip_bytes(Asset(signature=ARCHIVE, assets=files[::-1]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a/c.py": b"1", "b.py": b"2"}
