"""Programs with one resource of each type, and edits of them: for the tests, and to compare plugins with each other."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

ACCOUNT = "111111111111"
REGION = "us-east-1"

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": ["sts:AssumeRole"]}
        ],
    }
)
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
                "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
                "Resource": "*",
            },
        ],
    }
)
DEFINITION = {
    "Version": "2020-12-01",
    "Parameters": [],
    "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}],
}


def _lifecycle(bucket: aws.s3.Bucket, days: int, options: pulumi.ResourceOptions) -> None:
    aws.s3.BucketLifecycleConfiguration(
        "lifecycle",
        bucket=bucket.bucket,
        rules=[
            {
                "id": "old",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "noncurrent_version_expiration": {"noncurrent_days": days},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
        opts=options,
    )


def everything(options: pulumi.ResourceOptions, **edit: Any) -> None:
    """One of each type of the first set; ``edit`` changes one property of one of them."""

    def given(name: str, value: Any) -> Any:
        return edit.get(name, value)

    key = aws.kms.Key(
        "key",
        description=given("key_description", "a key"),
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=KEY_POLICY,
        tags=given("key_tags", {"team": "ml"}),
        opts=options,
    )
    aws.kms.Alias("alias", name=given("alias_name", "alias/everything"), target_key_id=key.key_id, opts=options)
    bucket = aws.s3.Bucket("bucket", bucket=given("bucket", "everything-bucket"), force_destroy=True, opts=options)
    aws.s3.BucketPublicAccessBlock("public", bucket=bucket.bucket, block_public_acls=True, opts=options)
    aws.s3.BucketOwnershipControls(
        "ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=options
    )
    versioning = aws.s3.BucketVersioning(
        "versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=options
    )
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        "encryption",
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
                "bucket_key_enabled": True,
            }
        ],
        opts=options,
    )
    _lifecycle(bucket, given("noncurrent_days", 30), options)
    aws.s3.BucketPolicy(
        "policy",
        bucket=bucket.bucket,
        policy=bucket.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "DenyInsecureTransport",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [arn, f"{arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            )
        ),
        opts=options,
    )
    settled = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[versioning, encryption]))
    aws.s3.BucketObjectv2(
        "object",
        bucket=bucket.bucket,
        key="scripts/a.py",
        source=pulumi.StringAsset(given("object_text", "print(1)\n")),
        content_type="text/x-python",
        opts=settled,
    )
    role = aws.iam.Role(
        "role",
        name="everything-role",
        path=given("role_path", "/"),
        description="a role",
        assume_role_policy=given("trust", TRUST),
        max_session_duration=given("session", 3600),
        opts=options,
    )
    aws.iam.RolePolicy(
        "inline",
        name="inline",
        role=role.name,
        policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
        ),
        opts=options,
    )
    aws.iam.RolePolicyAttachment(
        "managed", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly", opts=options
    )
    group = aws.sagemaker.ModelPackageGroup(
        "group",
        model_package_group_name="everything-group",
        model_package_group_description=given("group_description", "a group"),
        opts=options,
    )
    aws.sagemaker.ModelPackageGroupPolicy(
        "group-policy",
        model_package_group_name=group.model_package_group_name,
        resource_policy=group.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
                            "Action": "sagemaker:DescribeModelPackageGroup",
                            "Resource": arn,
                        }
                    ],
                }
            )
        ),
        opts=options,
    )
    aws.sagemaker.Pipeline(
        "pipeline",
        pipeline_name="everything-pipeline",
        pipeline_display_name="everything-pipeline",
        pipeline_description="a pipeline",
        role_arn=role.arn,
        pipeline_definition=json.dumps(given("definition", DEFINITION)),
        parallelism_configuration={"max_parallel_execution_steps": 4},
        opts=options,
    )
    aws.cloudwatch.LogGroup(
        "logs", name="/everything", retention_in_days=given("retention", 30), kms_key_id=key.arn, opts=options
    )


EDITS_OF_EVERYTHING = {
    "key_description": ("another", "key"),
    "key_tags": ({"team": "other"}, "key"),
    "noncurrent_days": (60, "lifecycle"),
    "object_text": ("print(2)\n", "object"),
    "session": (7200, "role"),
    "trust": (TRUST.replace("sagemaker", "lambda"), "role"),
    "definition": ({**DEFINITION, "Parameters": [{"Name": "P", "Type": "String"}]}, "pipeline"),
    "retention": (7, "logs"),
}


CODE = "def handler(event, context):\n    return {'answer': %s}\n"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(resource: str, service: str, action: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def automation(options: pulumi.ResourceOptions, **edit: Any) -> None:
    """One of each type of the second set; ``edit`` changes one property of one of them."""

    def given(name: str, value: Any) -> Any:
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


EDITS_OF_AUTOMATION = {
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
