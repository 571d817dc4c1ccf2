"""Check a pipeline definition without AWS: botocore's model of the APIs, the pipeline service's rules, and our own.

``lint`` returns findings, each a sentence that begins with where; an empty list is a clean definition.
"""

from __future__ import annotations

from ml.lint.content import Json, walk_steps
from ml.lint.document import check_branches, check_cycles, check_document, check_parameters, check_text
from ml.lint.form import check_property_files, check_step
from ml.lint.function import check_function
from ml.lint.protection import check_encryption, check_keys_written
from ml.lint.quality_check import check_quality
from ml.lint.reference import check_references
from ml.lint.request import check_request
from ml.lint.retry import check_retries

__all__ = ["lint", "walk_steps"]


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
        *check_branches(definition.get("Steps", [])),
    ]
    for step in steps:
        name = step.get("Name", "a step without a name")
        checks = (
            check_step,
            check_request,
            check_function,
            check_quality,
            check_retries,
            check_property_files,
            check_encryption,
            check_keys_written,
        )
        findings += [f"{name}: {finding}" for check in checks for finding in check(step, parameters)]
        findings += [f"{name}: {finding}" for finding in check_references(step, by_name, parameters)]
    return list(dict.fromkeys(findings))
