"""Every reference names something that exists when the step starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore.model import Shape

from ml.lint.api import OPERATIONS, service_model, step_into
from ml.lint.content import Json, get_path, output_names, own_expressions

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
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-quality-clarify-baseline-lifecycle.html
QUALITY_CHECK_PROPERTIES = frozenset(
    {
        "CalculatedBaselineConstraints",
        "CalculatedBaselineStatistics",
        "BaselineUsedForDriftCheckConstraints",
        "BaselineUsedForDriftCheckStatistics",
    }
)
# Variables that are the time of day: a definition that uses one does not run twice alike.
TIMES = frozenset({"CurrentDateTime", "StartDateTime"})


def check_references(step: Json, by_name: Json, parameters: Json) -> Iterator[str]:
    """Every ``Get`` and ``Std:JsonGet`` names something that exists when the step starts."""
    for name in step.get("DependsOn", []):
        if name not in by_name:
            yield f"depends on {name}, which does not exist"
        elif by_name[name].get("Type") == "Condition":
            yield f"depends on the condition {name}: the service refuses that; depend on a step of its branches"
    for value in own_expressions(step):
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
    if kind == "QualityCheck":
        if path not in QUALITY_CHECK_PROPERTIES:
            yield f"{reference}: a QualityCheck step has {', '.join(sorted(QUALITY_CHECK_PROPERTIES))} only"
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
