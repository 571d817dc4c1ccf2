"""Each resource type through the engine: made, unchanged, refreshed, edited, imported, destroyed."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
from conftest import ACCOUNT

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": ["sts:AssumeRole"]}
        ],
    }
)
DEFINITION = {
    "Version": "2020-12-01",
    "Parameters": [],
    "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}],
}


def everything(options: pulumi.ResourceOptions, **edit) -> None:
    """One of each type of the first set; ``edit`` changes one property of one of them."""

    def given(name: str, value):
        return edit.get(name, value)

    key = aws.kms.Key(
        "key",
        description=given("key_description", "a key"),
        enable_key_rotation=True,
        deletion_window_in_days=7,
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
    aws.s3.BucketLifecycleConfiguration(
        "lifecycle",
        bucket=bucket.bucket,
        rules=[
            {
                "id": "old",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "noncurrent_version_expiration": {"noncurrent_days": given("noncurrent_days", 30)},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
        opts=options,
    )
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


EDITS = {
    "key_description": ("another", "key"),
    "key_tags": ({"team": "other"}, "key"),
    "noncurrent_days": (60, "lifecycle"),
    "object_text": ("print(2)\n", "object"),
    "session": (7200, "role"),
    "trust": (TRUST.replace("sagemaker", "lambda"), "role"),
    "definition": ({**DEFINITION, "Parameters": [{"Name": "P", "Type": "String"}]}, "pipeline"),
    "retention": (7, "logs"),
}


def test_every_type_is_made_stays_the_same_changes_and_goes(make_stack) -> None:
    stack = make_stack(default_tags={"tags": {"project": "p"}})
    preview = stack.preview(everything)
    assert len(preview) == 17
    assert set(preview.values()) == {"create"}
    assert stack.client("kms").list_keys()["Keys"] == []
    assert stack.up() == preview
    assert stack.outputs("key")["tagsAll"] == {"project": "p", "team": "ml"}
    assert stack.outputs("key")["tags"] == {"team": "ml"}
    assert stack.outputs("pipeline")["arn"] == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/everything-pipeline"
    assert stack.refresh() == {}
    assert stack.preview() == {}

    edited = {name: value for name, (value, _) in EDITS.items()}
    assert stack.up(lambda options: everything(options, **edited)) == {name: "update" for _, name in EDITS.values()}
    key = stack.outputs("key")["keyId"]
    kms = stack.client("kms")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "another"
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}
    assert tags == {"project": "p", "team": "other"}
    body = stack.client("s3").get_object(Bucket="everything-bucket", Key="scripts/a.py")["Body"].read()
    assert body == b"print(2)\n"
    pipeline = stack.client("sagemaker").describe_pipeline(PipelineName="everything-pipeline")
    assert json.loads(pipeline["PipelineDefinition"])["Parameters"] == [{"Name": "P", "Type": "String"}]

    edited |= {"alias_name": "alias/renamed", "role_path": "/team/"}
    replaced = stack.up(lambda options: everything(options, **edited))
    assert replaced.pop("pipeline") == "update"
    assert replaced == {"alias": "replace", "role": "replace", "inline": "replace", "managed": "replace"}
    assert [found["AliasName"] for found in kms.list_aliases()["Aliases"]] == ["alias/renamed"]
    assert stack.client("iam").get_role(RoleName="everything-role")["Role"]["Path"] == "/team/"
    assert stack.preview() == {}

    stack.destroy()
    assert stack.client("s3").list_buckets()["Buckets"] == []
    assert stack.client("iam").list_roles()["Roles"] == []
    assert stack.client("logs").describe_log_groups()["logGroups"] == []
    assert kms.list_aliases()["Aliases"] == []
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert stack.client("sagemaker").list_pipelines()["PipelineSummaries"] == []
    assert stack.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
