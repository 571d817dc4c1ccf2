"""What the plugin adopts, notices and refuses."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.automation import CommandError

# The SDK leaves a coroutine behind when an operation fails under a program that runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ACCOUNT = "222222222222"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)
EVERYTHING_IN_S3 = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)


def error_of(run) -> str:
    with pytest.raises(CommandError) as caught:
        run()
    return str(caught.value)


def test_existing_resources_are_imported_without_a_change(make_stack) -> None:
    stack = make_stack(ACCOUNT, name="imports")
    s3, iam = stack.client("s3"), stack.client("iam")
    s3.create_bucket(Bucket="adopted-bucket")
    s3.put_bucket_versioning(Bucket="adopted-bucket", VersioningConfiguration={"Status": "Enabled"})
    iam.create_role(RoleName="adopted", AssumeRolePolicyDocument=TRUST, Description="made before")
    iam.put_role_policy(RoleName="adopted", PolicyName="inline", PolicyDocument=EVERYTHING_IN_S3)
    managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName="adopted", PolicyArn=managed)

    def adopt(options: pulumi.ResourceOptions) -> None:
        def imported(resource_id: str) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions.merge(
                options, pulumi.ResourceOptions(import_=resource_id, retain_on_delete=True)
            )

        aws.s3.Bucket("bucket", bucket="adopted-bucket", opts=imported("adopted-bucket"))
        aws.s3.BucketVersioning(
            "versioning",
            bucket="adopted-bucket",
            versioning_configuration={"status": "Enabled"},
            opts=imported("adopted-bucket"),
        )
        aws.iam.Role(
            "role", name="adopted", description="made before", assume_role_policy=TRUST, opts=imported("adopted")
        )
        aws.iam.RolePolicy(
            "inline", name="inline", role="adopted", policy=EVERYTHING_IN_S3, opts=imported("adopted:inline")
        )
        aws.iam.RolePolicyAttachment("managed", role="adopted", policy_arn=managed, opts=imported(f"adopted/{managed}"))

    done = stack.up(adopt)
    assert done == dict.fromkeys(("bucket", "versioning", "role", "inline", "managed"), "import")
    assert stack.preview() == {}
    stack.destroy()
    assert s3.list_buckets()["Buckets"][0]["Name"] == "adopted-bucket"


def test_what_was_deleted_or_changed_outside_is_noticed_and_made_again(make_stack) -> None:
    stack = make_stack(ACCOUNT, name="drift")

    def program(options: pulumi.ResourceOptions) -> None:
        aws.cloudwatch.LogGroup("gone", name="/gone", opts=options)
        aws.cloudwatch.LogGroup("drifted", name="/drifted", retention_in_days=30, opts=options)
        aws.cloudwatch.LogGroup("secret", name=pulumi.Output.secret("/secret"), opts=options)

    stack.up(program)
    assert stack.outputs("secret")["name"]["4dabf18193072939515e22adb298388d"]
    logs = stack.client("logs")
    logs.delete_log_group(logGroupName="/gone")
    logs.put_retention_policy(logGroupName="/drifted", retentionInDays=1)
    stack.refresh()
    assert stack.up() == {"gone": "create", "drifted": "update"}
    assert logs.describe_log_groups(logGroupNamePrefix="/drifted")["logGroups"][0]["retentionInDays"] == 30
    logs.delete_log_group(logGroupName="/gone")
    stack.destroy()


def test_the_wrong_account_is_refused_before_anything_is_made(make_stack) -> None:
    stack = make_stack(ACCOUNT, name="wrong-account", allowed_account_ids=["999999999999"])
    message = error_of(lambda: stack.up(lambda options: aws.sqs.Queue("queue", name="never", opts=options)))
    assert f"AWS account ID not allowed: {ACCOUNT}" in message
    assert stack.client("sqs").list_queues().get("QueueUrls", []) == []


def test_unknown_types_and_properties_are_errors(make_stack) -> None:
    stack = make_stack(ACCOUNT, name="unknown")

    def program(options: pulumi.ResourceOptions) -> None:
        aws.s3.Bucket("bucket", bucket="some-bucket", acceleration_status="Enabled", opts=options)

    def unknown_type(options: pulumi.ResourceOptions) -> None:
        aws.dynamodb.Table("table", attributes=[{"name": "k", "type": "S"}], hash_key="k", opts=options)

    message = error_of(lambda: stack.preview(program))
    assert "does not implement 'accelerationStatus' of aws:s3/bucket:Bucket" in message
    assert "does not implement aws:dynamodb/table:Table" in error_of(lambda: stack.preview(unknown_type))


def test_a_deployment_role_without_a_permission_is_told_which(make_stack) -> None:
    stack = make_stack(ACCOUNT, name="refused")
    iam = stack.client("iam")
    trust = json.loads(TRUST)
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "external"}}
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allowed = {
        "Effect": "Allow",
        "Action": ["s3:CreateBucket", "s3:TagResource", "s3:ListBucket", "s3:Get*"],
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="deployer", PolicyName="some", PolicyDocument=document)
    stack.provider = {
        "allowed_account_ids": [ACCOUNT],
        "assume_roles": [{"role_arn": role, "external_id": "external", "session_name": "deploy"}],
    }

    def program(options: pulumi.ResourceOptions) -> None:
        aws.s3.Bucket("bucket", bucket="partly-made", tags={"team": "ml"}, opts=options)

    message = error_of(lambda: stack.up(program))
    assert "assumed-role/deployer/deploy is not authorized to perform: s3:ListTagsForResource on resource" in message
    assert stack.outputs("bucket")["bucket"] == "partly-made", "what exists is in the state, for the next attempt"
    stack.provider = {"assume_roles": [{"role_arn": role, "session_name": "deploy"}]}
    assert f"IAM Role ({role}) cannot be assumed" in error_of(stack.preview)
    iam.put_role_policy(RoleName="deployer", PolicyName="some", PolicyDocument=EVERYTHING_IN_S3)
    stack.destroy()
    buckets = [found["Name"] for found in stack.client("s3").list_buckets()["Buckets"]]
    assert "partly-made" not in buckets


def test_a_profile_comes_before_the_environments_credentials_and_a_missing_one_is_named(make_stack, tmp_path) -> None:
    config = tmp_path / "aws-config"
    config.write_text("[profile other]\naws_access_key_id = 555555555555\naws_secret_access_key = test\n")
    stack = make_stack(ACCOUNT, name="profile", allowed_account_ids=[ACCOUNT], profile="other")
    stack.program = lambda options: pulumi.export("bucket", aws.s3.Bucket("bucket", opts=options).id)
    stack.stack.workspace.env_vars["AWS_CONFIG_FILE"] = str(config)
    assert "AWS account ID not allowed: 555555555555" in error_of(stack.preview)
    stack.provider = {"profile": "missing"}
    assert "failed to get shared config profile, missing" in error_of(stack.preview)
