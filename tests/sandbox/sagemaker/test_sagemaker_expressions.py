from __future__ import annotations

from typing import Any

import pytest

from sandbox.sagemaker import conditions
from sandbox.sagemaker.expressions import ExpressionError, Resolver, parse_path

STEPS = {
    "Train": {"ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"}, "FinalMetricDataList": [{"Value": 0.5}]},
    "Pre": {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": "s3://b/t"}}]}},
}
FILES = {("Pre", "Report"): {"metrics": {"auc": [0.25, 0.75]}, "odd key": {"x": 1}}}


@pytest.fixture
def resolver() -> Resolver:
    return Resolver(
        parameters={"Count": 3, "Share": 0.75, "Name": "n", "On": True},
        execution={"PipelineExecutionId": "abc123"},
        step_properties=lambda name: STEPS[name],
        read_property_file=lambda step, name: FILES[step, name],
        read_json=lambda uri: {"uri": uri},
    )


def json_get(path: str) -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Pre.PropertyFiles.Report"}, "Path": path}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Get": "Parameters.Count"}, 3),
        ({"Get": "Execution.PipelineExecutionId"}, "abc123"),
        ({"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}, "s3://b/model.tar.gz"),
        ({"Get": "Steps.Train.FinalMetricDataList[0].Value"}, 0.5),
        ({"Get": "Steps.Pre.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}, "s3://b/t"),
        ({"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Parameters.Name"}, 7]}}, "s3://b/n/7"),
        ({"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Share"}]}}, "0.75"),
        ({"Std:Join": {"On": "", "Values": [{"Get": "Parameters.On"}]}}, "true"),
        (json_get("metrics.auc[1]"), 0.75),
        (json_get("['odd key'].x"), 1),
        ({"Std:JsonGet": {"S3Uri": {"Std:Join": {"On": "/", "Values": ["s3://b", "k"]}}, "Path": "uri"}}, "s3://b/k"),
        ({"a": [{"Get": "Parameters.Name"}], "b": None, "c": {"d": 1}}, {"a": ["n"], "c": {"d": 1}}),
    ],
)
def test_an_expression_has_its_value(resolver: Resolver, expression: Any, value: Any) -> None:
    assert resolver.resolve(expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"Get": "Parameters.Missing"}, "Parameters.Missing has no value"),
        ({"Get": "Steps.Train.ModelArtifacts.Nothing"}, "there is no 'Nothing'"),
        ({"Get": "Steps.Pre.ProcessingOutputConfig.Outputs['test'].S3Output"}, "there is no 'test'"),
        ({"Get": "Elsewhere.Name"}, "not a reference"),
        (json_get("metrics.f1"), "there is no 'f1'"),
        ({"Std:Join": {"On": "/", "Values": [{"Get": "Steps.Train.ModelArtifacts"}]}}, "Std:Join takes strings"),
    ],
)
def test_an_expression_without_a_value_says_why(resolver: Resolver, expression: Any, message: str) -> None:
    with pytest.raises(ExpressionError, match=message.replace("[", r"\[")):
        resolver.resolve(expression)


def test_a_path_is_read_token_by_token() -> None:
    assert parse_path("a.b['c d'][0].e") == ["a", "b", "c d", 0, "e"]


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({"Type": "Equals", "LeftValue": {"Get": "Parameters.Name"}, "RightValue": "n"}, True),
        ({"Type": "Equals", "LeftValue": {"Get": "Parameters.Count"}, "RightValue": 3.0}, True),
        ({"Type": "GreaterThan", "LeftValue": {"Get": "Parameters.Share"}, "RightValue": 0.75}, False),
        ({"Type": "GreaterThanOrEqualTo", "LeftValue": {"Get": "Parameters.Share"}, "RightValue": 0.75}, True),
        ({"Type": "LessThan", "LeftValue": json_get("metrics.auc[0]"), "RightValue": 1}, True),
        ({"Type": "LessThanOrEqualTo", "LeftValue": 4, "RightValue": {"Get": "Parameters.Count"}}, False),
        ({"Type": "In", "QueryValue": {"Get": "Parameters.Name"}, "Values": ["m", "n"]}, True),
        ({"Type": "Not", "Expression": {"Type": "Equals", "LeftValue": "a", "RightValue": "b"}}, True),
        (
            {
                "Type": "Or",
                "Conditions": [
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 2},
                    {"Type": "Equals", "LeftValue": 2, "RightValue": 2},
                ],
            },
            True,
        ),
    ],
)
def test_each_condition_type_is_judged(resolver: Resolver, condition: Any, outcome: bool) -> None:
    assert conditions.holds(condition, resolver) is outcome


def test_a_number_is_not_compared_with_a_string(resolver: Resolver) -> None:
    with pytest.raises(ExpressionError, match=r"cannot compare 0\.75 with '0\.5'"):
        conditions.holds({"Type": "LessThan", "LeftValue": {"Get": "Parameters.Share"}, "RightValue": "0.5"}, resolver)
