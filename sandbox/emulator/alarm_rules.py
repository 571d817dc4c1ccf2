"""What is refused at PutMetricAlarm: what AWS refuses, and alarms that the sandbox could never evaluate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from sandbox.emulator import deliveries, queue_gauge
from sandbox.emulator.alarm_state import COMPARISONS, Alarm
from sandbox.emulator.targets import kind_of

_DAY_SECONDS, _WEEK_SECONDS, _HOUR_SECONDS = 86400, 604800, 3600
# The metrics of AWS's own namespaces that the sandbox emits.
_PIPELINE = "AWS/Sagemaker/ModelBuildingPipeline"
_ENDINGS = ("Started", "Succeeded", "Failed", "Stopped", "Duration")
_EMITTED = {
    queue_gauge.NAMESPACE: {queue_gauge.METRIC},
    _PIPELINE: {f"{what}{ending}" for what in ("Execution", "Step") for ending in _ENDINGS},
    "AWS/Lambda": {"DeadLetterErrors", "Duration", "Errors", "Invocations", "Throttles"},
    **{namespace: set(names.values()) for namespace, names in deliveries.METRICS.values()},
}

PutAlarm = Callable[..., Any]


def check_alarm(original: PutAlarm) -> PutAlarm:
    """Put the alarm, or refuse it and leave what was there."""

    def put(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        name = cbor_data.get("AlarmName") or cloudwatch._p(params, "AlarmName")
        if cbor_data.get("Metrics") or cloudwatch._p(params, "Metrics.member.1.Id"):
            problem = "The sandbox does not evaluate metric math."
            return cloudwatch._error("ValidationError", problem, 400, use_json=is_json, use_cbor=is_cbor)
        before = cloudwatch._alarms.get(name)
        answer = original(params, cbor_data, is_cbor, is_json)
        made = cloudwatch._alarms.get(name)
        problem = _problem(made) if made is not None and made is not before else ""
        if not problem:
            return answer
        if before is None:
            del cloudwatch._alarms[name]
        else:
            cloudwatch._alarms[name] = before
        return cloudwatch._error("ValidationError", problem, 400, use_json=is_json, use_cbor=is_cbor)

    return put


def _problem(alarm: Alarm) -> str:
    """What is wrong with an alarm; "" if nothing is."""
    return _period_problem(alarm) or _metric_problem(alarm) or _action_problem(alarm)


def _period_problem(alarm: Alarm) -> str:
    period, window = alarm["Period"], alarm["Period"] * alarm["EvaluationPeriods"]
    if period <= 0 or period % 60:
        return f"The sandbox evaluates periods of whole minutes, not of {period} seconds."
    if window > _WEEK_SECONDS or (period < _HOUR_SECONDS and window > _DAY_SECONDS):
        return "Metrics cannot be checked across more than a week, for a period below one hour a day."
    if (alarm.get("DatapointsToAlarm") or 1) > alarm["EvaluationPeriods"]:
        return "DatapointsToAlarm must be less than or equal to EvaluationPeriods."
    return ""


def _metric_problem(alarm: Alarm) -> str:
    namespace, metric = alarm["Namespace"] or "", alarm["MetricName"] or ""
    if alarm["ComparisonOperator"] not in COMPARISONS:
        return f"The sandbox does not evaluate {alarm['ComparisonOperator']}."
    if namespace.lower().startswith("aws/") and metric not in _EMITTED.get(namespace, ()):
        emitted = "; ".join(f"{name}: {', '.join(sorted(metrics))}" for name, metrics in _EMITTED.items())
        return f"Nothing in the sandbox emits {namespace} {metric}. It emits {emitted}."
    return ""


def _action_problem(alarm: Alarm) -> str:
    for field in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for arn in alarm.get(field) or []:
            if kind_of(arn) != "sns":
                return f"The sandbox does not execute the alarm action {arn}: only those of standard topics."
    return ""
