"""What is refused when a schedule is made or changed: what AWS refuses, and targets that the sandbox cannot call."""

from __future__ import annotations

from typing import Any

from sandbox.emulator.event_rules import dead_letter_problem, retry_problem
from sandbox.emulator.occurrences import InvalidExpressionError, parse
from sandbox.emulator.targets import kind_of

_KINDS = {"lambda", "pipeline", "sns", "sqs"}
_KNOWN = {"Arn", "DeadLetterConfig", "Input", "RetryPolicy", "RoleArn", "SageMakerPipelineParameters"}
_WINDOW_MINUTES = (1, 1440)


def schedule_problem(schedule: dict[str, Any]) -> str:
    """What is wrong with a schedule; "" if nothing is. What is missing is ministack's to say."""
    target = schedule.get("Target") or {}
    unknown = {name for name, value in target.items() if value and name not in _KNOWN}
    if schedule.get("ScheduleExpression"):
        try:
            parse(schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone") or "UTC")
        except InvalidExpressionError as error:
            return str(error)
    if target.get("Arn") and kind_of(target["Arn"]) not in _KINDS:
        return (
            f"The sandbox does not call the target {target['Arn']}: only standard queues and topics, functions, and "
            "SageMaker pipelines."
        )
    if unknown:
        return f"The sandbox does not implement {', '.join(sorted(unknown))} of a schedule's target."
    window = schedule.get("FlexibleTimeWindow") or {}
    minutes = window.get("MaximumWindowInMinutes")
    if window.get("Mode") == "FLEXIBLE" and not _WINDOW_MINUTES[0] <= (minutes or 0) <= _WINDOW_MINUTES[1]:
        return "A flexible time window has MaximumWindowInMinutes, between 1 and 1440."
    if window.get("Mode") == "OFF" and minutes:
        return "MaximumWindowInMinutes is for a flexible time window."
    return dead_letter_problem(target) or retry_problem(target)
