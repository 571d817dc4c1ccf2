"""The preview roles preview all three stacks, from the state in prod's bucket, and can change none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from delivery_backend import Delivery
from project_checkout import ACCOUNTS, Checkout

from infra.settings import ENVIRONMENTS
from mlops.state_copy import copy_state

CONTEXT = {"project": "model-promotion"}
UNCHANGED = re.compile(r"Resources:\n +\d+ unchanged\n")


@pytest.fixture(scope="module")
def delivery(deployed: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    """The deployed checkout, its state moved into the bucket."""
    made = Delivery(deployed, tmp_path_factory.mktemp("agent"))
    made.move_state()
    yield made


@pytest.fixture(scope="module")
def copied(delivery, tmp_path_factory):
    """The backend URL of a copy of the state, read as the preview role: a refresh would lock the original."""
    return copy_state(delivery.client("preview", "s3"), delivery.names.state_bucket, tmp_path_factory.mktemp("state"))


def on_all_stacks(delivery, *arguments, **variables):
    """The output of one command on each of the three stacks, as the preview roles."""
    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        done = list(pool.map(lambda e: delivery.pulumi(*arguments, "--stack", e, **variables), ENVIRONMENTS))
    for one in done:
        assert one.returncode == 0, one.stderr + one.stdout
    return [one.stdout for one in done]


def test_preview_roles_preview_all_three_stacks_and_find_no_difference(delivery):
    for output in on_all_stacks(delivery, "preview"):
        assert UNCHANGED.search(output), output


def test_preview_roles_refresh_a_copy_of_all_three_stacks_and_find_no_difference(delivery, copied):
    for output in on_all_stacks(delivery, "refresh", "--preview-only", PULUMI_BACKEND_URL=copied):
        assert UNCHANGED.search(output), output


def test_a_refresh_sees_what_somebody_changed_by_hand(delivery, copied):
    sqs = delivery.checkout.client("prod", "sqs")
    url = sqs.get_queue_url(QueueName="retrain-gate-dead-letters")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    try:
        done = delivery.pulumi("refresh", "--preview-only", "--diff", "--stack", "prod", PULUMI_BACKEND_URL=copied)
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)
    assert "messageRetentionSeconds" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def another_tag(delivery):
    """Dev's stack with another tag, which every resource of it gets."""
    path = delivery.folder / "Pulumi.dev.yaml"
    text = path.read_text()
    path.write_text(text.replace("    models:", "    tags:\n      team: screening\n    models:"))
    yield
    path.write_text(text)


@pytest.mark.usefixtures("another_tag")
def test_an_update_as_preview_roles_is_refused_naming_the_action(delivery):
    # With the state of a deployment, so that it is the account that refuses.
    done = delivery.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", state="deployment")
    assert done.returncode != 0
    role = f"arn:aws:sts::{ACCOUNTS['dev']}:assumed-role/model-promotion-preview-role/"
    refused = set(re.findall(rf"{role}\S+ is not authorized to perform: ([a-z0-9]+:\w+)", done.stdout + done.stderr))
    assert refused & {"kms:TagResource", "iam:TagRole", "s3:TagResource"}, done.stdout + done.stderr
    key = delivery.checkout.client("dev", "kms").list_resource_tags(KeyId="alias/model-promotion")["Tags"]
    assert "team" not in {tag["TagKey"] for tag in key}


@pytest.mark.usefixtures("another_tag")
def test_an_update_as_preview_roles_cannot_even_lock_the_state(delivery):
    done = delivery.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert done.returncode != 0
    assert "not authorized to perform: s3:PutObject" in done.stdout + done.stderr


def test_preview_role_decrypts_secrets_of_the_state_and_nothing_without_their_context(delivery):
    key = delivery.names.state_key_alias
    sealed = delivery.client("deployment", "kms").encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)
    blob = sealed["CiphertextBlob"]
    kms = delivery.client("preview", "kms")
    assert kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b"x"
    with pytest.raises(ClientError, match="not authorized to perform: kms:Encrypt"):
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)
    other = delivery.checkout.client("prod", "kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt"):
        kms.decrypt(KeyId=key, CiphertextBlob=other)


def test_preview_role_reads_that_scripts_are_there_and_no_object(delivery):
    bucket = delivery.names.data_bucket("prod")
    keys = [item["Key"] for item in delivery.checkout.client("prod", "s3").list_objects_v2(Bucket=bucket)["Contents"]]
    script = next(key for key in keys if "/scripts/" in key)
    data = next(key for key in keys if "/scripts/" not in key)
    s3 = delivery.client("preview", "s3")
    assert s3.head_object(Bucket=bucket, Key=script)["ContentLength"] > 0
    with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt"):
        s3.get_object(Bucket=bucket, Key=script)
    with pytest.raises(ClientError, match="not authorized to perform: s3:GetObject"):
        s3.get_object(Bucket=bucket, Key=data)


def test_both_of_prods_roles_write_the_build_log_and_tell_people(delivery):
    topic = delivery.names.topic_arn("mammography-model-notification", "prod")
    for kind in ("deployment", "preview"):
        logs = delivery.client(kind, "logs")
        logs.create_log_stream(logGroupName="jenkins-log", logStreamName=kind)
        event = {"timestamp": 1_795_000_000_000, "message": "built"}
        logs.put_log_events(logGroupName="jenkins-log", logStreamName=kind, logEvents=[event])
        told = delivery.client(kind, "sns").publish(TopicArn=topic, Message=json.dumps({"kind": kind}))
        assert told["MessageId"]


@pytest.mark.parametrize(("agent", "role"), [("preview", "deployment"), ("deployment", "preview")])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_kind_of_agents_becomes_a_role_of_the_other(delivery, agent, role, environment):
    wanted = (delivery.names.preview_role_arn if role == "preview" else delivery.names.deployment_role_arn)(environment)
    sts = delivery.agent(agent).client("sts", endpoint_url=delivery.checkout.endpoint_url)
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=wanted, RoleSessionName="test", ExternalId="model-promotion")


@pytest.mark.parametrize("broken", ["nothing", "deletion scheduled", "alias missing"])
def test_bootstrap_makes_one_state_key_and_mends_it(delivery, broken):
    kms, alias = delivery.checkout.client("prod", "kms"), delivery.names.state_key_alias
    key, keys = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"], len(kms.list_keys()["Keys"])
    if broken == "deletion scheduled":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    if broken == "alias missing":
        kms.delete_alias(AliasName=alias)
    assert delivery.checkout.mlops("bootstrap").returncode == 0
    about = kms.describe_key(KeyId=alias)["KeyMetadata"]
    assert (about["KeyId"], about["KeyState"], len(kms.list_keys()["Keys"])) == (key, "Enabled", keys)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
