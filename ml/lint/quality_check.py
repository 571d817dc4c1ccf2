"""Rules of a step that checks data quality with Model Monitor.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-quality-clarify-baseline-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ml.lint.content import SUPPLIED_BASELINES, Json

SWITCHES = ("SkipCheck", "FailOnViolation", "RegisterNewBaseline")


def check_quality(step: Json, _parameters: Json) -> Iterator[str]:
    """A type, three switches, and a baseline wherever there is a check."""
    if step.get("Type") != "QualityCheck":
        return
    if step.get("CheckType") != "DATA_QUALITY":
        yield f"CheckType is {step.get('CheckType')!r}: write DATA_QUALITY"
    for switch in SWITCHES:
        if not isinstance(step.get(switch), bool):
            yield f"{switch} is {step.get(switch)!r}: write true or false"
    if step.get("SkipCheck") is False:
        # Without them the service takes the baseline of the newest approved version in a group of this account.
        missing = [name for name in SUPPLIED_BASELINES if name not in step]
        if missing:
            yield f"checks against a baseline that is not named: {' and '.join(missing)}"
        if step.get("FailOnViolation") is not True:
            yield "finds violations and does not fail: write FailOnViolation true"
