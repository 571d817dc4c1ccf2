"""What SNS would send lies in the outbox; what it would refuse is refused."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from emulator_callers import Principal, allow, assume, document
from emulator_world import ACCOUNT, World


def test_a_mail_is_kept_with_the_sandboxs_time_over_a_restart(world: World) -> None:
    topic = world.topic("alerts")
    world.advance(40 * 86400)
    moment = world.now()
    world.client("sns").publish(TopicArn=topic, Subject="News", Message="text")
    world.restart()
    world.client("sns").publish(TopicArn=topic, Message="more")
    confirmation, news, more = world.outbox()
    assert topic in confirmation["text"]
    assert "The sandbox has confirmed this subscription itself" in confirmation["text"]
    assert [confirmation["id"], news["id"], more["id"]] == [1, 2, 3]
    assert news["at"][:16] == moment.strftime("%Y-%m-%dT%H:%M")
    assert news == {
        "id": 2,
        "at": news["at"],
        "account_id": ACCOUNT,
        "topic_arn": topic,
        "to": "people@example.com",
        "subject": "News",
        "text": "text",
    }
    assert more["subject"] == "AWS Notification Message"
    assert world.ask("GET", "/_sandbox/outbox?after=2")[1]["messages"] == [more]


def test_a_mail_for_programs_carries_the_envelope_and_a_filter_keeps_others_away(world: World) -> None:
    sns = world.client("sns")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="program@example.com")
    only = {"FilterPolicy": json.dumps({"kind": ["urgent"]})}
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="few@example.com", Attributes=only)
    sns.publish(TopicArn=topic, Message="hello")
    (mail,) = world.outbox()[2:]
    assert mail["to"] == "program@example.com"
    assert json.loads(mail["text"])["Message"] == "hello"
    sns.publish(
        TopicArn=topic,
        Message="now",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "urgent"}},
    )
    assert [mail["to"] for mail in world.outbox()[3:]] == ["program@example.com", "few@example.com"]


def test_subjects_and_messages_that_sns_refuses_and_text_messages_are_refused(world: World) -> None:
    topic = world.topic("alerts")
    sns = world.client("sns")
    for subject in ("x" * 101, "two\nlines", "größer"):
        with pytest.raises(ClientError, match="Invalid parameter: Subject"):
            sns.publish(TopicArn=topic, Subject=subject, Message="text")
    with pytest.raises(ClientError, match="Message too long"):
        sns.publish(TopicArn=topic, Message="x" * 262145)
    with pytest.raises(ClientError, match="does not deliver by sms"):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100")
    assert len(world.outbox()) == 1


def test_a_publisher_needs_the_topics_key(world: World) -> None:
    root = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    key = world.client("kms").create_key(Policy=document(root))["KeyMetadata"]["Arn"]
    topic = world.topic("alerts", KmsMasterKeyId=key)
    iam = world.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="publisher", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="publisher", PolicyName="p", PolicyDocument=document(allow("sns:Publish", topic)))
    publisher = assume(Principal(ACCOUNT, world.server.endpoint_url, ACCOUNT, "test"), role).client("sns")
    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        publisher.publish(TopicArn=topic, Message="text")
    via = {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"}}
    use = allow(["kms:GenerateDataKey*", "kms:Decrypt"], key, Condition=via)
    iam.put_role_policy(RoleName="publisher", PolicyName="k", PolicyDocument=document(use))
    publisher.publish(TopicArn=topic, Message="text")
    assert [mail["text"] for mail in world.outbox()[1:]] == ["text"]
