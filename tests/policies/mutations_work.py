"""What must not be done to rules, schedules, topics, queues, functions and log groups."""

from __future__ import annotations

from mutation import Mutation, add, drop, in_json, in_statement, put, unknown, update, without_statement
from policies.events import EVENT_RULE, EVENT_TARGET, SCHEDULE
from policies.functions import FUNCTION, PERMISSION
from policies.logs import LOG_GROUP
from policies.messaging import QUEUE, QUEUE_POLICY, TOPIC, TOPIC_POLICY

TARGET = "mammography-severity-train-failed-failure-notice"
DAILY = "approval-watch-daily"
TLS = "DenyInsecureTransport"
STRANGER = {"AWS": "arn:aws:iam::999999999999:root"}


def _prod(rule, type_, name, edit, says):
    return Mutation(rule, "prod", type_, name, edit, says)


EVENTS = [
    _prod(
        "events-retry-limits", EVENT_TARGET, TARGET, drop("retryPolicy"), "`retryPolicy.maximumRetryAttempts` is None"
    ),
    _prod(
        "events-retry-limits",
        EVENT_TARGET,
        TARGET,
        put("retryPolicy.maximumRetryAttempts", 185),
        "185; write at most 24",
    ),
    _prod(
        "events-retry-limits",
        SCHEDULE,
        DAILY,
        drop("target.retryPolicy.maximumEventAgeInSeconds"),
        "`target.retryPolicy.maximumEventAgeInSeconds` is None; write at most 3600",
    ),
    _prod(
        "events-dead-letter-queue", EVENT_TARGET, TARGET, drop("deadLetterConfig"), "`deadLetterConfig.arn` is missing"
    ),
    _prod(
        "events-dead-letter-queue",
        SCHEDULE,
        DAILY,
        drop("target.deadLetterConfig"),
        "`target.deadLetterConfig.arn` is missing, so what cannot be delivered is lost",
    ),
    _prod(
        "events-narrow-pattern",
        EVENT_RULE,
        "mammography-severity-train-failed",
        in_json("eventPattern", lambda p: p["detail"].pop("pipelineArn")),
        "matches events of any resource",
    ),
    _prod(
        "events-narrow-pattern",
        EVENT_RULE,
        "mammography-severity-train-failed",
        in_json("eventPattern", lambda p: p["detail"].update(pipelineArn=[{"prefix": "arn:aws:sagemaker:"}])),
        "write the ARN that it is for",
    ),
    Mutation(
        "events-narrow-pattern",
        "registry",
        EVENT_RULE,
        "approval-changed",
        in_json("eventPattern", lambda p: p["detail"].pop("ModelPackageGroupName")),
        "matches events of any resource",
    ),
    _prod(
        "events-narrow-pattern",
        EVENT_RULE,
        "mammography-severity-train-failed",
        add("scheduleExpression", "rate(1 day)"),
        "declare an aws.scheduler.Schedule",
    ),
    _prod(
        "events-narrow-pattern",
        EVENT_RULE,
        "mammography-severity-train-failed",
        unknown("eventPattern"),
        "`eventPattern` is not known",
    ),
]
MESSAGES = [
    _prod("sns-customer-key", TOPIC, "alerts", drop("kmsMasterKeyId"), "`kmsMasterKeyId` is None: without a key"),
    _prod("sns-customer-key", TOPIC, "alerts", put("kmsMasterKeyId", "alias/aws/sns"), "neither EventBridge nor"),
    _prod("sqs-encryption", QUEUE, "schedules-dead-letters", put("sqsManagedSseEnabled", False), "is not encrypted"),
    _prod("messaging-tls-only", TOPIC_POLICY, "alerts-policy", without_statement("policy", TLS), "sns:Publish"),
    _prod(
        "messaging-tls-only",
        QUEUE_POLICY,
        "schedules-dead-letters-policy",
        in_statement("policy", TLS, update(Action="sqs:ReceiveMessage")),
        '{"Bool": {"aws:SecureTransport": "false"}}',
    ),
    _prod(
        "messaging-known-principals",
        TOPIC_POLICY,
        "alerts-policy",
        in_statement("policy", "Alarms", update(Principal=STRANGER)),
        "999999999999",
    ),
    _prod(
        "messaging-known-principals",
        QUEUE_POLICY,
        "failure-rules-dead-letters-policy",
        in_statement("policy", "Rules", update(Principal="*")),
        "lets everybody in",
    ),
]
MESSAGES += [
    _prod(
        "messaging-service-source",
        QUEUE_POLICY,
        "failure-rules-dead-letters-policy",
        in_statement("policy", "Rules", lambda s: s.pop("Condition")),
        "Rules lets events.amazonaws.com in for anybody's resources; add a Condition",
    ),
    _prod(
        "messaging-service-source",
        TOPIC_POLICY,
        "alerts-policy",
        in_statement("policy", "Alarms", lambda s: s.pop("Condition")),
        "Alarms lets cloudwatch.amazonaws.com in for anybody's resources",
    ),
    _prod("no-detours", TOPIC, "alerts", add("policy", "{}"), "judges `policy` here; write aws.sns.TopicPolicy"),
    _prod("no-detours", QUEUE, "schedules-dead-letters", add("policy", "{}"), "write aws.sqs.QueuePolicy"),
]
FUNCTIONS = [
    _prod("lambda-runtime", FUNCTION, "retrain-gate", put("runtime", "python3.8"), "python3.8, which is not among"),
    _prod("lambda-key", FUNCTION, "retrain-gate", drop("kmsKeyArn"), "AWS's own key encrypts the variables"),
    _prod(
        "lambda-reserved-concurrency",
        FUNCTION,
        "retrain-gate",
        drop("reservedConcurrentExecutions"),
        "two runs may decide at once; write 1",
    ),
    _prod(
        "lambda-reserved-concurrency",
        FUNCTION,
        "retrain-gate",
        put("reservedConcurrentExecutions", -1),
        "is -1, so two",
    ),
    _prod(
        "lambda-named-caller",
        PERMISSION,
        f"{TARGET}-permission",
        drop("sourceArn"),
        "events.amazonaws.com may call for anybody",
    ),
    _prod(
        "lambda-named-caller", PERMISSION, f"{TARGET}-permission", put("principal", "*"), "no account of the platform"
    ),
    _prod("lambda-key", FUNCTION, "retrain-gate", put("kmsKeyArn", "alias/aws/lambda"), "own key"),
    _prod("lambda-named-caller", PERMISSION, f"{TARGET}-permission", put("sourceArn", "*"), "may call for anybody"),
    _prod("log-key", LOG_GROUP, "jenkins-log", put("kmsKeyId", "alias/aws/logs"), "alias/aws/logs; write the ARN"),
    _prod("log-retention", LOG_GROUP, "jenkins-log", drop("retentionInDays"), "kept for ever; write 365"),
    _prod("log-retention", LOG_GROUP, "jenkins-log", put("retentionInDays", 0), "kept for ever; write 365"),
    _prod("log-retention", LOG_GROUP, "jenkins-log", put("retentionInDays", 30), "is 30, but the stack's settings say"),
    _prod("log-key", LOG_GROUP, "jenkins-log", drop("kmsKeyId"), "`kmsKeyId` is None; write the ARN"),
]
ALL = [*EVENTS, *MESSAGES, *FUNCTIONS]
