"""What the deployment roles may do for functions, schedules, rules, queues, topics and alarms."""

from __future__ import annotations

from infra import inventory
from infra import names as n
from infra.identity.document import Statement
from infra.names import Names
from infra.settings import Environment, required

TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def automation_statements(names: Names, environment: Environment) -> list[Statement]:
    """The statements for one environment, each with its reason."""
    statements = [*_functions(names, environment)] if environment != "registry" else []
    if environment != "dev":
        statements += _alerts(names, environment)
    if environment == "prod":
        statements += _schedules(names)
    return statements


def _functions(names: Names, environment: Environment) -> list[Statement]:
    log_groups = [names.log_group_arn(group, environment) for group in inventory.log_groups(names, environment)]
    roles = [n.FUNCTION_ROLE]
    if environment == "prod":
        roles += [inventory.function_role(function) for function in n.AUTOMATION_FUNCTIONS]
    return [
        Statement(
            sid="Functions",
            actions=_of(
                "lambda",
                "CreateFunction",
                "GetFunction",
                "GetFunctionCodeSigningConfig",
                "ListVersionsByFunction",
                "UpdateFunctionCode",
                "UpdateFunctionConfiguration",
                "DeleteFunction",
                "PutFunctionConcurrency",
                "DeleteFunctionConcurrency",
                "AddPermission",
                "GetPolicy",
                "RemovePermission",
                "ListTags",
                "TagResource",
                "UntagResource",
            ),
            resources=tuple(names.function_arn(f, environment) for f in inventory.functions(environment)),
        ),
        Statement(
            sid="GiveFunctionsTheirRoles",
            actions=("iam:PassRole",),
            resources=tuple(names.role_arn(role, environment) for role in roles),
            conditions={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
        Statement(
            sid="LogGroups",
            actions=_of(
                "logs",
                "CreateLogGroup",
                "DeleteLogGroup",
                "PutRetentionPolicy",
                "DeleteRetentionPolicy",
                "AssociateKmsKey",
                "DisassociateKmsKey",
                *TAGS,
            ),
            # A group is judged with the suffix ":*", its tags without:
            # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
            resources=tuple(f"{group}*" for group in log_groups),
        ),
        Statement(
            sid="FindLogGroups",
            actions=("logs:DescribeLogGroups",),
            # The API judges a listing on the account's log groups, not on the one that is asked for:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
            resources=(names.log_group_arn("*", environment),),
        ),
    ]


def _alerts(names: Names, environment: Environment) -> list[Statement]:
    topic = required(names.settings.alerts, "alerts").topic
    # By pattern, because the inline policies of a role have room for 10,240 characters together:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    dead_letters = names.dead_letter_queue("*", environment)
    alarms = [inventory.dead_letter_alarm(dead_letters)]
    rules = [names.approval_rule]
    if environment == "prod":
        rules = [names.failure_rule("*", environment)]
        alarms += [inventory.no_success_alarm("*"), inventory.approval_alarm("*")]
    return [
        Statement(
            sid="AlertTopic",
            actions=_of(
                "sns",
                "CreateTopic",
                "GetTopicAttributes",
                "SetTopicAttributes",
                "DeleteTopic",
                "Subscribe",
                # A build of Jenkins that fails is told to people, in prod's topic.
                *(["Publish"] if environment == "prod" else []),
                *TAGS,
            ),
            resources=(names.topic_arn(topic, environment),),
        ),
        Statement(
            sid="Subscriptions",
            actions=_of("sns", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"),
            resources=("*",),  # the actions have no resource: list_amazonsns.html, same site as above
        ),
        Statement(
            sid="DeadLetterQueues",
            actions=_of(
                "sqs",
                "CreateQueue",
                "GetQueueAttributes",
                "SetQueueAttributes",
                "DeleteQueue",
                "ListQueueTags",
                "TagQueue",
                "UntagQueue",
            ),
            resources=(names.queue_arn(dead_letters, environment),),
        ),
        Statement(
            sid="Rules",
            actions=_of(
                "events",
                "PutRule",
                "DescribeRule",
                "DeleteRule",
                "PutTargets",
                "ListTargetsByRule",
                "RemoveTargets",
                *TAGS,
            ),
            resources=tuple(names.rule_arn(rule, environment) for rule in rules),
        ),
        Statement(
            sid="Alarms",
            actions=_of("cloudwatch", "PutMetricAlarm", "DeleteAlarms", *TAGS),
            resources=tuple(names.alarm_arn(alarm, environment) for alarm in alarms),
        ),
        Statement(
            sid="FindAlarms",
            actions=("cloudwatch:DescribeAlarms",),
            # Scoped to less, the answer may leave alarms out:
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
            resources=("*",),
        ),
    ]


def _schedules(names: Names) -> list[Statement]:
    return [
        Statement(
            sid="Schedules",
            actions=_of(
                "scheduler",
                "CreateScheduleGroup",
                "GetScheduleGroup",
                "DeleteScheduleGroup",
                "CreateSchedule",
                "GetSchedule",
                "UpdateSchedule",
                "DeleteSchedule",
                *TAGS,
            ),
            resources=tuple(
                arn
                for group in n.SCHEDULE_GROUPS
                for arn in (names.schedule_group_arn(group, "prod"), names.schedules_arn(group, "prod"))
            ),
        ),
        Statement(
            sid="GiveSchedulesTheirRoles",
            actions=("iam:PassRole",),
            resources=tuple(names.role_arn(inventory.schedule_role(g), "prod") for g in n.SCHEDULE_GROUPS),
            conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        ),
    ]


def _of(service: str, *operations: str) -> tuple[str, ...]:
    return tuple(f"{service}:{operation}" for operation in operations)
