"""Check a pipeline definition without AWS: botocore's model of the APIs, the pipeline service's rules, and our own.

``lint`` returns findings, each a sentence that begins with where; an empty list is a clean definition.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from ml.pipelines.target import PLACEHOLDERS, stand_in

Json = dict[str, Any]

# Step type → API that it calls, the name that the service makes up itself, and the API that describes the result.
OPERATIONS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "TrainingJobName", "DescribeTrainingJob"),
    "Transform": ("CreateTransformJob", "TransformJobName", "DescribeTransformJob"),
    "Model": ("CreateModel", "ModelName", "DescribeModel"),
    "RegisterModel": ("CreateModelPackage", "ModelPackageName", "DescribeModelPackage"),
}
JOBS = frozenset({"Processing", "Training", "Transform"})
STEP_TYPES = frozenset({*OPERATIONS, "Condition", "Fail", "Lambda"})
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
RETRYABLE = frozenset(OPERATIONS)
STEP_EXCEPTIONS = frozenset({"Step.SERVICE_FAULT", "Step.THROTTLING"})
JOB_EXCEPTIONS = frozenset({"SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"})
MOST_ATTEMPTS = 20
LONGEST_RETRY_MINUTES = 14_400
# Members that the service sets itself and refuses in a definition.
REFUSED = {"RegisterModel": frozenset({"ModelPackageName", "CertifyForMarketplace"})}
EXECUTION_VARIABLES = frozenset(
    {
        "CurrentDateTime",
        "PipelineArn",
        "PipelineExecutionArn",
        "PipelineExecutionId",
        "PipelineName",
        "StartDateTime",
        "TrainingJobName",
        "ProcessingJobName",
    }
)
# Variables that are the time of day: a definition that uses one does not run twice alike.
TIMES = frozenset({"CurrentDateTime", "StartDateTime"})
PARAMETER_TYPES: dict[str, type | tuple[type, ...]] = {
    "String": str,
    "Integer": int,
    "Float": (int, float),
    "Boolean": bool,
}
SHAPE_TYPES = {
    "string": frozenset({"String"}),
    "integer": frozenset({"Integer"}),
    "long": frozenset({"Integer"}),
    "float": frozenset({"Integer", "Float"}),
    "double": frozenset({"Integer", "Float"}),
    "boolean": frozenset({"Boolean"}),
}
ORDER_CONDITIONS = frozenset({"GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"})
CONDITIONS = ORDER_CONDITIONS | {"Equals"}
# Where each kind of job writes, and the keys that must encrypt it and its volume.
KEYS = {
    "Processing": ("ProcessingOutputConfig.KmsKeyId", "ProcessingResources.ClusterConfig.VolumeKmsKeyId"),
    "Training": ("OutputDataConfig.KmsKeyId", "ResourceConfig.VolumeKmsKeyId"),
    "Transform": ("TransformOutput.KmsKeyId", "TransformResources.VolumeKmsKeyId"),
}
ISOLATION = {"Processing": "NetworkConfig.EnableNetworkIsolation", "Training": "EnableNetworkIsolation"}
EXECUTION_ID = {"Get": "Execution.PipelineExecutionId"}
SAMPLE = asdict(stand_in("us-east-1", "111122223333", "444455556666", "sample"))


def lint(definition: Json) -> list[str]:
    """Findings in a definition whose account's values are placeholders."""
    parameters = {parameter.get("Name", ""): parameter for parameter in definition.get("Parameters", [])}
    steps = list(walk_steps(definition.get("Steps", [])))
    by_name = {step.get("Name", ""): step for step in steps}
    findings = [
        *check_document(definition, steps),
        *check_parameters(definition),
        *check_text(definition),
        *check_cycles(steps),
    ]
    for step in steps:
        name = step.get("Name", "a step without a name")
        checks = (check_step, check_request, check_retries, check_property_files, check_encryption, check_keys_written)
        findings += [f"{name}: {finding}" for check in checks for finding in check(step, parameters)]
        findings += [f"{name}: {finding}" for finding in check_references(step, by_name, parameters)]
    return list(dict.fromkeys(findings))


def walk_steps(steps: list[Json]) -> Iterator[Json]:
    """Steps in order, each condition's branches after it."""
    for step in steps:
        yield step
        if step.get("Type") == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                yield from walk_steps(step.get("Arguments", {}).get(branch, []))


def walk(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(member)


def is_expression(value: Any) -> bool:
    """Whether the value is computed when the pipeline runs."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("Get", "Std:Join", "Std:JsonGet")


def own_arguments(step: Json) -> Json:
    """A step's arguments without the steps in a condition's branches, which are checked as themselves."""
    return {name: value for name, value in step.get("Arguments", {}).items() if name not in ("IfSteps", "ElseSteps")}


def get_path(value: Any, path: str) -> Any:
    """Member at a dotted path; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


@functools.cache
def service_model() -> ServiceModel:
    """Botocore's model of SageMaker."""
    return botocore.session.Session().get_service_model("sagemaker")


def request_shape(operation: str) -> StructureShape:
    """What an operation takes."""
    shape = service_model().operation_model(operation).input_shape
    if shape is None:
        raise ValueError(f"{operation} takes no arguments")
    return shape


def check_document(definition: Json, steps: list[Json]) -> Iterator[str]:
    """Version, size, and step names that are unique."""
    if definition.get("Version") != "2020-12-01":
        yield f"Version is {definition.get('Version')!r}: write 2020-12-01, the only one"
    if not steps:
        yield "Steps is empty"
    names = [step.get("Name") for step in steps]
    yield from (
        f"{name}: two steps have this name" for name in sorted({n for n in names if names.count(n) > 1}, key=str)
    )
    limit = request_shape("CreatePipeline").members["PipelineDefinition"].metadata["max"]
    size = len(json.dumps(definition))
    if size > limit:
        yield f"the definition has {size} bytes, more than the {limit} that CreatePipeline takes"


def check_parameters(definition: Json) -> Iterator[str]:
    """Names, types, defaults, and that each parameter is used."""
    parameters = definition.get("Parameters", [])
    names = [parameter.get("Name") for parameter in parameters]
    used = {value["Get"] for value in walk(definition.get("Steps", [])) if is_expression(value) and "Get" in value}
    for parameter in parameters:
        name, kind = parameter.get("Name"), parameter.get("Type")
        if names.count(name) > 1:
            yield f"parameter {name} is declared twice"
        if kind not in PARAMETER_TYPES:
            yield f"parameter {name} has type {kind!r}: write one of {', '.join(PARAMETER_TYPES)}"
            continue
        default = parameter.get("DefaultValue")
        if default is not None and (
            not isinstance(default, PARAMETER_TYPES[kind]) or (kind != "Boolean" and isinstance(default, bool))
        ):
            yield f"parameter {name} is a {kind}, its default {default!r} is not"
        if "EnumValues" in parameter and default not in (None, *parameter["EnumValues"]):
            yield f"parameter {name} has a default {default!r} that its EnumValues do not permit"
        if f"Parameters.{name}" not in used:
            yield f"parameter {name} is declared and never used"


def check_text(definition: Json) -> Iterator[str]:
    """Nulls, placeholders that nobody fills, and values of an account that are no placeholders."""
    for value in walk(definition):
        if value is None:
            yield "a member is null: leave it out"
        if not isinstance(value, str):
            continue
        for placeholder in re.findall(r"\$\{([^}]*)\}?", value):
            if placeholder not in PLACEHOLDERS:
                known = ", ".join(sorted(PLACEHOLDERS))
                yield f"{value!r} has the placeholder {placeholder!r}, which nothing fills; known are {known}"
        literal = re.sub(r"\$\{[^}]*\}", "", value)
        if re.search(r"arn:aws|(?<!\d)\d{12}(?!\d)|\.amazonaws\.com", literal):
            yield f"{value!r} belongs to one account or region: use a placeholder"
        if re.match(r"s3://(?!\$\{)", value):
            yield f"{value!r} names a bucket: use a placeholder"


def check_cycles(steps: list[Json]) -> Iterator[str]:
    """Steps that wait for themselves."""
    needs = {step.get("Name", ""): referenced_steps(step) for step in steps}

    def reaches(start: str, name: str, seen: set[str]) -> bool:
        for other in needs.get(name, ()):
            if other == start or (other not in seen and reaches(start, other, seen | {other})):
                return True
        return False

    yield from (f"{name}: waits for itself" for name in sorted(needs) if reaches(name, name, set()))


def referenced_steps(step: Json) -> set[str]:
    """Names of the steps that must end before this one starts."""
    found = {name for name in step.get("DependsOn", []) if isinstance(name, str)}
    for value in walk(own_arguments(step)):
        if is_expression(value) and str(value.get("Get", "")).startswith("Steps."):
            found.add(value["Get"].split(".")[1])
    return found


def check_step(step: Json, _parameters: Json) -> Iterator[str]:
    """A step's own form: name, type, caching, branches, conditions, message."""
    if not re.fullmatch(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,63}", step.get("Name", "")):
        yield "a step's name has 1 to 64 letters, digits and inner hyphens"
    kind = step.get("Type")
    if kind not in STEP_TYPES:
        yield f"the type {kind!r} is none of {', '.join(sorted(STEP_TYPES))}"
    if "CacheConfig" in step:
        yield "caches: after new files arrive under the input prefix it would not run; remove CacheConfig"
    arguments = step.get("Arguments", {})
    if kind == "Condition":
        if not arguments.get("Conditions"):
            yield "has no Conditions"
        if not arguments.get("IfSteps") and not arguments.get("ElseSteps"):
            yield "has neither IfSteps nor ElseSteps"
        for condition in arguments.get("Conditions", []):
            if condition.get("Type") not in CONDITIONS:
                yield f"the condition {condition.get('Type')!r} is none of {', '.join(sorted(CONDITIONS))}"
            elif "LeftValue" not in condition or "RightValue" not in condition:
                yield f"the condition {condition['Type']} needs LeftValue and RightValue"
    if kind == "Fail" and not arguments.get("ErrorMessage"):
        yield "fails without an ErrorMessage"


def check_request(step: Json, parameters: Json) -> Iterator[str]:
    """Arguments as a request of the API that the step calls."""
    kind = step.get("Type", "")
    if kind not in OPERATIONS:
        if kind == "Condition":
            yield from check_condition_types(step, parameters)
        return
    operation, automatic_name, _ = OPERATIONS[kind]
    shape = request_shape(operation)
    arguments = step.get("Arguments", {})
    for member in sorted(REFUSED.get(kind, frozenset()) & arguments.keys()):
        yield f"{member} is set by the service: remove it"
    findings: list[str] = []
    request = resolve(arguments, shape, operation, parameters, findings)
    yield from findings
    if automatic_name in shape.members and automatic_name not in request:
        request[automatic_name] = "made-up-by-the-service"
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        yield from (f"{operation}: {line}" for line in report.generate_report().splitlines())


def check_condition_types(step: Json, parameters: Json) -> Iterator[str]:
    """An order needs numbers on both sides."""
    for condition in step.get("Arguments", {}).get("Conditions", []):
        if condition.get("Type") not in ORDER_CONDITIONS:
            continue
        for side in ("LeftValue", "RightValue"):
            value = condition.get(side)
            kind = parameter_type(value, parameters)
            if isinstance(value, str) or kind in ("String", "Boolean"):
                yield f"{condition['Type']} compares numbers; its {side} is a {kind or 'String'}"


def parameter_type(value: Any, parameters: Json) -> str | None:
    """Type of the parameter that an expression is; None where it is not one."""
    match = re.fullmatch(r"Parameters\.([\w-]+)", value.get("Get", "")) if is_expression(value) else None
    return parameters.get(match[1], {}).get("Type") if match else None


def resolve(value: Any, shape: Shape, place: str, parameters: Json, findings: list[str]) -> Any:
    """Replace expressions and placeholders by values that the API would take, and check literal text on the way."""
    if is_expression(value):
        kind = parameter_type(value, parameters)
        wanted = SHAPE_TYPES.get(shape.type_name)
        if wanted is None:
            findings.append(f"{place} wants a {shape.type_name}; an expression gives one value")
        elif kind is not None and kind not in wanted:
            findings.append(f"{place} wants a {shape.type_name}; the parameter {value['Get']} is a {kind}")
        return {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True}.get(shape.type_name, "s3://x/y")
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        return {
            name: resolve(member, shape.members[name], f"{place}.{name}", parameters, findings)
            if name in shape.members
            else member
            for name, member in value.items()
        }
    if isinstance(value, dict) and isinstance(shape, MapShape):
        return {
            fill(name): resolve(member, shape.value, f"{place}.{name}", parameters, findings)
            for name, member in value.items()
        }
    if isinstance(value, list) and isinstance(shape, ListShape):
        most = shape.metadata.get("max")
        if most is not None and len(value) > most:
            findings.append(f"{place} has {len(value)} members, more than {most}")
        return [resolve(member, shape.member, f"{place}[{n}]", parameters, findings) for n, member in enumerate(value)]
    if isinstance(value, str) and isinstance(shape, StringShape):
        findings.extend(check_string(fill(value), shape, place))
        return fill(value)
    return value


def fill(text: str) -> str:
    """The text with samples in place of its placeholders."""
    return re.sub(r"\$\{(\w+)\}", lambda match: SAMPLE.get(match[1], match[0]), text)


def check_string(text: str, shape: Shape, place: str) -> Iterator[str]:
    """Length, pattern and permitted values, which botocore's own validation leaves to the service."""
    most = shape.metadata.get("max")
    if most is not None and len(text) > most:
        yield f"{place} has {len(text)} characters, more than {most}: {text!r}"
    permitted = shape.metadata.get("enum")
    if permitted and text not in permitted:
        yield f"{place} is {text!r}, none of {', '.join(permitted)}"
    pattern = compile_pattern(shape.metadata.get("pattern", ""))
    if pattern is not None and not pattern.fullmatch(text):
        yield f"{place} is {text!r}, which does not match {pattern.pattern}"


@functools.cache
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """The API's pattern; None where it has none, or one that Python cannot read (they are Java's)."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def check_retries(step: Json, _parameters: Json) -> Iterator[str]:
    """Retry policies where they are legal, each with one limit and exceptions that its step can have."""
    kind = step.get("Type", "")
    policies = step.get("RetryPolicies", [])
    if policies and kind not in RETRYABLE:
        yield f"a {kind} step takes no RetryPolicies"
        return
    if not policies and kind in RETRYABLE:
        yield "has no RetryPolicies: a passing fault of the service would fail the execution"
    seen: list[str] = []
    for policy in policies:
        exceptions = policy.get("ExceptionType", [])
        permitted = STEP_EXCEPTIONS | (JOB_EXCEPTIONS if kind in JOBS else frozenset())
        for exception in exceptions:
            if exception not in permitted:
                yield f"a {kind} step cannot retry {exception}"
            if exception in seen:
                yield f"two retry policies name {exception}"
        seen += exceptions
        if not exceptions:
            yield "a retry policy names no ExceptionType"
        if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
            yield "a retry policy needs one of MaxAttempts and ExpireAfterMin"
        if not 1 <= policy.get("MaxAttempts", 1) <= MOST_ATTEMPTS:
            yield f"MaxAttempts is {policy['MaxAttempts']}, not 1 to {MOST_ATTEMPTS}"
        if not 1 <= policy.get("ExpireAfterMin", 1) <= LONGEST_RETRY_MINUTES:
            yield f"ExpireAfterMin is {policy['ExpireAfterMin']}, not 1 to {LONGEST_RETRY_MINUTES}"


def check_property_files(step: Json, _parameters: Json) -> Iterator[str]:
    """Property files that are written by an output of the step."""
    files = step.get("PropertyFiles", [])
    if files and step.get("Type") != "Processing":
        yield f"a {step.get('Type')} step has no PropertyFiles"
        return
    outputs = output_names(step)
    for file in files:
        if file.get("OutputName") not in outputs:
            output = file.get("OutputName")
            yield f"property file {file.get('PropertyFileName')} is in output {output!r}, none of {outputs}"
        if not file.get("FilePath") or file["FilePath"].startswith("/"):
            yield f"property file {file.get('PropertyFileName')} needs a FilePath relative to its output"


def output_names(step: Json) -> list[str]:
    """Names of a processing step's outputs."""
    outputs = get_path(step, "Arguments.ProcessingOutputConfig.Outputs") or []
    return [output.get("OutputName", "") for output in outputs]


def check_encryption(step: Json, _parameters: Json) -> Iterator[str]:
    """A key for what a job writes and for its volume, no network, and an end to its run time."""
    kind = step.get("Type", "")
    arguments = step.get("Arguments", {})
    for path in KEYS.get(kind, ()):
        key = get_path(arguments, path)
        if key not in ("${kms_key_arn}", "${registry_kms_key_arn}"):
            yield f"{path} is {key!r}: write ${{kms_key_arn}} or ${{registry_kms_key_arn}}"
    if kind in ISOLATION and get_path(arguments, ISOLATION[kind]) is not True:
        yield f"{ISOLATION[kind]} is not true"
    if kind in ISOLATION and not get_path(arguments, "StoppingCondition.MaxRuntimeInSeconds"):
        yield "StoppingCondition.MaxRuntimeInSeconds is missing: a hanging job would run, and cost, for days"


def check_keys_written(step: Json, _parameters: Json) -> Iterator[str]:
    """The execution's id in every key that the step writes."""
    arguments = step.get("Arguments", {})
    outputs = get_path(arguments, "ProcessingOutputConfig.Outputs") or []
    written = {f"output {output.get('OutputName')}": get_path(output, "S3Output.S3Uri") for output in outputs}
    if step.get("Type") == "Training":
        written["OutputDataConfig.S3OutputPath"] = get_path(arguments, "OutputDataConfig.S3OutputPath")
    if step.get("Type") == "Transform":
        written["TransformOutput.S3OutputPath"] = get_path(arguments, "TransformOutput.S3OutputPath")
    for place, address in written.items():
        if EXECUTION_ID not in list(walk(address)):
            yield f"{place} has no Execution.PipelineExecutionId in its address: executions would overwrite one another"
    addresses = [json.dumps(address, sort_keys=True) for address in written.values()]
    if len(set(addresses)) < len(addresses):
        yield "two outputs have one address"


def check_references(step: Json, by_name: Json, parameters: Json) -> Iterator[str]:
    """Every ``Get`` and ``Std:JsonGet`` names something that exists when the step starts."""
    for name in step.get("DependsOn", []):
        if name not in by_name:
            yield f"depends on {name}, which does not exist"
        elif by_name[name].get("Type") == "Condition":
            yield f"depends on the condition {name}: the service refuses that; depend on a step of its branches"
    for value in walk(own_arguments(step)):
        if not isinstance(value, dict):
            continue
        if "Get" in value:
            yield from check_get(str(value["Get"]), by_name, parameters)
        if "Std:JsonGet" in value:
            lookup = value["Std:JsonGet"]
            reference = get_path(lookup, "PropertyFile.Get") or ""
            if ".PropertyFiles." not in reference or not lookup.get("Path"):
                yield f"Std:JsonGet needs a PropertyFile and a Path, not {lookup}"
        if "Std:Join" in value and {"On", "Values"} != value["Std:Join"].keys():
            yield f"Std:Join needs On and Values, not {sorted(value['Std:Join'])}"


def check_get(reference: str, by_name: Json, parameters: Json) -> Iterator[str]:
    """One reference."""
    scope, _, rest = reference.partition(".")
    if scope == "Parameters":
        if rest not in parameters:
            yield f"{reference} is not a parameter"
    elif scope == "Execution":
        if rest not in EXECUTION_VARIABLES:
            yield f"{reference} is not a variable of an execution"
        elif rest in TIMES:
            yield f"{reference} is the time of day: use Execution.PipelineExecutionId"
    elif scope == "Steps":
        name, _, path = rest.partition(".")
        if name not in by_name:
            yield f"{reference} refers to a step that does not exist"
        else:
            yield from check_property(reference, by_name[name], path)
    else:
        yield f"{reference} begins with none of Parameters, Execution, Steps"


def check_property(reference: str, step: Json, path: str) -> Iterator[str]:
    """A property of another step: a property file, a function's output, or a member of what the API describes."""
    kind = step.get("Type", "")
    if file := re.fullmatch(r"PropertyFiles\.([\w-]+)", path):
        if file[1] not in [entry.get("PropertyFileName") for entry in step.get("PropertyFiles", [])]:
            yield f"{reference}: the step declares no such property file"
        return
    if kind == "Lambda":
        output = re.fullmatch(r"OutputParameters\['([\w-]+)'\]", path)
        if not output or output[1] not in [entry.get("OutputName") for entry in step.get("OutputParameters", [])]:
            yield f"{reference}: the function declares no such output"
        return
    if kind not in OPERATIONS:
        yield f"{reference}: a {kind} step has no properties"
        return
    shape: Shape | None = service_model().operation_model(OPERATIONS[kind][2]).output_shape
    for part in re.findall(r"[\w-]+|\['[^']*'\]|\[\d+\]", path):
        shape = step_into(shape, part)
    if shape is None or not path:
        yield f"{reference}: {OPERATIONS[kind][2]} returns no such member"
    output = re.match(r"ProcessingOutputConfig\.Outputs\['([^']*)'\]", path)
    if output and output[1] not in output_names(step):
        yield f"{reference}: the step has no such output, only {output_names(step)}"


def step_into(shape: Shape | None, part: str) -> Shape | None:
    """Shape of a member, of a list's entry or of a map's value; None where there is none."""
    if part.startswith("["):
        return shape.member if isinstance(shape, ListShape) else shape.value if isinstance(shape, MapShape) else None
    return shape.members.get(part) if isinstance(shape, StructureShape) else None
