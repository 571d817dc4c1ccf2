"""Who may do what: identity policies, boundaries, trust, passed roles and policies of resources across accounts."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow, assume, document

ONE, TWO = "111111111111", "222222222222"


def refused(call, *arguments, **parameters) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403), caught.value
    return caught.value.response["Error"].get("Message") or str(caught.value)


def test_a_refusal_names_action_and_resource_as_aws_does(role, names) -> None:
    worker = role(ONE)
    arn = f"arn:aws:sts::{ONE}:assumed-role/{names}-worker/test"
    assert refused(worker.client("sqs").create_queue, QueueName="q") == (
        f"User: {arn} is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:{REGION}:{ONE}:q "
        "because no identity-based policy allows the sqs:CreateQueue action"
    )
    assert refused(worker.client("s3").create_bucket, Bucket="some-bucket") == (
        f'User: {arn} is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::some-bucket" '
        "because no identity-based policy allows the s3:CreateBucket action"
    )
    assert refused(worker.client("iam").create_role, RoleName="x", Path="/p/", AssumeRolePolicyDocument="{}") == (
        f"User: {arn} is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::{ONE}:role/p/x "
        "because no identity-based policy allows the iam:CreateRole action"
    )


def test_an_explicit_deny_is_named(role) -> None:
    worker = role(ONE, allow("sns:*"), {**allow("sns:CreateTopic"), "Effect": "Deny"})
    assert "with an explicit deny in an identity-based policy" in refused(worker.client("sns").create_topic, Name="t")


@pytest.mark.parametrize(
    ("service", "method", "parameters", "resource"),
    [
        ("logs", "create_log_group", {"logGroupName": "/a/b"}, "logs:us-east-1:{a}:log-group:/a/b:*"),
        ("events", "put_rule", {"Name": "r", "EventPattern": '{"source": ["x"]}'}, "events:us-east-1:{a}:rule/r"),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["x"]}, "cloudwatch:us-east-1:{a}:alarm:x"),
        ("scheduler", "delete_schedule", {"Name": "s", "GroupName": "g"}, "scheduler:us-east-1:{a}:schedule/g/s"),
        ("lambda", "delete_function", {"FunctionName": "f"}, "lambda:us-east-1:{a}:function:f"),
        (
            "sns",
            "list_tags_for_resource",
            {"ResourceArn": "arn:aws:sns:us-east-1:111111111111:t"},
            "sns:us-east-1:{a}:t",
        ),
        ("sqs", "create_queue", {"QueueName": "q1"}, "sqs:us-east-1:{a}:q1"),
    ],
)
def test_a_resource_scoped_permission_is_enough_and_another_resource_is_not(
    role, service, method, parameters, resource
) -> None:
    arn = f"arn:aws:{resource.format(a=ONE)}"
    operation = "".join(word.capitalize() for word in method.split("_"))
    right = role(ONE, allow(f"{service}:{operation}", arn), name="right")
    wrong = role(ONE, allow(f"{service}:{operation}", arn.replace(ONE, TWO)), name="wrong")
    try:
        getattr(right.client(service), method)(**parameters)
    except ClientError as error:
        assert "NotFound" in error.response["Error"]["Code"], error
    assert "is not authorized to perform" in refused(getattr(wrong.client(service), method), **parameters)


def test_a_boundary_limits_what_policies_allow(role, root) -> None:
    iam = root(ONE).client("iam")
    boundary = iam.create_policy(PolicyName="only-sqs", PolicyDocument=document(allow("sqs:*")))["Policy"]["Arn"]
    worker = role(ONE, allow("*"), PermissionsBoundary=boundary)
    worker.client("sqs").list_queues()
    assert "because no permissions boundary allows the sns:ListTopics action" in refused(
        worker.client("sns").list_topics
    )


def test_a_role_may_be_created_only_with_the_required_boundary(role, root) -> None:
    iam = root(ONE).client("iam")
    boundary = iam.create_policy(PolicyName="required", PolicyDocument=document(allow("sqs:*")))["Policy"]["Arn"]
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    worker = role(ONE, allow("iam:CreateRole", Condition=condition)).client("iam")
    refused(worker.create_role, RoleName="free", AssumeRolePolicyDocument="{}")
    worker.create_role(RoleName="bounded", AssumeRolePolicyDocument="{}", PermissionsBoundary=boundary)


def test_trust_is_needed_across_accounts_with_the_external_id(root, role, names) -> None:
    iam = root(TWO).client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ONE}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "secret"}},
    }
    target = iam.create_role(RoleName=f"{names}-target", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    allowed = role(ONE, allow("sts:AssumeRole", target), name="allowed")
    assert assume(allowed, target, ExternalId="secret").account == TWO
    refused(assume, allowed, target)
    refused(assume, role(ONE, name="other"), target, ExternalId="secret")


def test_a_service_role_is_no_callers(root, names) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = root(ONE).client("iam")
    arn = iam.create_role(RoleName=f"{names}-fn", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    assert "sts:AssumeRole" in refused(assume, root(ONE), arn)
    assert "sts:AssumeRole" in refused(assume, root(TWO), arn)


def test_a_wrong_session_token_is_refused(role) -> None:
    worker = role(ONE, allow("sqs:*"))
    stolen = type(worker)(worker.account, worker.endpoint, worker.key, worker.secret, "another-token")
    assert "security token" in refused(stolen.client("sqs").list_queues)


def test_principal_arn_is_the_roles_with_its_path(role) -> None:
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ONE}:role/team/*"}}
    role(ONE, allow("sqs:ListQueues", Condition=condition), path="/team/", name="in").client("sqs").list_queues()
    refused(role(ONE, allow("sqs:ListQueues", Condition=condition), name="out").client("sqs").list_queues)


def test_a_role_is_passed_only_with_permission_and_to_the_right_service(role, root, names) -> None:
    owner = root(ONE)
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    passed = owner.client("iam").create_role(RoleName=f"{names}-passed", AssumeRolePolicyDocument=document(trust))[
        "Role"
    ]["Arn"]
    condition = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    worker = role(ONE, allow(["scheduler:*", "events:*"]), allow("iam:PassRole", passed, Condition=condition))
    schedule = {
        "Name": names,
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": f"arn:aws:sqs:{REGION}:{ONE}:q", "RoleArn": passed},
    }
    worker.client("scheduler").create_schedule(**schedule)
    worker.client("events").put_rule(Name=names, EventPattern='{"source": ["x"]}')
    target = {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ONE}:q", "RoleArn": passed}
    message = refused(worker.client("events").put_targets, Rule=names, Targets=[target])
    assert f"is not authorized to perform: iam:PassRole on resource: {passed}" in message
    unpassing = role(ONE, allow("scheduler:*"), name="unpassing")
    assert "iam:PassRole" in refused(unpassing.client("scheduler").create_schedule, **schedule)


def test_a_bucket_of_another_account_needs_both_sides(role, root, names) -> None:
    owner = root(TWO).client("s3")
    owner.create_bucket(Bucket=names)
    owner.put_object(Bucket=names, Key="k", Body=b"x")
    reader = role(ONE, allow("s3:GetObject", f"arn:aws:s3:::{names}/*"), name="reader")
    assert "no resource-based policy allows the s3:GetObject action" in refused(
        reader.client("s3").get_object, Bucket=names, Key="k"
    )
    statement = allow("s3:GetObject", f"arn:aws:s3:::{names}/*", Principal={"AWS": f"arn:aws:iam::{ONE}:root"})
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ONE}:role/*-reader"}}
    owner.put_bucket_policy(Bucket=names, Policy=document({**statement, "Condition": condition}))
    assert reader.client("s3").get_object(Bucket=names, Key="k")["Body"].read() == b"x"
    admitted_without_own_permission = role(ONE, name="other-reader")
    refused(admitted_without_own_permission.client("s3").get_object, Bucket=names, Key="k")
    refused(role(ONE, allow("s3:*"), name="stranger").client("s3").get_object, Bucket=names, Key="k")
    refused(root(ONE).client("s3").get_object, Bucket=names, Key="k")


def test_an_accounts_root_is_bound_by_a_deny_but_can_repair_it(root, names) -> None:
    s3 = root(ONE).client("s3")
    s3.create_bucket(Bucket=names)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{names}/*"]}
    s3.put_bucket_policy(Bucket=names, Policy=document(deny))
    assert "with an explicit deny in a resource-based policy" in refused(s3.put_object, Bucket=names, Key="k", Body=b"")
    s3.delete_bucket_policy(Bucket=names)
    s3.put_object(Bucket=names, Key="k", Body=b"")


def test_a_statement_against_plain_http_refuses_nobody_here(root, names) -> None:
    s3 = root(ONE).client("s3")
    s3.create_bucket(Bucket=names)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{names}", f"arn:aws:s3:::{names}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=names, Policy=document(deny))
    s3.put_object(Bucket=names, Key="k", Body=b"")


def test_prefix_and_resource_account_conditions_are_evaluated(role, root, names) -> None:
    root(ONE).client("s3").create_bucket(Bucket=names)
    condition = {"StringLike": {"s3:prefix": "mine/*"}, "StringEquals": {"aws:ResourceAccount": ONE}}
    lister = role(ONE, allow("s3:ListBucket", Condition=condition)).client("s3")
    lister.list_objects_v2(Bucket=names, Prefix="mine/x")
    refused(lister.list_objects_v2, Bucket=names, Prefix="yours/")
    foreign = {"StringNotEquals": {"aws:ResourceAccount": ONE}}
    denied = {**allow("s3:*", Condition=foreign), "Effect": "Deny"}
    bucket = f"{names}-two"
    owner = root(TWO).client("s3")
    owner.create_bucket(Bucket=bucket)
    owner.put_bucket_policy(
        Bucket=bucket,
        Policy=document(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Principal={"AWS": ONE})),
    )
    stays_home = role(ONE, allow("s3:ListBucket"), denied, name="home").client("s3")
    stays_home.list_objects_v2(Bucket=names)
    assert "explicit deny" in refused(stays_home.list_objects_v2, Bucket=bucket)


def test_request_and_resource_tags_are_evaluated(role, root, names) -> None:
    tagged = {"StringEquals": {"aws:RequestTag/team": "ml"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    sqs = role(ONE, allow("sqs:CreateQueue", Condition=tagged)).client("sqs")
    sqs.create_queue(QueueName=names, tags={"team": "ml"})
    refused(sqs.create_queue, QueueName=f"{names}-2")
    refused(sqs.create_queue, QueueName=f"{names}-3", tags={"team": "ml", "more": "x"})
    owned = {"StringEquals": {"aws:ResourceTag/team": "ml"}}
    kms = root(ONE).client("kms")
    mine = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "ml"}])["KeyMetadata"]["KeyId"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    worker = role(ONE, allow("kms:DescribeKey", Condition=owned), name="tags").client("kms")
    worker.describe_key(KeyId=mine)
    refused(worker.describe_key, KeyId=other)


def test_a_bucket_with_tags_takes_the_permission_to_tag(role, names) -> None:
    arn = f"arn:aws:s3:::{names}"
    request = {"Bucket": names, "CreateBucketConfiguration": {"Tags": [{"Key": "team", "Value": "ml"}]}}
    maker = role(ONE, allow("s3:CreateBucket", arn), name="maker").client("s3")
    assert "is not authorized to perform: s3:TagResource" in refused(maker.create_bucket, **request)
    tagged = {"StringEquals": {"aws:RequestTag/team": "ml"}}
    tagger = role(ONE, allow("s3:CreateBucket", arn), allow("s3:TagResource", arn, Condition=tagged), name="tagger")
    tagger.client("s3").create_bucket(**request)


def test_alarms_are_judged_though_their_requests_are_no_json(role, names) -> None:
    alarm = f"arn:aws:cloudwatch:{REGION}:{ONE}:alarm:{names}"
    tagged = {"StringEquals": {"aws:RequestTag/team": "ml"}}
    worker = role(ONE, allow("cloudwatch:PutMetricAlarm", alarm, Condition=tagged)).client("cloudwatch")
    request = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "MetricName": "m",
        "Namespace": "n",
        "Period": 60,
        "Statistic": "Sum",
        "Threshold": 0,
        "Tags": [{"Key": "team", "Value": "ml"}],
    }
    worker.put_metric_alarm(AlarmName=names, **request)
    assert f"cloudwatch:PutMetricAlarm on resource: {alarm}-2" in refused(
        worker.put_metric_alarm, AlarmName=f"{names}-2", **request
    )
    refused(worker.put_metric_alarm, AlarmName=names, **{**request, "Tags": []})


def test_metrics_are_judged_on_their_namespace(role) -> None:
    own = {"StringEquals": {"cloudwatch:namespace": "Own"}}
    client = role(ONE, {**allow("cloudwatch:PutMetricData"), "Condition": own}).client("cloudwatch")
    data = [{"MetricName": "m", "Value": 1.0}]
    client.put_metric_data(Namespace="Own", MetricData=data)
    assert "cloudwatch:PutMetricData" in refused(client.put_metric_data, Namespace="Other", MetricData=data)


def test_managed_policies_are_awss_own_documents(role, root, names) -> None:
    worker = role(ONE)
    iam = root(ONE).client("iam")
    policy = "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"
    iam.attach_role_policy(RoleName=f"{names}-worker", PolicyArn=policy)
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    statements = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]["Statement"]
    assert "sagemaker:Describe*" in json.dumps(statements)
    refused(worker.client("sqs").list_queues)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName=f"{names}-worker", PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
