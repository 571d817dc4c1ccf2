"""A service is given only a role or a key that it can use."""

from __future__ import annotations

import io
import zipfile

import pytest
from botocore.exceptions import ClientError
from emulator_callers import REGION, allow, document

ONE = "111111111111"


def error_of(call, **parameters) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value)


def trusted_by(service: str, **condition) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": condition} if condition else statement)


def test_lambda_must_be_able_to_assume_a_functions_role(root, names) -> None:
    iam, function = root(ONE).client("iam"), root(ONE).client("lambda")
    wrong = iam.create_role(RoleName=f"{names}-w", AssumeRolePolicyDocument=trusted_by("ec2.amazonaws.com"))["Role"][
        "Arn"
    ]
    right = iam.create_role(RoleName=names, AssumeRolePolicyDocument=trusted_by("lambda.amazonaws.com"))["Role"]["Arn"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 1")
    request = {
        "FunctionName": names,
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Code": {"ZipFile": buffer.getvalue()},
    }
    assert "The role defined for the function cannot be assumed by Lambda." in error_of(
        function.create_function, **request, Role=wrong
    )
    function.create_function(**request, Role=right)
    assert "cannot be assumed" in error_of(function.update_function_configuration, FunctionName=names, Role=wrong)


def test_the_scheduler_assumes_a_role_for_a_group_and_never_for_one_schedule(root, names) -> None:
    iam, scheduler = root(ONE).client("iam"), root(ONE).client("scheduler")
    prefix = f"arn:aws:scheduler:{REGION}:{ONE}"
    for role, source in (("one", f"{prefix}:schedule/default/{names}"), ("group", f"{prefix}:schedule-group/default")):
        policy = trusted_by("scheduler.amazonaws.com", ArnLike={"aws:SourceArn": source})
        iam.create_role(RoleName=f"{names}-{role}", AssumeRolePolicyDocument=policy)
    target = {"Arn": f"arn:aws:sqs:{REGION}:{ONE}:q"}
    request = {"Name": names, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    arn = f"arn:aws:iam::{ONE}:role/{names}"
    assert "must allow AWS EventBridge Scheduler to assume the role" in error_of(
        scheduler.create_schedule, **request, Target={**target, "RoleArn": f"{arn}-one"}
    )
    scheduler.create_schedule(**request, Target={**target, "RoleArn": f"{arn}-group"})


def test_a_log_groups_key_must_let_cloudwatch_logs_use_it(root, names) -> None:
    kms, logs = root(ONE).client("kms"), root(ONE).client("logs")
    own = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ONE}:root"})
    group = f"arn:aws:logs:{REGION}:{ONE}:log-group:/{names}"
    service = {
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
    }
    key = kms.create_key(Policy=document(own))["KeyMetadata"]["Arn"]
    assert f"is not allowed to be used with Arn '{group}'" in error_of(
        logs.create_log_group, logGroupName=f"/{names}", kmsKeyId=key
    )
    grant = allow(["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"], **service)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(own, grant))
    logs.create_log_group(logGroupName=f"/{names}", kmsKeyId=key)
    assert "is not allowed to be used" in error_of(logs.create_log_group, logGroupName=f"/{names}-2", kmsKeyId=key)
