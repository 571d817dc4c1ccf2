from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_definitions import XGBOOST, create, definition, ended, get, join, processing, run, status, step
from sagemaker_host import DEV, REGION, ROLE, SandboxHost

FUNCTION = f"arn:aws:lambda:{REGION}:{DEV}:function:"
MODEL = {
    "PrimaryContainer": {"Image": XGBOOST, "ModelDataUrl": "s3://bucket/model.tar.gz"},
    "ExecutionRoleArn": f"arn:aws:iam::{DEV}:role/job",
}


def function(name: str, arguments: Any = None, outputs: Any = None, **members: Any) -> dict[str, Any]:
    declared = [{"OutputName": key, "OutputType": kind} for key, kind in (outputs or {}).items()]
    return step(name, "Lambda", arguments or {}, FunctionArn=FUNCTION + name, OutputParameters=declared, **members)


def start(client: Any, token: str = "t" * 32, **parameters: Any) -> str:
    answer = client.start_pipeline_execution(PipelineName="train", ClientRequestToken=token, **parameters)
    return str(answer["PipelineExecutionArn"])


def hold(host: SandboxHost, path: Path) -> dict[str, Any]:
    """A Processing step that tells the FIFO that it runs, and then runs until it is killed."""
    os.mkfifo(path)
    source = (
        f"import signal\nfile = open({str(path)!r}, 'w')\nprint('running', file=file, flush=True)\nsignal.pause()\n"
    )
    host.objects["bucket/code/hold.py"] = source.encode()
    return step("Hold", "Processing", processing("hold.py"))


def test_a_repeated_token_starts_one_execution(host: SandboxHost) -> None:
    host.functions[FUNCTION + "One"] = lambda _: {}
    client = create(
        host, definition(function("One"), parameters=[{"Name": "P", "Type": "String", "DefaultValue": "a"}])
    )
    first = start(client)
    assert start(client) == first
    assert start(client, "u" * 32) != first
    with pytest.raises(ClientError, match="ConflictException"):
        start(client, PipelineParameters=[{"Name": "P", "Value": "b"}])
    executions = client.list_pipeline_executions(PipelineName="train")["PipelineExecutionSummaries"]
    assert len(executions) == 2


def test_parameters_reach_the_steps_with_their_types(host: SandboxHost) -> None:
    received: list[Any] = []
    host.functions[FUNCTION + "Take"] = lambda event: received.append(event) or {}
    parameters = [
        {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Share", "Type": "Float", "DefaultValue": 0.5},
        {"Name": "On", "Type": "Boolean", "DefaultValue": False},
        {"Name": "Kind", "Type": "String", "EnumValues": ["a", "b"], "DefaultValue": "a"},
    ]
    arguments = {name: get(f"Parameters.{name}") for name in ("Count", "Share", "On", "Kind")}
    client = create(host, definition(function("Take", arguments), parameters=parameters))
    execution = run(host, client, Count="3", On="true", Kind="b")
    assert received == [{"Count": 3, "Share": 0.5, "On": True, "Kind": "b"}]
    listed = client.list_pipeline_parameters_for_execution(PipelineExecutionArn=execution["PipelineExecutionArn"])
    assert {p["Name"]: p["Value"] for p in listed["PipelineParameters"]} == {
        "Count": "3",
        "Share": "0.5",
        "On": "true",
        "Kind": "b",
    }
    for name, value, message in (
        ("Other", "1", "Unknown parameter 'Other'"),
        ("Count", "many", "Value 'many' of parameter 'Count' is not of type Integer"),
        ("Kind", "c", "not in enum value set"),
    ):
        with pytest.raises(ClientError, match=message):
            start(client, PipelineParameters=[{"Name": name, "Value": value}])


def test_branches_run_at_the_same_time(host: SandboxHost) -> None:
    barrier = threading.Barrier(2, timeout=20)
    for name in ("Left", "Right"):
        host.functions[FUNCTION + name] = lambda _, name=name: {"name": name, "order": barrier.wait()}
    host.functions[FUNCTION + "After"] = lambda event: event
    after = function("After", {"l": get("Steps.Left.OutputParameters['name']"), "r": "x"}, {"l": "String"})
    after["DependsOn"] = ["Right"]
    client = create(host, definition(function("Left", {}, {"name": "String"}), function("Right"), after))
    execution = run(host, client)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert execution["Steps"]["After"]["Metadata"]["Lambda"]["OutputParameters"] == [{"Name": "l", "Value": "Left"}]


def test_parallelism_is_limited(host: SandboxHost) -> None:
    running: list[int] = []
    most: list[int] = []

    def work(_: Any) -> Any:
        running.append(1)
        most.append(len(running))
        running.pop()
        return {}

    names = [f"Step{number}" for number in range(6)]
    for name in names:
        host.functions[FUNCTION + name] = work
    client = create(
        host,
        definition(*(function(name) for name in names)),
        ParallelismConfiguration={"MaxParallelExecutionSteps": 1},
    )
    assert run(host, client)["PipelineExecutionStatus"] == "Succeeded"
    assert most == [1] * 6


def test_only_the_chosen_branch_runs(host: SandboxHost) -> None:
    for name in ("Yes", "No", "Ask", "Then"):
        host.functions[FUNCTION + name] = lambda event: {"verdict": "ok", **event}
    check = step(
        "Check",
        "Condition",
        {
            "Conditions": [
                {"Type": "Equals", "LeftValue": get("Steps.Ask.OutputParameters['verdict']"), "RightValue": "ok"}
            ],
            "IfSteps": [function("Yes")],
            "ElseSteps": [function("No")],
        },
    )
    text = definition(function("Ask", {}, {"verdict": "String"}), check, function("Then", DependsOn=["Yes"]))
    execution = run(host, create(host, text))
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert set(execution["Steps"]) == {"Ask", "Check", "Yes", "Then"}


def test_a_value_below_its_threshold_fails_the_execution_with_the_fail_steps_message(host: SandboxHost) -> None:
    host.objects["bucket/evaluation.json"] = b'{"auc": {"value": 0.71}}'
    auc = {"Std:JsonGet": {"S3Uri": "s3://bucket/evaluation.json", "Path": "auc.value"}}
    check = step(
        "Check",
        "Condition",
        {
            "Conditions": [
                {"Type": "GreaterThanOrEqualTo", "LeftValue": auc, "RightValue": get("Parameters.Threshold")}
            ],
            "IfSteps": [step("Create", "Model", MODEL)],
            "ElseSteps": [
                step("TooLow", "Fail", {"ErrorMessage": join(" ", "AUC below", get("Parameters.Threshold"))})
            ],
        },
    )
    parameters = [{"Name": "Threshold", "Type": "Float", "DefaultValue": 0.75}]
    client = create(host, definition(check, parameters=parameters))
    execution = run(host, client)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."
    assert execution["Steps"]["Check"]["Metadata"] == {"Condition": {"Outcome": "False"}}
    assert execution["Steps"]["TooLow"]["FailureReason"] == "AUC below 0.75"
    assert "Create" not in execution["Steps"]
    assert run(host, client, Threshold="0.7")["PipelineExecutionStatus"] == "Succeeded"
    host.denied.add((ROLE, "s3:GetObject"))
    assert "Failed to invoke s3:GetObject" in run(host, client)["Steps"]["Check"]["FailureReason"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda _: {"count": "3"}, "did not return output parameter 'count' of type Integer, but '3'"),
        (lambda _: {}, "did not return output parameter 'count' of type Integer"),
        (lambda _: 1 / 0, "failed (Unhandled): division by zero"),
    ],
)
def test_a_function_that_fails_or_answers_wrongly_fails_the_step(host: SandboxHost, answer: Any, message: str) -> None:
    host.functions[FUNCTION + "Count"] = answer
    execution = run(host, create(host, definition(function("Count", {}, {"count": "Integer"}))))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert message in execution["Steps"]["Count"]["FailureReason"]


@pytest.mark.parametrize("action", ["sagemaker:CreateModel", "iam:PassRole"])
def test_a_call_that_iam_refuses_fails_the_step_with_the_refusal(host: SandboxHost, action: str) -> None:
    client = create(host, definition(step("Create", "Model", MODEL)))
    role = MODEL["ExecutionRoleArn"] if action == "iam:PassRole" else None
    host.denied.add((ROLE, action))
    reason = run(host, client)["Steps"]["Create"]["FailureReason"]
    caller = f"arn:aws:sts::{DEV}:assumed-role/pipeline/SageMaker"
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateModel. Error Details: User: " + caller)
    assert f"is not authorized to perform: {action} on resource: {role or 'arn:aws:sagemaker'}" in reason


def test_a_role_that_cannot_be_assumed_fails_the_step(host: SandboxHost) -> None:
    client = create(host, definition(step("Create", "Model", MODEL)))
    host.denied.add((ROLE, "sts:AssumeRole"))
    assert f"Could not assume role {ROLE}" in run(host, client)["Steps"]["Create"]["FailureReason"]


def test_the_pipelines_role_is_assumed_for_the_execution(host: SandboxHost) -> None:
    arn = run(host, create(host, definition(step("Create", "Model", MODEL))))["PipelineExecutionArn"]
    assert host.assumed == [(ROLE, arn)]


@pytest.mark.parametrize(
    ("error", "attempts", "outcome"),
    [
        ((500, "InternalFailure"), 3, "Succeeded"),
        ((400, "ThrottlingException"), 3, "Succeeded"),
        ((400, "ValidationException"), 1, "Failed"),
    ],
)
def test_a_retry_policy_covers_its_exception_types(
    host: SandboxHost, error: tuple[int, str], attempts: int, outcome: str
) -> None:
    policy = {
        "ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"],
        "IntervalSeconds": 0,
        "BackoffRate": 1.0,
        "MaxAttempts": 2,
    }
    client = create(host, definition(step("Create", "Model", MODEL, RetryPolicies=[policy])))
    host.failures["CreateModel"] = [error, error]
    made = run(host, client)["Steps"]["Create"]
    assert (made["StepStatus"], made["AttemptCount"]) == (outcome, attempts)


def test_a_retry_policy_gives_up(host: SandboxHost) -> None:
    policy = {"ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": 0, "MaxAttempts": 1}
    client = create(host, definition(step("Create", "Model", MODEL, RetryPolicies=[policy])))
    host.failures["CreateModel"] = [(500, "InternalFailure")] * 5
    made = run(host, client)["Steps"]["Create"]
    assert (made["StepStatus"], made["AttemptCount"]) == ("Failed", 2)


def test_a_retried_execution_keeps_what_succeeded(host: SandboxHost) -> None:
    calls: list[str] = []

    def first(_: Any) -> Any:
        calls.append("First")
        return {"value": "v"}

    def second(event: Any) -> Any:
        calls.append("Second")
        return {"twice": event["value"] * (2 if len(calls) > 2 else 1 // 0)}

    host.functions[FUNCTION + "First"], host.functions[FUNCTION + "Second"] = first, second
    text = definition(
        function("First", {}, {"value": "String"}),
        function("Second", {"value": get("Steps.First.OutputParameters['value']")}, {"twice": "String"}),
    )
    client = create(host, text)
    failed = run(host, client)
    assert failed["PipelineExecutionStatus"] == "Failed"
    arn = failed["PipelineExecutionArn"]
    client.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="r" * 32)
    again = ended(host, client, arn)
    assert again["PipelineExecutionStatus"] == "Succeeded" and "FailureReason" not in again
    assert calls == ["First", "Second", "Second"]
    with pytest.raises(ClientError, match="Only executions with 'Failed' or 'Stopped'"):
        client.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="r" * 32)


def test_a_step_is_cached_while_its_arguments_are_the_same(host: SandboxHost) -> None:
    calls: list[Any] = []
    host.functions[FUNCTION + "Once"] = lambda event: calls.append(event) or {"v": "out"}
    host.functions[FUNCTION + "Use"] = lambda event: event
    text = definition(
        function(
            "Once", {"p": get("Parameters.P")}, {"v": "String"}, CacheConfig={"Enabled": True, "ExpireAfter": "PT1H"}
        ),
        function("Use", {"v": get("Steps.Once.OutputParameters['v']")}, {"v": "String"}),
        parameters=[{"Name": "P", "Type": "String", "DefaultValue": "a"}],
    )
    client = create(host, text)
    first, second, third = run(host, client), run(host, client), run(host, client, P="b")
    assert second["Steps"]["Once"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first["PipelineExecutionArn"]}
    assert second["Steps"]["Use"]["Metadata"]["Lambda"]["OutputParameters"] == [{"Name": "v", "Value": "out"}]
    assert "CacheHitResult" not in third["Steps"]["Once"]
    assert calls == [{"p": "a"}, {"p": "b"}]


def test_a_stopped_execution_stops_its_job_and_starts_nothing_more(host: SandboxHost, tmp_path: Path) -> None:
    held = hold(host, tmp_path / "running")
    client = create(host, definition(held, function("Next", DependsOn=["Hold"])))
    arn = start(client)
    with (tmp_path / "running").open() as pipe:
        assert pipe.readline() == "running\n"
        client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
        assert pipe.read() == ""  # the job's process is gone
    execution = ended(host, client, arn)
    assert execution["PipelineExecutionStatus"] == "Stopped"
    assert {name: one["StepStatus"] for name, one in execution["Steps"].items()} == {"Hold": "Stopped"}
    job = execution["Steps"]["Hold"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    assert client.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"] == "Stopped"
    statuses = [
        event["detail"]["currentPipelineExecutionStatus"]
        for event in host.events
        if event["type"] == "SageMaker Model Building Pipeline Execution Status Change"
    ]
    assert statuses == ["Executing", "Stopping", "Stopped"]


def test_a_pipeline_is_not_deleted_while_it_runs(host: SandboxHost, tmp_path: Path) -> None:
    client = create(host, definition(hold(host, tmp_path / "running")))
    arn = start(client)
    with (tmp_path / "running").open() as pipe:
        pipe.readline()
        with pytest.raises(ClientError, match="ConflictException"):
            client.delete_pipeline(PipelineName="train", ClientRequestToken="d" * 32)
        client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    ended(host, client, arn)
    client.delete_pipeline(PipelineName="train", ClientRequestToken="d" * 32)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.describe_pipeline(PipelineName="train")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        status(client, arn)


def test_events_tell_each_steps_and_the_executions_status(host: SandboxHost) -> None:
    client = create(host, definition(step("Stop", "Fail", {"ErrorMessage": join(" ", "no", "good")})))
    execution = run(host, client)
    events = [(event["type"].partition("Pipeline Execution ")[2], event["detail"]) for event in host.events]
    assert [kind for kind, _ in events] == [
        "Status Change",
        "Step Status Change",
        "Step Status Change",
        "Status Change",
    ]
    failed = events[2][1]
    assert failed["stepName"] == "Stop" and failed["stepType"] == "Fail"
    assert (failed["previousStepStatus"], failed["currentStepStatus"]) == ("Executing", "Failed")
    assert failed["failureReason"] == "no good"
    assert failed["metadata"] == {"fail": {"errorMessage": "no good"}}
    final = events[3][1]
    assert final["currentPipelineExecutionStatus"] == "Failed"
    assert final["previousPipelineExecutionStatus"] == "Executing"
    assert final["pipelineArn"] == execution["PipelineArn"]
    assert host.events[3]["resources"] == [execution["PipelineArn"], execution["PipelineExecutionArn"]]
    assert final["executionEndTime"].endswith("Z")


def test_a_running_execution_keeps_the_definition_it_started_with(host: SandboxHost) -> None:
    host.functions[FUNCTION + "Old"] = host.functions[FUNCTION + "New"] = lambda _: {}
    client = create(host, definition(function("Old")))
    arn = run(host, client)["PipelineExecutionArn"]
    client.update_pipeline(PipelineName="train", PipelineDefinition=definition(function("New")))
    shown = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)["PipelineDefinition"]
    assert json.loads(shown)["Steps"][0]["Name"] == "Old"
    assert set(run(host, client)["Steps"]) == {"New"}
    with pytest.raises(ClientError, match="Unable to parse pipeline definition"):
        client.update_pipeline(PipelineName="train", PipelineDefinition="{}")


def test_create_is_idempotent_by_token_and_names_are_unique(host: SandboxHost) -> None:
    text = definition(step("Stop", "Fail", {"ErrorMessage": "x"}))
    client = create(host, text)
    create(host, text)
    with pytest.raises(ClientError, match="Pipeline names must be unique"):
        client.create_pipeline(PipelineName="train", PipelineDefinition=text, RoleArn=ROLE, ClientRequestToken="b" * 32)
    assert [p["PipelineName"] for p in client.list_pipelines()["PipelineSummaries"]] == ["train"]
    arn = client.describe_pipeline(PipelineName="train")["PipelineArn"]
    client.update_pipeline_execution(
        PipelineExecutionArn=run(host, client)["PipelineExecutionArn"], PipelineExecutionDisplayName="renamed"
    )
    listed = client.list_pipeline_executions(PipelineName=arn)["PipelineExecutionSummaries"]
    assert [one["PipelineExecutionDisplayName"] for one in listed] == ["renamed"]
