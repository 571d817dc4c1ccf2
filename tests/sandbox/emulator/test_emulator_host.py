"""What the emulator does for the SageMaker service: roles, resource policies and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import iam_evaluator
from ministack.core.responses import request_scope
from ministack.services import eventbridge, iam, sts

from sandbox.emulator import conditions, hooks
from sandbox.emulator.clock import Clock
from sandbox.emulator.courier import Courier
from sandbox.emulator.hooks import HookMissingError
from sandbox.emulator.service_host import EmulatorHost
from sandbox.host import Caller, ResourceGrant, ServiceError

ACCOUNT = "333333333333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/job"
PIPELINE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/train"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatorHost]:
    resolve = conditions.resolve_condition_key(iam_evaluator._resolve_condition_key)
    monkeypatch.setattr(iam_evaluator, "_resolve_condition_key", resolve)
    courier = Courier()
    courier.open()
    yield EmulatorHost(4566, Clock(), courier)
    courier.close()
    iam._roles._data.pop((ACCOUNT, "job"), None)


def trust(condition: dict[str, Any]) -> None:
    document = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ]
    }
    role = {"RoleName": "job", "RoleId": "AROAX", "Arn": ROLE, "AssumeRolePolicyDocument": json.dumps(document)}
    iam._roles.set_scoped(ACCOUNT, None, "job", role)


def test_a_service_gets_credentials_of_a_role_that_trusts_it(host: EmulatorHost) -> None:
    trust({"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"{PIPELINE}*"}})
    request = {"service": "sagemaker.amazonaws.com", "role_arn": ROLE, "session_name": "s"}
    credentials = host.credentials_for_service(**request, source_arn=PIPELINE)
    session = sts._sessions[credentials.access_key_id]
    assert session["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/job/s"
    assert session["SessionToken"] == credentials.session_token
    with pytest.raises(ServiceError, match=r"Could not assume role .*team/job"):
        host.credentials_for_service(**request, source_arn=PIPELINE.replace("train", "other"))
    with pytest.raises(ServiceError, match="Could not assume role"):
        host.credentials_for_service(**{**request, "service": "lambda.amazonaws.com"}, source_arn=PIPELINE)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({}, True),
        ({"ArnEquals": {"aws:PrincipalArn": ROLE}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": ROLE.replace("job", "other")}}, False),
        ({"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}, True),
        ({"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}, False),
    ],
)
def test_a_resource_policy_is_evaluated_with_its_conditions(
    host: EmulatorHost, condition: dict[str, Any], allowed: bool
) -> None:
    trust({})
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sagemaker:CreateModelPackage",
        "Resource": "arn:aws:sagemaker:us-east-1:222222222222:model-package/group/*",
        "Condition": condition,
    }
    question = ResourceGrant(
        caller=Caller(account_id=ACCOUNT, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/job/s"),
        action="sagemaker:CreateModelPackage",
        resource_arn="arn:aws:sagemaker:us-east-1:222222222222:model-package/group/1",
        policy={"Statement": [statement]},
        context={"sagemaker:ModelApprovalStatus": "PendingManualApproval"},
    )
    assert host.resource_policy_allows(question) is allowed
    denied = {**statement, "Effect": "Deny", "Condition": {}}
    both = ResourceGrant(
        caller=question.caller,
        action=question.action,
        resource_arn=question.resource_arn,
        policy={"Statement": [statement, denied]},
        context=question.context,
    )
    assert host.resource_policy_allows(both) is False


def test_events_reach_the_accounts_bus_in_order(host: EmulatorHost) -> None:
    for status in ("Executing", "Succeeded"):
        host.emit(
            account_id=ACCOUNT,
            region="us-east-1",
            detail_type="SageMaker Model Building Pipeline Execution Status Change",
            detail={"currentPipelineExecutionStatus": status},
            resources=[PIPELINE],
        )
    assert host._courier.wait_idle(10)
    with request_scope(ACCOUNT, "us-east-1"):
        events = [event for event in eventbridge._events_log_list() if event["Source"] == "aws.sagemaker"]
    found = [json.loads(event["Detail"])["currentPipelineExecutionStatus"] for event in events]
    assert found == ["Executing", "Succeeded"]


def test_the_clock_moves_forward_only() -> None:
    clock = Clock()
    before = clock.now()
    clock.advance(3600)
    assert 3600 <= clock.now() - before < 3610
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_another_ministack_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks.check()
    monkeypatch.delattr(eventbridge, "_put_events")
    monkeypatch.setattr(sts, "register_session", lambda key: None)
    with pytest.raises(HookMissingError) as caught:
        hooks.check()
    assert "ministack.services.eventbridge._put_events is gone" in str(caught.value)
    assert "sts.register_session takes (key), expected (access_key session)" in str(caught.value)
