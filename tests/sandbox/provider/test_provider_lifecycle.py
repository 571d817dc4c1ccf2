"""Each resource type through the engine: made, unchanged, refreshed, edited, replaced, destroyed."""

from __future__ import annotations

import json

from provider_programs import ACCOUNT, EDITS_OF_EVERYTHING, everything


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
    assert stack.unlike_their_import() == {}
    assert stack.refresh() == {}

    edited = {name: value for name, (value, _) in EDITS_OF_EVERYTHING.items()}
    assert stack.up(lambda options: everything(options, **edited)) == {
        name: "update" for _, name in EDITS_OF_EVERYTHING.values()
    }
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
    assert stack.client("logs").describe_log_groups(logGroupNamePrefix="/everything")["logGroups"] == []
    assert kms.list_aliases()["Aliases"] == []
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert stack.client("sagemaker").list_pipelines()["PipelineSummaries"] == []
    assert stack.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
