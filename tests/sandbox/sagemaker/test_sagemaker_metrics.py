"""Executions and steps are counted as SageMaker counts them for CloudWatch."""

from __future__ import annotations

from collections import Counter

from sagemaker_definitions import create, definition, run, step
from sagemaker_host import SandboxHost

NAMESPACE = "AWS/Sagemaker/ModelBuildingPipeline"


def counted(host: SandboxHost, *dimensions: str) -> Counter[str]:
    """How often each metric with exactly these dimensions came."""
    assert {namespace for namespace, _name, _dimensions in host.metrics} == {NAMESPACE}
    return Counter(name for _namespace, name, given in host.metrics if tuple(given) == dimensions)


def test_an_execution_is_counted_for_its_pipeline_and_for_the_account(host: SandboxHost) -> None:
    condition = {"Type": "Equals", "LeftValue": 1, "RightValue": 1}
    stop = step("Stop", "Fail", {"ErrorMessage": "no"})
    choose = step("Choose", "Condition", {"Conditions": [condition], "IfSteps": [stop], "ElseSteps": []})
    client = create(host, definition(choose))
    run(host, client)
    expected = {"ExecutionStarted": 1, "ExecutionFailed": 1, "ExecutionDuration": 1}
    assert counted(host) == expected
    assert counted(host, "PipelineName") == expected
    assert counted(host, "PipelineName", "StepName") == {
        "StepStarted": 2,
        "StepSucceeded": 1,
        "StepFailed": 1,
        "StepDuration": 2,
    }
