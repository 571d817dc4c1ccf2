"""What the roles of prod's automation may do: one role per function, one per group of schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra import names as n
from infra.identity.document import Statement, document
from infra.identity.key_use import use_of_key
from infra.names import Names
from infra.settings import Environment
from ml.model import Model

POLICY_NAME = "work"
PROD: Environment = "prod"
METRIC_NAMESPACE = "ModelPromotion"  # as ml/functions/approval_watch.py writes it


def function_policies(names: Names, function: str, models: Sequence[Model], topic_arn: str) -> Mapping[str, str]:
    """The inline policies of one of the automation's functions."""
    statements = {
        n.RETRAIN_GATE: lambda: [*_retrain(names, models), _publish(topic_arn)],
        n.FAILURE_NOTICE: lambda: [*_notice(names, models), _publish(topic_arn)],
        n.APPROVAL_WATCH: lambda: _watch(names, models),
    }[function]()
    return {POLICY_NAME: document([*statements, *_every_function(names, function)])}


def _every_function(names: Names, function: str) -> list[Statement]:
    log_group = names.log_group_arn(names.function_log_group(function, PROD), PROD)
    queue = names.dead_letter_queue(function, PROD)
    return [
        Statement(
            sid="WriteLogs", actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(f"{log_group}:*",)
        ),
        # What Lambda gives up on goes to the function's dead-letter queue in the function's name:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        Statement(sid="SendDeadLetters", actions=("sqs:SendMessage",), resources=(names.queue_arn(queue, PROD),)),
        _key_use(names, function),
    ]


def _key_use(names: Names, function: str) -> Statement:
    """Environment variables are under the account's key; so are reports, and messages of the topic."""
    if function == n.APPROVAL_WATCH:
        return use_of_key(names, "ReadVariables", PROD, ("kms:Decrypt",), via=("lambda",))
    services = ("lambda", "s3", "sns") if function == n.FAILURE_NOTICE else ("lambda", "sns")
    return use_of_key(names, "UseKey", PROD, ("kms:Decrypt", "kms:GenerateDataKey*"), via=services)


def _executions(names: Names, pipelines: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{names.pipeline_arn(pipeline, PROD)}/execution/*" for pipeline in pipelines)


def _publish(topic_arn: str) -> Statement:
    return Statement(sid="TellPeople", actions=("sns:Publish",), resources=(topic_arn,))


def _retrain(names: Names, models: Sequence[Model]) -> list[Statement]:
    train = [model.train_pipeline_name for model in models]
    inference = [model.inference_pipeline_name for model in models]
    return [
        Statement(
            sid="ReadVerdict",
            actions=("sagemaker:ListPipelineExecutionSteps",),
            resources=_executions(names, inference),
        ),
        Statement(
            sid="Retrain",
            actions=("sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution"),
            resources=tuple(names.pipeline_arn(pipeline, PROD) for pipeline in train),
        ),
        # The execution's description remembers that people were told.
        Statement(
            sid="RememberMessage",
            actions=("sagemaker:DescribePipelineExecution", "sagemaker:UpdatePipelineExecution"),
            resources=_executions(names, train),
        ),
    ]


def _notice(names: Names, models: Sequence[Model]) -> list[Statement]:
    pipelines = [pipeline for model in models for pipeline in n.pipeline_names(model)]
    data = names.bucket_arn(names.data_bucket(PROD))
    return [
        Statement(
            sid="ReadFailedSteps",
            actions=("sagemaker:ListPipelineExecutionSteps",),
            resources=_executions(names, pipelines),
        ),
        Statement(
            sid="ReadReport",
            actions=("s3:GetObject",),
            resources=tuple(f"{data}/{model.model_name}/executions/*/check/*.json" for model in models),
        ),
        # Without it S3 answers "access denied" for a report that was never written.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        Statement(
            sid="TellMissingReport",
            actions=("s3:ListBucket",),
            resources=(data,),
            conditions={"StringLike": {"s3:prefix": tuple(f"{model.model_name}/executions/*" for model in models)}},
        ),
    ]


def _watch(names: Names, models: Sequence[Model]) -> list[Statement]:
    return [
        Statement(
            sid="ListPendingVersions",
            actions=("sagemaker:ListModelPackages",),
            resources=tuple(names.packages_arn(model.package_group_name) for model in models),
        ),
        Statement(
            sid="PutWaitingTime",
            actions=("cloudwatch:PutMetricData",),
            # CloudWatch has no resource for a metric; the namespace is what can be limited:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
            resources=("*",),
            conditions={"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
        ),
    ]


def schedule_policies(names: Names, group: str, models: Sequence[Model]) -> Mapping[str, str]:
    """The inline policies of the role that a group of schedules works as."""
    queue = names.queue_arn(names.dead_letter_queue(n.SCHEDULES, PROD), PROD)
    if group == n.INFERENCE_SCHEDULES:
        work = Statement(
            sid="StartInference",
            actions=("sagemaker:StartPipelineExecution",),
            resources=tuple(names.pipeline_arn(model.inference_pipeline_name, PROD) for model in models),
        )
    else:
        work = Statement(
            sid="InvokeFunction",
            actions=("lambda:InvokeFunction",),
            resources=(names.function_arn(n.APPROVAL_WATCH, PROD),),
        )
    # The Scheduler leaves what it gives up on in the role's name:
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    letters = Statement(sid="SendDeadLetters", actions=("sqs:SendMessage",), resources=(queue,))
    return {POLICY_NAME: document([work, letters])}
