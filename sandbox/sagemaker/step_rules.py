"""What a step of a definition may say: its arguments against the API it calls, its references, its policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.sagemaker import conditions, quality_check, unsupported
from sandbox.sagemaker.api import Api, violations
from sandbox.sagemaker.definition import Definition, Step, refusal
from sandbox.sagemaker.expressions import (
    EXECUTION_VARIABLES,
    ExpressionError,
    Reference,
    is_expression,
    references,
)
from sandbox.sagemaker.retry import EXCEPTION_TYPES
from sandbox.sagemaker.state import Document

# Step type -> the operation it calls, the name that the service gives, and the operation whose answer it becomes.
CALLS: dict[str, tuple[str, str | None, str]] = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "TrainingJobName", "DescribeTrainingJob"),
    "Transform": ("CreateTransformJob", "TransformJobName", "DescribeTransformJob"),
    "Model": ("CreateModel", "ModelName", "DescribeModel"),
    "RegisterModel": ("CreateModelPackage", None, "DescribeModelPackage"),
    "QualityCheck": ("CreateProcessingJob", "ProcessingJobName", "DescribeProcessingJob"),
}
# "Unknown Argument member 'ModelPackageName'": https://github.com/aws/sagemaker-python-sdk/pull/3472
_EXCLUDED = {"RegisterModel": ("ModelPackageName", "CertifyForMarketplace", "ClientToken")}
# Arguments that the service fills in from the pipeline: each step takes the pipeline's role unless it names one.
# https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-access.html
ROLE_ARGUMENT = {
    "Processing": "RoleArn",
    "Training": "RoleArn",
    "Model": "ExecutionRoleArn",
    "QualityCheck": "RoleArn",
}
_COMMON = {"Name", "Type", "Arguments", "DisplayName", "Description", "DependsOn"}
_MEMBERS = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
    **dict.fromkeys(("Processing", "Training", "Transform", "Model", "RegisterModel"), _COMMON | {"RetryPolicies"}),
    "Lambda": _COMMON | {"CacheConfig", "FunctionArn", "OutputParameters"},
    "Condition": _COMMON,
    "Fail": _COMMON,
    "QualityCheck": _COMMON | {"CacheConfig"} | quality_check.MEMBERS,
}
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html
for _type in ("Processing", "Training", "Transform"):
    _MEMBERS[_type] = _MEMBERS[_type] | {"CacheConfig"}
_MEMBERS["Processing"] = _MEMBERS["Processing"] | {"PropertyFiles"}
_SHAPE_TYPES = {
    "string": {"String"},
    "integer": {"Integer"},
    "long": {"Integer"},
    "float": {"Integer", "Float"},
    "double": {"Integer", "Float"},
    "boolean": {"Boolean"},
}
DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_OUTPUT_TYPES = ("String", "Integer", "Float", "Boolean")


def check(api: Api, definition: Definition) -> None:
    """Raise ``ValidationException``, naming the step, for the first thing that AWS would refuse."""
    for step in definition.steps.values():
        for problem in _problems(api, definition, step):
            raise refusal(f"Step '{step.name}': {problem}.")


def _problems(api: Api, definition: Definition, step: Step) -> Iterator[str]:
    for member in step.document.keys() - _MEMBERS[step.type]:
        if step.document[member] is not None:
            yield f"{step.type} steps take no {member}"
    if not isinstance(step.arguments, dict):
        yield "Arguments must be an object"
    if step.type in CALLS:
        yield from _call_problems(api, definition, step)
        if step.type == "QualityCheck":
            yield from quality_check.problems(step)
    elif step.type == "Condition":
        yield from conditions.problems(step.arguments)
    elif step.type == "Fail":
        yield from _fail_problems(step)
    else:
        yield from _lambda_problems(step)
    yield from _reference_problems(api, definition, step)
    yield from _retry_problems(step.document.get("RetryPolicies") or [])
    yield from _cache_problems(step.document.get("CacheConfig"))
    outputs = {o.get("OutputName") for o in step.arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])}
    for file in step.document.get("PropertyFiles") or []:
        if not {"PropertyFileName", "OutputName", "FilePath"} <= file.keys():
            yield "a property file needs PropertyFileName, OutputName and FilePath"
        elif file["OutputName"] not in outputs:
            yield f"property file '{file['PropertyFileName']}': there is no output '{file['OutputName']}'"


def _call_problems(api: Api, definition: Definition, step: Step) -> Iterator[str]:
    operation, name, _ = CALLS[step.type]
    for member in step.arguments:
        if member in _EXCLUDED.get(step.type, ()) or member not in api.input_shape(operation).members:
            yield f"Unknown Argument member '{member}'"
    mistyped: list[str] = []

    def placeholder(value: Any, shape: Any, path: str) -> bool:
        if not is_expression(value):
            return False
        kind = _static_type(definition, value)
        if kind is not None and kind not in _SHAPE_TYPES.get(shape.type_name, {"nothing"}):
            mistyped.append(f"{path} wants a {shape.type_name}, and {_shown(value)} is a {kind}")
        return True

    filled = {name: "name", ROLE_ARGUMENT.get(step.type): "arn:aws:iam::123456789012:role/role"}
    arguments = {member: value for member, value in filled.items() if member} | step.arguments
    arguments = _without_nulls(arguments)
    found = violations(api.input_shape(operation), arguments, "", placeholder)
    yield from (f"{operation}: {violation}" for violation in found + mistyped)
    yield from unsupported.problems(operation, arguments)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if isinstance(value, list) else value


def _static_type(definition: Definition, expression: Document) -> str | None:
    """The type that an expression certainly has, or None where only the execution knows."""
    if "Std:Join" in expression:
        return "String"
    if "Std:JsonGet" in expression:
        return None
    try:
        reference = Reference.parse(expression["Get"])
    except ExpressionError:
        return None
    if reference.root == "Execution":
        return "String"
    parameter = definition.parameters.get(reference.name) if reference.root == "Parameters" else None
    return str(parameter["Type"]) if parameter else None


def _shown(expression: Document) -> str:
    return str(expression.get("Get", next(iter(expression))))


def _fail_problems(step: Step) -> Iterator[str]:
    message = step.arguments.get("ErrorMessage", "")
    if not (isinstance(message, str) or is_expression(message)) or step.arguments.keys() - {"ErrorMessage"}:
        yield "a Fail step takes an ErrorMessage, which is a string"


def _lambda_problems(step: Step) -> Iterator[str]:
    arn = step.document.get("FunctionArn")
    if not is_expression(arn) and not (isinstance(arn, str) and arn.startswith("arn:aws:lambda:")):
        yield f"FunctionArn '{arn}' is not a Lambda function's ARN"
    for output in step.document.get("OutputParameters") or []:
        if not output.get("OutputName") or output.get("OutputType") not in _OUTPUT_TYPES:
            yield f"an output parameter needs OutputName, and OutputType of {', '.join(_OUTPUT_TYPES)}: {output}"


def _reference_problems(api: Api, definition: Definition, step: Step) -> Iterator[str]:
    own = dict(step.document)
    if step.type == "Condition":
        own["Arguments"] = step.arguments.get("Conditions", [])
    for reference in references(own):
        if reference.root == "Parameters" and reference.name not in definition.parameters:
            yield f"parameter '{reference.name}' is not defined"
        elif reference.root == "Execution" and reference.name not in EXECUTION_VARIABLES:
            yield f"'Execution.{reference.name}' is not an execution variable"
        elif reference.root == "Steps":
            yield from _step_reference_problems(api, definition.steps[reference.name], reference)


def _step_reference_problems(api: Api, target: Step, reference: Reference) -> Iterator[str]:
    shown = f"'{reference.name}.{'.'.join(map(str, reference.path))}'"
    if reference.path[:1] == ("PropertyFiles",):
        files = {file.get("PropertyFileName") for file in target.document.get("PropertyFiles") or []}
        if reference.property_file not in files:
            yield f"step '{target.name}' has no property file '{reference.path[-1]}'"
    elif target.type == "Lambda":
        names = {output["OutputName"] for output in target.document.get("OutputParameters") or []}
        if len(reference.path) != 2 or reference.path[0] != "OutputParameters" or reference.path[1] not in names:
            yield f"{shown} is not an output parameter of the Lambda step"
    elif target.type == "Condition" and reference.path == ("Outcome",):
        return
    elif target.type == "QualityCheck":
        if reference.path not in {(name,) for name in quality_check.PROPERTIES}:
            yield f"{shown} is not a property of a QualityCheck step"
    elif target.type not in CALLS:
        yield f"{shown}: a {target.type} step has no properties"
    elif not _leads_somewhere(api.output_shape(CALLS[target.type][2]), reference.path):
        yield f"{shown} is not a property of a {target.type} step"
    elif reference.path[:2] == ("ProcessingOutputConfig", "Outputs") and len(reference.path) > 2:
        outputs = target.arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if isinstance(reference.path[2], str) and reference.path[2] not in {o.get("OutputName") for o in outputs}:
            yield f"step '{target.name}' has no output '{reference.path[2]}'"


def _leads_somewhere(shape: Any, path: tuple[str | int, ...]) -> bool:
    for token in path:
        if shape.type_name == "structure" and token in shape.members:
            shape = shape.members[token]
        elif shape.type_name == "list":
            shape = shape.member
        elif shape.type_name == "map":
            shape = shape.value
        else:
            return False
    return bool(path)


def _retry_problems(policies: list[Document]) -> Iterator[str]:
    seen: set[str] = set()
    for policy in policies:
        for member in policy.keys() - {
            "ExceptionType",
            "IntervalSeconds",
            "BackoffRate",
            "MaxAttempts",
            "ExpireAfterMin",
        }:
            yield f"unknown member '{member}' of a retry policy"
        types = policy.get("ExceptionType") or []
        if not types or set(types) - EXCEPTION_TYPES:
            yield f"ExceptionType of a retry policy must be among {', '.join(sorted(EXCEPTION_TYPES))}"
        for repeated in seen & set(types):
            yield f"exception type {repeated} has two retry policies"
        seen |= set(types)
        if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
            yield "a retry policy needs either MaxAttempts or ExpireAfterMin"
        if not 1 <= policy.get("MaxAttempts", 1) <= 20 or not 1 <= policy.get("ExpireAfterMin", 1) <= 14400:
            yield "a retry policy has MaxAttempts from 1 to 20, ExpireAfterMin from 1 to 14400"
        if policy.get("IntervalSeconds", 1) < 0 or policy.get("BackoffRate", 2.0) < 0:
            yield "a retry policy's IntervalSeconds and BackoffRate cannot be negative"


def _cache_problems(cache: Document | None) -> Iterator[str]:
    if cache is None:
        return
    if not isinstance(cache.get("Enabled"), bool) or cache.keys() - {"Enabled", "ExpireAfter"}:
        yield "CacheConfig takes Enabled, a boolean, and ExpireAfter"
    if "ExpireAfter" in cache and not DURATION.fullmatch(str(cache["ExpireAfter"])):
        yield f"ExpireAfter '{cache['ExpireAfter']}' is not an ISO 8601 duration"
