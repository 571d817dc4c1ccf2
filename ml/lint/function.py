"""Rules of a step that invokes a function.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-lambda
"""

from __future__ import annotations

from collections.abc import Iterator

from ml.lint.api import request_shape
from ml.lint.content import Json
from ml.lint.request import check_string, fill

OUTPUT_TYPES = frozenset({"String", "Integer", "Boolean", "Float"})


def check_function(step: Json, _parameters: Json) -> Iterator[str]:
    """A function that is named by its ARN, and outputs with names of their own and types."""
    if step.get("Type") != "Lambda":
        return
    arn = step.get("FunctionArn")
    if not isinstance(arn, str) or not fill(arn).startswith("arn:aws:lambda:"):
        yield f"FunctionArn is {arn!r}: write a placeholder for the function's ARN"
    else:
        yield from check_string(fill(arn), request_shape("Invoke", "lambda").members["FunctionName"], "FunctionArn")
    outputs = step.get("OutputParameters", [])
    names = [output.get("OutputName") for output in outputs]
    for output in outputs:
        name = output.get("OutputName")
        if names.count(name) > 1:
            yield f"two outputs are named {name}"
        if output.get("OutputType") not in OUTPUT_TYPES:
            kinds = ", ".join(sorted(OUTPUT_TYPES))
            yield f"the output {name} has type {output.get('OutputType')!r}: write one of {kinds}"
