"""SSE-KMS and KMS itself: whoever writes or reads an object needs its key, whichever account the key is in."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow, document

ONE, TWO = "111111111111", "222222222222"
VIA_S3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}


def error_of(call, *arguments, **parameters) -> dict:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return {"Code": error["Code"], "Message": error["Message"]}


@pytest.fixture
def key(root) -> str:
    """A key of account ONE whose policy leaves it to the account's identity policies."""
    return root(ONE).client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def bucket(root, names, key) -> str:
    """A bucket of account ONE whose default is that key."""
    s3 = root(ONE).client("s3")
    s3.create_bucket(Bucket=names)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=names,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    return names


def test_the_buckets_default_key_is_needed_to_write_and_to_read(role, bucket, key, names) -> None:
    objects = allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*")
    keyless = role(ONE, objects, name="keyless").client("s3")
    arn = f"arn:aws:sts::{ONE}:assumed-role/{names}-keyless/test"
    assert error_of(keyless.put_object, Bucket=bucket, Key="k", Body=b"x") == {
        "Code": "AccessDenied",
        "Message": f"User: {arn} is not authorized to perform: kms:GenerateDataKey on resource: {key} "
        "because no identity-based policy allows the kms:GenerateDataKey action",
    }
    writer = role(ONE, objects, allow("kms:GenerateDataKey", key, Condition=VIA_S3), name="writer").client("s3")
    written = writer.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert (written["ServerSideEncryption"], written["SSEKMSKeyId"]) == ("aws:kms", key)
    assert "kms:Decrypt on resource" in error_of(writer.get_object, Bucket=bucket, Key="k")["Message"]
    assert keyless.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
    reader = role(ONE, objects, allow("kms:Decrypt", key, Condition=VIA_S3), name="reader").client("s3")
    assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_key_is_named_by_id_alias_or_arn_and_answered_by_arn(root, names, key) -> None:
    owner = root(ONE)
    owner.client("s3").create_bucket(Bucket=names)
    owner.client("kms").create_alias(AliasName=f"alias/{names}", TargetKeyId=key)
    alias_arn = f"arn:aws:kms:{REGION}:{ONE}:alias/{names}"
    for reference in (key, key.rpartition("/")[2], f"alias/{names}", alias_arn):
        written = owner.client("s3").put_object(
            Bucket=names, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=reference
        )
        assert written["SSEKMSKeyId"] == key


def test_copy_and_multipart_need_the_key_as_well(role, bucket, key) -> None:
    objects = allow("s3:*", [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"])
    both = role(ONE, objects, allow(["kms:GenerateDataKey", "kms:Decrypt"], key), name="both").client("s3")
    both.put_object(Bucket=bucket, Key="source", Body=b"x")
    source = {"Bucket": bucket, "Key": "source"}
    writer = role(ONE, objects, allow("kms:GenerateDataKey", key), name="writer").client("s3")
    assert "kms:Decrypt" in error_of(writer.copy_object, Bucket=bucket, Key="copy", CopySource=source)["Message"]
    assert both.copy_object(Bucket=bucket, Key="copy", CopySource=source)["SSEKMSKeyId"] == key
    upload = writer.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    part = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    assert "kms:Decrypt" in error_of(writer.upload_part, **part, PartNumber=1, Body=b"y")["Message"]
    tag = both.upload_part(**part, PartNumber=1, Body=b"y")["ETag"]
    both.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    assert both.get_object(Bucket=bucket, Key="big")["Body"].read() == b"y"
    reader = role(ONE, objects, name="reader").client("s3")
    assert "kms:GenerateDataKey" in error_of(reader.create_multipart_upload, Bucket=bucket, Key="big")["Message"]


def test_another_accounts_key_needs_its_policy_and_ones_own(role, root, names) -> None:
    owner = root(TWO).client("kms")
    share = allow(["kms:GenerateDataKey", "kms:Decrypt"], Principal={"AWS": ONE}, Condition=VIA_S3)
    own = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{TWO}:root"})
    key = owner.create_key(Policy=document(own))["KeyMetadata"]["Arn"]
    root(ONE).client("s3").create_bucket(Bucket=names)
    objects = allow("s3:*", f"arn:aws:s3:::{names}/*")
    user = role(ONE, objects, allow("kms:*", key), name="user")
    write = {"Bucket": names, "Key": "k", "Body": b"x", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    denied = error_of(user.client("s3").put_object, **write)["Message"]
    assert "kms:GenerateDataKey on this resource because the resource does not exist in this Region" in denied
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=document(own, share))
    assert user.client("s3").put_object(**write)["SSEKMSKeyId"] == key
    assert user.client("s3").get_object(Bucket=names, Key="k")["Body"].read() == b"x"
    # The share is for S3's use only.
    assert error_of(user.client("kms").decrypt, KeyId=key, CiphertextBlob=b"x")["Code"] == "AccessDeniedException"
    keyless = role(ONE, objects, name="keyless").client("s3")
    assert (
        "no identity-based policy allows the kms:Decrypt"
        in error_of(keyless.get_object, Bucket=names, Key="k")["Message"]
    )


def test_a_key_that_cannot_be_used_refuses_as_aws_does(root, bucket, key) -> None:
    owner = root(ONE)
    s3, kms = owner.client("s3"), owner.client("kms")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    kms.disable_key(KeyId=key)
    disabled = {"Code": "KMS.DisabledException", "Message": f"{key} is disabled."}
    assert error_of(s3.get_object, Bucket=bucket, Key="k") == disabled
    assert error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x") == disabled
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert error_of(s3.get_object, Bucket=bucket, Key="k") == {
        "Code": "KMS.KMSInvalidStateException",
        "Message": f"{key} is pending deletion.",
    }
    unknown = f"arn:aws:kms:{REGION}:{ONE}:key/00000000-0000-0000-0000-000000000000"
    write = {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": unknown}
    assert error_of(s3.put_object, **write) == {
        "Code": "KMS.NotFoundException",
        "Message": f"Key '{unknown}' does not exist",
    }


def test_a_bucket_policy_may_demand_one_key(root, names, key) -> None:
    owner = root(ONE)
    s3 = owner.client("s3")
    s3.create_bucket(Bucket=names)
    other = owner.client("kms").create_key()["KeyMetadata"]["Arn"]
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{names}/*",
        "Condition": {"StringNotEqualsIfExists": {header: key}},
    }
    s3.put_bucket_policy(Bucket=names, Policy=document(deny))
    write = {"Bucket": names, "Key": "k", "Body": b"", "ServerSideEncryption": "aws:kms"}
    s3.put_object(**write, SSEKMSKeyId=key.rpartition("/")[2])
    assert "explicit deny" in error_of(s3.put_object, **write, SSEKMSKeyId=other)["Message"]


def test_a_key_policy_has_a_say_in_its_own_account(role, root) -> None:
    account = f"arn:aws:iam::{ONE}:root"
    statement = allow("kms:*", Principal={"AWS": account}, Condition={"StringEquals": {"aws:PrincipalTag/team": "ml"}})
    keep = allow("kms:PutKeyPolicy", Principal={"AWS": account})
    key = root(ONE).client("kms").create_key(Policy=document(statement, keep))["KeyMetadata"]["Arn"]
    worker = role(ONE, allow("kms:*")).client("kms")
    assert (
        "no resource-based policy allows the kms:DescribeKey action"
        in error_of(worker.describe_key, KeyId=key)["Message"]
    )


def test_alias_conditions_and_cross_account_use(role, root, names, key) -> None:
    kms = root(ONE).client("kms")
    kms.create_alias(AliasName=f"alias/{names}", TargetKeyId=key)
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{names}"}}
    worker = role(ONE, allow(["kms:Encrypt", "kms:Decrypt"], Condition=by_alias), name="aliases").client("kms")
    blob = worker.encrypt(KeyId=key, Plaintext=b"p")["CiphertextBlob"]
    assert worker.decrypt(CiphertextBlob=blob)["Plaintext"] == b"p"
    unnamed = kms.create_key()["KeyMetadata"]["Arn"]
    assert error_of(worker.encrypt, KeyId=unnamed, Plaintext=b"p")["Code"] == "AccessDeniedException"
    named = {"StringEquals": {"kms:RequestAlias": f"alias/{names}"}}
    asker = role(ONE, allow("kms:DescribeKey", Condition=named), name="asker").client("kms")
    assert asker.describe_key(KeyId=f"alias/{names}")["KeyMetadata"]["Arn"] == key
    assert error_of(asker.describe_key, KeyId=key)["Code"] == "AccessDeniedException"
    policy = document(
        allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ONE}:root"}), allow("kms:*", Principal={"AWS": TWO})
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    neighbour = role(TWO, allow("kms:*"), name="neighbour").client("kms")
    assert neighbour.decrypt(CiphertextBlob=blob)["Plaintext"] == b"p"
    assert neighbour.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert error_of(neighbour.get_key_policy, KeyId=key)["Code"] == "AccessDeniedException"


def test_an_alias_is_made_with_permission_on_alias_and_key(role, key, names) -> None:
    alias = f"arn:aws:kms:{REGION}:{ONE}:alias/{names}"
    half = role(ONE, allow("kms:CreateAlias", alias), name="half").client("kms")
    assert key in error_of(half.create_alias, AliasName=f"alias/{names}", TargetKeyId=key)["Message"]
    whole = role(ONE, allow("kms:CreateAlias", [alias, key]), name="whole").client("kms")
    whole.create_alias(AliasName=f"alias/{names}", TargetKeyId=key)


def test_without_a_key_of_ones_own_s3_uses_the_accounts_managed_key(role, root, names) -> None:
    s3 = root(ONE).client("s3")
    s3.create_bucket(Bucket=names)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=names, ServerSideEncryptionConfiguration={"Rules": [rule]})
    user = role(ONE, allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{names}/*")).client("s3")
    managed = user.put_object(Bucket=names, Key="k", Body=b"x")["SSEKMSKeyId"]
    assert user.get_object(Bucket=names, Key="k")["Body"].read() == b"x"
    by_header = user.put_object(Bucket=names, Key="h", Body=b"x", ServerSideEncryption="aws:kms")
    assert by_header["SSEKMSKeyId"] == managed
    assert root(ONE).client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"] == managed
    allow_all = {"Principal": {"AWS": f"arn:aws:iam::{TWO}:root"}}
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{names}/*", **allow_all))
    s3.put_bucket_policy(Bucket=names, Policy=policy)
    stranger = role(TWO, allow("*"), name="stranger").client("s3")
    assert "kms:Decrypt on this resource" in error_of(stranger.get_object, Bucket=names, Key="k")["Message"]


def test_a_grant_allows_what_it_names_for_whom_and_in_the_context_that_it_names(role, root, names, key) -> None:
    owner = root(ONE).client("kms")
    user, other = role(ONE, name="user"), role(ONE, name="other")
    grantee = root(ONE).client("iam").get_role(RoleName=f"{names}-user")["Role"]["Arn"]
    project = {"project": "a"}
    grant = owner.create_grant(
        KeyId=key,
        GranteePrincipal=grantee,
        Operations=["GenerateDataKey"],
        Constraints={"EncryptionContextSubset": project},
    )["GrantId"]
    asked = {"KeyId": key, "KeySpec": "AES_256"}
    assert user.client("kms").generate_data_key(**asked, EncryptionContext={**project, "more": "b"})["KeyId"] == key
    assert error_of(user.client("kms").generate_data_key, **asked)["Code"] == "AccessDeniedException"
    assert error_of(user.client("kms").encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=project)
    assert error_of(other.client("kms").generate_data_key, **asked, EncryptionContext=project)
    owner.revoke_grant(KeyId=key, GrantId=grant)
    assert error_of(user.client("kms").generate_data_key, **asked, EncryptionContext=project)


def test_who_sends_to_a_queue_or_receives_from_it_needs_its_key(role, root, names, key) -> None:
    url = root(ONE).client("sqs").create_queue(QueueName=names, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    queue = allow("sqs:*", f"arn:aws:sqs:{REGION}:{ONE}:{names}")
    keyless = role(ONE, queue, name="keyless").client("sqs")
    assert "kms:GenerateDataKey" in error_of(keyless.send_message, QueueUrl=url, MessageBody="x")["Message"]
    via = {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    able = role(ONE, queue, allow(["kms:GenerateDataKey", "kms:Decrypt"], key, Condition=via), name="able")
    able.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert "kms:Decrypt" in error_of(keyless.receive_message, QueueUrl=url)["Message"]
    assert able.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "x"
