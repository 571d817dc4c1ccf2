"""What happens in prod without people: the daily inference, the answer to failures, and what reaches people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra import inventory
from infra import names as n
from infra.automation.alert_topic import AlertTopic, AlertTopicArgs
from infra.automation.approval_watch import ApprovalWatch, ApprovalWatchArgs
from infra.automation.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from infra.automation.failure_rule import FailureRule, FailureRuleArgs
from infra.automation.function import Function, FunctionArgs
from infra.automation.inference_schedule import InferenceSchedule, InferenceScheduleArgs
from infra.identity.automation_roles import function_role_args, schedule_role_args
from infra.identity.role import Role
from infra.names import Names
from infra.pipelines import compiled
from infra.settings import Environment, required
from ml import model as models
from ml.model import Model
from stacks.training import TrainingAccount

PROD: Environment = "prod"
TIMEOUT_SECONDS = 120
DESCRIPTIONS = {
    n.RETRAIN_GATE: "Starts one training after an inference that failed as drift, or says why not",
    n.FAILURE_NOTICE: "Tells people about a failed pipeline",
    n.APPROVAL_WATCH: "Measures for how long model versions have waited for approval",
}


@dataclass(frozen=True, kw_only=True)
class Automation:
    """What the prod stack publishes of it."""

    topic_arn: pulumi.Output[str]
    queue_urls: Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True, kw_only=True)
class _Prod:
    account: TrainingAccount
    chosen: list[Model]
    topic: AlertTopic
    opts: pulumi.ResourceOptions

    @property
    def names(self) -> Names:
        return self.account.names


def declare_automation(
    account: TrainingAccount, inference_pipelines: Mapping[str, pulumi.Output[str]], opts: pulumi.ResourceOptions
) -> Automation:
    """Declare the topic, the queues, the functions, the rules and the schedules of prod."""
    settings, names = account.settings, account.names
    chosen = [models.load(name) for name in settings.models]
    alerts = required(settings.alerts, "alerts")
    topic_arn = names.topic_arn(alerts.topic, PROD)
    topic = AlertTopic(
        "alerts",
        AlertTopicArgs(
            topic_name=names.topic_name(alerts.topic, PROD),
            topic_arn=topic_arn,
            account_id=settings.account_id,
            kms_key_arn=account.key.arn,
            emails=alerts.emails,
            alarm_arns=tuple(names.alarm_arn(alarm, PROD) for alarm in inventory.alarms(names, PROD, chosen)),
        ),
        opts,
    )
    prod = _Prod(account=account, chosen=chosen, topic=topic, opts=opts)
    queues = {sender: _queue(prod, sender) for sender in inventory.DEAD_LETTERS[PROD]}
    functions = {
        function: _function(prod, function, topic_arn, queues[function]) for function in n.AUTOMATION_FUNCTIONS
    }
    for name, model in zip(settings.models, chosen, strict=True):
        for kind, pipeline in zip(("train", "inference"), n.pipeline_names(model), strict=True):
            targets = (n.FAILURE_NOTICE,) if kind == "train" else (n.FAILURE_NOTICE, n.RETRAIN_GATE)
            FailureRule(
                f"{name}-{kind}-failed",
                FailureRuleArgs(
                    rule_name=names.failure_rule(pipeline, PROD),
                    pipeline_arn=names.pipeline_arn(pipeline, PROD),
                    functions={target: functions[target] for target in targets},
                    dead_letter_queue_arn=queues[n.FAILURE_RULES].arn,
                ),
                opts,
            )
    _declare_schedules(prod, inference_pipelines, functions[n.APPROVAL_WATCH], queues[n.SCHEDULES])
    return Automation(topic_arn=topic.arn, queue_urls={sender: queue.url for sender, queue in queues.items()})


def _queue(prod: _Prod, sender: str) -> DeadLetterQueue:
    names = prod.names
    queue = names.dead_letter_queue(sender, PROD)
    rules = inventory.rules(names, PROD, prod.chosen) if sender == n.FAILURE_RULES else ()
    return DeadLetterQueue(
        f"{sender}-dead-letters",
        DeadLetterQueueArgs(
            queue_name=queue,
            queue_arn=names.queue_arn(queue, PROD),
            alarm_name=inventory.dead_letter_alarm(queue),
            alert_topic_arn=prod.topic.arn,
            rule_arns=tuple(names.rule_arn(rule, PROD) for rule in rules),
        ),
        prod.opts,
    )


def _function(prod: _Prod, function: str, topic_arn: str, queue: DeadLetterQueue) -> pulumi.Output[str]:
    names = prod.names
    role = Role(
        inventory.function_role(function), function_role_args(names, function, prod.chosen, topic_arn), prod.opts
    )
    return Function(
        function,
        FunctionArgs(
            function_name=names.function_name(function, PROD),
            description=DESCRIPTIONS[function],
            code=compiled.function(function),
            role_arn=role.arn,
            kms_key_arn=prod.account.key.arn,
            log_group=names.function_log_group(function, PROD),
            log_retention_days=prod.account.settings.log_retention_days,
            timeout_seconds=TIMEOUT_SECONDS,
            environment=_variables(prod, function),
            dead_letter_queue_arn=queue.arn,
            # Two at a time could each find that the other has not begun.
            reserved_executions=1 if function == n.RETRAIN_GATE else None,
        ),
        prod.opts,
    ).arn


def _variables(prod: _Prod, function: str) -> dict[str, pulumi.Input[str]]:
    names, settings = prod.names, prod.account.settings
    if function == n.APPROVAL_WATCH:
        groups = [names.group_arn(model.package_group_name) for model in prod.chosen]
        return {"MODEL_PACKAGE_GROUP_ARNS": json.dumps(groups)}
    variables: dict[str, pulumi.Input[str]] = {
        "ENVIRONMENT": settings.environment,
        "TOPIC_ARN": prod.topic.arn,
        "STUDIO_DOMAIN": required(settings.alerts, "alerts").studio_domain or "",
    }
    pipelines: dict[str, dict[str, str]] = {}
    for model in prod.chosen:
        train, inference = (names.pipeline_name(pipeline, PROD) for pipeline in n.pipeline_names(model))
        if function == n.RETRAIN_GATE:
            pipelines[inference] = {"train_pipeline": train, "drift_step": f"{model.step_prefix}-DataDrift"}
        else:
            known = {"model_name": model.model_name, "step_prefix": model.step_prefix}
            pipelines |= {train: {"kind": "train", **known}, inference: {"kind": "inference", **known}}
    variables["PIPELINES"] = json.dumps(pipelines)
    if function == n.RETRAIN_GATE:
        limits = required(settings.retraining, "retraining")
        return {**variables, "COOL_DOWN_HOURS": str(limits.cool_down_hours), "WEEKLY_CAP": str(limits.weekly_cap)}
    return {**variables, "DATA_BUCKET": prod.account.data.name}


def _declare_schedules(
    prod: _Prod,
    inference_pipelines: Mapping[str, pulumi.Output[str]],
    watch: pulumi.Output[str],
    queue: DeadLetterQueue,
) -> None:
    names, settings, topic, opts = prod.names, prod.account.settings, prod.topic, prod.opts
    inference = required(settings.inference, "inference")
    roles = {
        group: Role(inventory.schedule_role(group), schedule_role_args(names, group, prod.chosen), opts).arn
        for group in n.SCHEDULE_GROUPS
    }
    InferenceSchedule(
        "inference-schedule",
        InferenceScheduleArgs(
            group_name=names.schedule_group(n.INFERENCE_SCHEDULES, PROD),
            pipelines={
                names.pipeline_name(model.inference_pipeline_name, PROD): inference_pipelines[name]
                for name, model in zip(settings.models, prod.chosen, strict=True)
            },
            role_arn=roles[n.INFERENCE_SCHEDULES],
            expression=inference.schedule,
            time_zone=inference.time_zone,
            flexible_window_minutes=inference.flexible_window_minutes,
            period_hours=inference.period_hours,
            dead_letter_queue_arn=queue.arn,
            alert_topic_arn=topic.arn,
        ),
        opts,
    )
    ApprovalWatch(
        "approval-watch",
        ApprovalWatchArgs(
            schedule_name=names.function_name(n.APPROVAL_WATCH, PROD),
            group_name=names.schedule_group(n.APPROVAL_WATCH, PROD),
            function_arn=watch,
            role_arn=roles[n.APPROVAL_WATCH],
            time_zone=inference.time_zone,
            alarms={
                model.package_group_name: inventory.approval_alarm(names.in_environment(model.package_group_name, PROD))
                for model in prod.chosen
            },
            approval_hours=required(settings.alerts, "alerts").approval_hours,
            dead_letter_queue_arn=queue.arn,
            alert_topic_arn=topic.arn,
        ),
        opts,
    )
