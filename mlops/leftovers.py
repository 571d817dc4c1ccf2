"""What of the project is still in the accounts after it was taken down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra import inventory
from infra import names as n
from infra.settings import ENVIRONMENTS, Environment
from ml import model as models
from mlops.place import Place


def leftovers(place: Place) -> list[str]:
    """Each resource that is still there, as ``environment: kind name``."""
    return [
        f"{environment}: {kind} {name}"
        for environment in ENVIRONMENTS
        for kind, ours, present in _kinds(place, environment)
        for name in sorted(ours & present)
    ]


def _kinds(place: Place, environment: Environment) -> Iterator[tuple[str, set[str], set[str]]]:
    """A kind of resource, the names of ours of that kind, and the names that there are in the account."""
    names, settings = place.names, place.settings[environment]
    chosen = [models.load(name) for name in settings.models]

    def all_of(service: str, operation: str, key: str, name: str) -> set[str]:
        pages = place.client(environment, service).get_paginator(operation).paginate()
        return {_name(item, name) for page in pages for item in page.get(key, [])}

    data = {names.data_bucket(environment), names.artifact_bucket, names.state_bucket}
    yield "bucket", data, {bucket["Name"] for bucket in place.client(environment, "s3").list_buckets()["Buckets"]}
    roles = {names.role_name(role, environment) for role in inventory.roles(environment)}
    yield (
        "role",
        roles | {names.deployment_role(environment), names.preview_role(environment)},
        all_of("iam", "list_roles", "Roles", "RoleName"),
    )
    aliases = {names.key_alias(environment), *([names.state_key_alias] if environment == "prod" else [])}
    yield "key alias", aliases, all_of("kms", "list_aliases", "Aliases", "AliasName")
    yield (
        "model package group",
        {model.package_group_name for model in chosen},
        all_of("sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList", "ModelPackageGroupName"),
    )
    yield (
        "pipeline",
        {names.pipeline_name(pipeline, environment) for model in chosen for pipeline in n.pipeline_names(model)},
        all_of("sagemaker", "list_pipelines", "PipelineSummaries", "PipelineName"),
    )
    yield (
        "function",
        {names.function_name(function, environment) for function in inventory.functions(environment)},
        all_of("lambda", "list_functions", "Functions", "FunctionName"),
    )
    yield (
        "log group",
        set(inventory.log_groups(names, environment)),
        all_of("logs", "describe_log_groups", "logGroups", "logGroupName"),
    )
    yield (
        "topic",
        {names.topic_name(settings.alerts.topic, environment)} if settings.alerts else set(),
        all_of("sns", "list_topics", "Topics", "TopicArn"),
    )
    yield "queue", set(inventory.queues(names, environment)), all_of("sqs", "list_queues", "QueueUrls", "")
    yield (
        "event rule",
        set(inventory.rules(names, environment, chosen)),
        all_of("events", "list_rules", "Rules", "Name"),
    )
    yield (
        "schedule group",
        {names.schedule_group(group, environment) for group in n.SCHEDULE_GROUPS},
        all_of("scheduler", "list_schedule_groups", "ScheduleGroups", "Name"),
    )
    yield (
        "alarm",
        set(inventory.alarms(names, environment, chosen)),
        all_of("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    )


def _name(item: Any, key: str) -> str:
    """A listed resource's name; topics are listed by ARN, queues by URL."""
    listed = str(item[key] if key else item)
    return listed.rpartition(":")[2].rpartition("/")[2] if key in ("TopicArn", "") else listed
