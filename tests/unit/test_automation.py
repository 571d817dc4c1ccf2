"""The automation that the programs declare, by value."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from importlib import import_module

import pulumi
import pytest

from infra import inventory
from infra import names as n
from infra.automation.approval_rule import message
from infra.identity.deployment import deployment_policies, deployment_statements
from infra.names import Names
from infra.providers import declare_provider
from ml import model as models
from ml.functions import approval_watch

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
FUNCTION = "aws:lambda/function:Function"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
RULE = "aws:cloudwatch/eventRule:EventRule"
SCHEDULE = "aws:scheduler/schedule:Schedule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
MODEL = "mammography-severity"


@pytest.fixture
def program(declare, settings):
    def run(environment, **changes):
        chosen = settings[environment].model_copy(update=changes)

        def declared():
            provider = declare_provider(chosen)
            module = import_module(f"stacks.{environment}")
            return vars(module.declare(chosen, pulumi.ResourceOptions(providers=[provider])))

        return declare(declared)

    return run


def names_of(declared, typ, key="name"):
    return {inputs[key] for inputs in declared.of_type(typ).values()}


@pytest.mark.parametrize("environment", ["registry", "dev", "prod"])
def test_the_inventory_is_what_the_stack_declares(program, settings, environment):
    declared, names = program(environment), Names(settings[environment])
    chosen = [models.load(MODEL)]
    groups = {names.schedule_group(group, "prod") for group in n.SCHEDULE_GROUPS} if environment == "prod" else set()
    assert names_of(declared, FUNCTION) == set(inventory.functions(environment))
    assert names_of(declared, QUEUE) == set(inventory.queues(names, environment))
    assert names_of(declared, RULE) == set(inventory.rules(names, environment, chosen))
    assert names_of(declared, ALARM) == set(inventory.alarms(names, environment, chosen))
    assert names_of(declared, "aws:cloudwatch/logGroup:LogGroup") == set(inventory.log_groups(names, environment))
    assert names_of(declared, "aws:scheduler/scheduleGroup:ScheduleGroup") == groups
    roles = {names.role_name(role, environment) for role in inventory.roles(environment)}
    adopted = {names.deployment_role(environment), names.preview_role(environment)}
    assert names_of(declared, "aws:iam/role:Role") == roles | adopted


@pytest.mark.parametrize("environment", ["registry", "prod"])
def test_nothing_that_cannot_be_delivered_is_lost_or_unseen(program, environment):
    declared = program(environment)
    queues = {f"arn:of:{name}" for name in declared.of_type(QUEUE)}
    senders = [*declared.of_type(TARGET).values(), *(s["target"] for s in declared.of_type(SCHEDULE).values())]
    assert senders
    for sender in senders:
        assert sender["deadLetterConfig"]["arn"] in queues
        assert sender["retryPolicy"]["maximumRetryAttempts"] > 0
    watched = {
        alarm["dimensions"]["QueueName"]
        for alarm in declared.of_type(ALARM).values()
        if alarm["metricName"] == "ApproximateNumberOfMessagesVisible"
    }
    assert watched == names_of(declared, QUEUE)
    for name, alarm in declared.of_type(ALARM).items():
        assert alarm["alarmActions"] == ["arn:of:alerts"], name


def test_every_function_that_events_reach_has_a_queue_of_its_own_and_the_gate_runs_alone(program):
    functions = program("prod").of_type(FUNCTION)
    queues = {name: f["deadLetterConfig"]["targetArn"] for name, f in functions.items() if "deadLetterConfig" in f}
    assert queues == {function: f"arn:of:{function}-dead-letters" for function in n.AUTOMATION_FUNCTIONS}
    alone = {name for name, function in functions.items() if function.get("reservedConcurrentExecutions") == 1}
    assert alone == {n.RETRAIN_GATE}
    assert {name for name, f in functions.items() if f.get("environment") and "kmsKeyArn" not in f} == set()


@pytest.mark.parametrize(
    ("kind", "functions"), [("train", {"failure-notice"}), ("inference", {"failure-notice", "retrain-gate"})]
)
def test_failures_of_exactly_one_pipeline_reach_its_functions(program, kind, functions):
    declared = program("prod")
    rule = declared.one(RULE, f"{MODEL}-{kind}-failed")
    assert json.loads(rule["eventPattern"])["detail"] == {
        "currentPipelineExecutionStatus": ["Failed"],
        "pipelineArn": [f"arn:aws:sagemaker:us-east-1:222222222222:pipeline/mammo-severity-{kind}-pipeline"],
    }
    targets = {t["targetId"] for t in declared.of_type(TARGET).values() if t["rule"] == rule["name"]}
    assert targets == functions
    for permission in declared.of_type("aws:lambda/permission:Permission").values():
        assert permission["sourceArn"] in {f"arn:of:{name}" for name in declared.of_type(RULE)}


def test_only_named_alarms_publish_and_only_named_rules_send_to_a_queue(program):
    for environment, sids in {"prod": {"Alarms"}, "registry": {"Alarms", "Rules"}}.items():
        declared = program(environment)
        policy = declared.policy(TOPIC_POLICY, "alerts-policy", "policy")
        assert set(policy) == sids | {"DenyInsecureTransport"}
        # With a condition EventBridge could not publish at all.
        assert "Condition" not in policy.get("Rules", {})
        alarms = policy["Alarms"]["Condition"]["ArnEquals"]["aws:SourceArn"]
        alarms = [alarms] if isinstance(alarms, str) else alarms
        assert {arn.rpartition("alarm:")[2] for arn in alarms} == names_of(declared, ALARM)
        sending = [
            json.loads(queue["policy"])["Statement"][1]["Condition"]["ArnEquals"]["aws:SourceArn"]
            for queue in declared.of_type(QUEUE_POLICY).values()
            if len(json.loads(queue["policy"])["Statement"]) > 1
        ]
        [rules] = sending
        rules = [rules] if isinstance(rules, str) else rules
        assert {arn.rpartition("rule/")[2] for arn in rules} == names_of(declared, RULE)


def test_the_gate_knows_the_train_pipeline_and_the_step_of_each_inference(program):
    variables = program("prod").one(FUNCTION, n.RETRAIN_GATE)["environment"]["variables"]
    definition = json.loads(program("prod").one(PIPELINE, f"{MODEL}-inference")["pipelineDefinition"])
    [known] = json.loads(variables["PIPELINES"]).items()
    assert known == (
        "mammo-severity-inference-pipeline",
        {"train_pipeline": "mammo-severity-train-pipeline", "drift_step": "Mammo-DataDrift"},
    )
    assert '"Mammo-DataDrift"' in json.dumps(definition)
    assert (variables["COOL_DOWN_HOURS"], variables["WEEKLY_CAP"]) == ("20", "3")


def test_schedule_is_the_settings(program, settings):
    inference = settings["prod"].inference.model_copy(
        update={"schedule": "rate(12 hours)", "time_zone": "Europe/Berlin", "flexible_window_minutes": 0}
    )
    schedule = program("prod", inference=inference).one(
        SCHEDULE, "inference-schedule-mammo-severity-inference-pipeline"
    )
    assert schedule["scheduleExpression"] == "rate(12 hours)"
    assert schedule["scheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    assert schedule["target"]["arn"] == f"arn:of:{MODEL}-inference"
    schedule = program("prod").one(SCHEDULE, "inference-schedule-mammo-severity-inference-pipeline")
    assert schedule["flexibleTimeWindow"] == {"mode": "FLEXIBLE", "maximumWindowInMinutes": 15}


def test_silence_for_two_periods_is_an_alarm(program):
    alarm = program("prod").one(ALARM, "inference-schedule-mammo-severity-inference-pipeline-no-success")
    assert (alarm["metricName"], alarm["treatMissingData"]) == ("ExecutionSucceeded", "breaching")
    # In hours: of two periods of a day CloudWatch would look at four when data are missing.
    assert (alarm["period"], alarm["evaluationPeriods"], alarm["threshold"]) == (3600, 48, 1)


def test_the_alarm_on_waiting_versions_reads_what_the_function_puts(program):
    alarm = program("prod").one(ALARM, "approval-watch-mammo-severity-model-package")
    assert (alarm["namespace"], alarm["metricName"]) == (approval_watch.NAMESPACE, approval_watch.METRIC)
    assert alarm["dimensions"] == {approval_watch.DIMENSION: "mammo-severity-model-package"}
    assert alarm["threshold"] == 72
    schedule = program("prod").one(SCHEDULE, "approval-watch-daily")
    assert json.loads(schedule["target"]["input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}


def test_people_hear_of_approval_and_of_no_other_change_of_a_version(program):
    pattern = json.loads(program("registry").one(RULE, "approval-changed")["eventPattern"])
    assert pattern["detail"] == {
        "ModelPackageGroupName": ["mammo-severity-model-package"],
        "UpdatedModelPackageFields": ["ModelApprovalStatus"],
    }
    assert "mlops models show <version>" in message("us-east-1", None)
    assert "https://d-abc.studio.us-east-1.sagemaker.aws/models/registered-models/<group>" in message(
        "us-east-1", "d-abc"
    )


@pytest.mark.parametrize(("environment", "accounts"), [("dev", "111111111111"), ("prod", "111111111111,222222222222")])
def test_inference_uses_artifacts_that_the_accounts_key_grants_let_it_read(program, environment, accounts):
    definition = program(environment).one(PIPELINE, f"{MODEL}-inference")["pipelineDefinition"]
    assert "${" not in definition
    [look_up] = [step for step in json.loads(definition)["Steps"] if step["Type"] == "Lambda"]
    assert look_up["Arguments"]["artifact_accounts"] == accounts


def test_model_monitor_chooses_its_definitions_and_its_image(program):
    ours, monitored = program("prod"), program("prod", drift_check="model-monitor")
    for kind in ("train", "inference"):
        definition = monitored.one(PIPELINE, f"{MODEL}-{kind}")["pipelineDefinition"]
        assert '"QualityCheck"' in definition
        assert '"QualityCheck"' not in ours.one(PIPELINE, f"{MODEL}-{kind}")["pipelineDefinition"]
    roles = [json.dumps(declared.of_type("aws:iam/rolePolicy:RolePolicy")) for declared in (ours, monitored)]
    assert ["sagemaker-model-monitor-analyzer" in text for text in roles] == [False, True]


def test_deployment_roles_have_room_for_five_models(settings):
    model = models.load(MODEL)
    chosen = [
        model.model_copy(
            update={
                name: f"{getattr(model, name)}-{number}"
                for name in ("model_name", "package_group_name", "train_pipeline_name", "inference_pipeline_name")
            }
        )
        for number in range(5)
    ]
    for environment, one in settings.items():
        [policy] = deployment_policies(Names(one), environment, chosen).values()
        assert len("".join(policy.split())) <= 10_240, environment


def test_deployment_role_reaches_every_queue_rule_and_alarm_of_its_stack_and_no_other(settings):
    for environment in ("registry", "prod"):
        names = Names(settings[environment])
        chosen = [models.load(MODEL)]
        statements = {s.sid: s.resources for s in deployment_statements(names, environment, chosen)}
        made = {
            "DeadLetterQueues": (names.queue_arn, inventory.queues(names, environment)),
            "Rules": (names.rule_arn, inventory.rules(names, environment, chosen)),
            "Alarms": (names.alarm_arn, inventory.alarms(names, environment, chosen)),
        }
        for sid, (arn_of, resources) in made.items():
            arns = [arn_of(resource, environment) for resource in resources]
            assert [a for a in arns if not any(fnmatchcase(a, pattern) for pattern in statements[sid])] == [], sid
            assert not any(fnmatchcase(arn_of("other", environment), pattern) for pattern in statements[sid]), sid
