"""What CloudWatch says of an alarm that changed its state: to programs, to people, and why."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import botocore.loaders

from sandbox.emulator.alarm_state import COMPARISONS, Alarm, needed

_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


@cache
def region_name(region: str) -> str:
    """``US East (N. Virginia)``."""
    endpoints = botocore.loaders.create_loader().load_data("endpoints")
    names = (partition["regions"].get(region, {}).get("description") for partition in endpoints["partitions"])
    return str(next((name for name in names if name), region))


def subject(alarm: Alarm, state: str, region: str) -> str:
    return f'{state}: "{alarm["AlarmName"]}" in {region_name(region)}'[:100]


def reason(alarm: Alarm, values: Sequence[float | None], begins: Sequence[float], old: str, new: str) -> str:
    """Why an alarm goes from one state to another; values and beginnings of periods, the latest first."""
    least, periods = needed(alarm)
    real = [(value, begin) for value, begin in zip(values, begins, strict=True) if value is not None][:periods]
    if new == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_count(periods, 'datapoint')} unknown."
    if not real:
        treated = "Breaching" if alarm.get("TreatMissingData") == "breaching" else "NonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {periods} period{'s' if periods > 1 else ''} and "
            f"{_count(periods, 'missing datapoint')} treated as [{treated}]."
        )
    shown = ", ".join(f"{value} ({_moment(begin, '%d/%m/%y %H:%M:%S')})" for value, begin in real)
    words = ("" if new == "ALARM" else "not ") + COMPARISONS[alarm["ComparisonOperator"]][1]
    matching = sum(
        (COMPARISONS[alarm["ComparisonOperator"]][0](v, alarm["Threshold"])) == (new == "ALARM") for v, _ in real
    )
    return (
        f"Threshold Crossed: {matching} out of the last {periods} datapoints [{shown}] "
        f"{'was' if matching == 1 else 'were'} {words} the threshold ({alarm['Threshold']}) (minimum {least} "
        f"datapoint{'s' if least > 1 else ''} for {old} -> {new} transition)."
    )


def for_programs(alarm: Alarm, old: str, new: str, why: str, at: float) -> str:
    """The JSON document that a topic's subscribers get.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    _, _, _, region, account, _ = alarm["AlarmArn"].split(":", 5)
    document: dict[str, Any] = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _iso(alarm.get("AlarmConfigurationUpdatedTimestamp") or at),
        "NewStateValue": new,
        "NewStateReason": why,
        "StateChangeTime": _iso(at),
        "Region": region_name(region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        **{name: alarm.get(name) or [] for name in _ACTIONS},
    }
    if alarm.get("MetricName"):
        document["Trigger"] = {
            "MetricName": alarm["MetricName"],
            "Namespace": alarm["Namespace"],
            "StatisticType": "Statistic",
            "Statistic": str(alarm.get("Statistic") or "").upper(),
            "Unit": alarm.get("Unit"),
            "Dimensions": [{"value": one["Value"], "name": one["Name"]} for one in alarm.get("Dimensions") or []],
            "Period": alarm["Period"],
            "EvaluationPeriods": alarm["EvaluationPeriods"],
            "DatapointsToAlarm": needed(alarm)[0],
            "ComparisonOperator": alarm["ComparisonOperator"],
            "Threshold": alarm["Threshold"],
            "TreatMissingData": alarm.get("TreatMissingData") or "missing",
            "EvaluateLowSampleCountPercentile": "",
        }
    return json.dumps(document)


def for_people(alarm: Alarm, old: str, new: str, why: str, at: float) -> str:
    """The text of the e-mail."""
    _, _, _, region, account, _ = alarm["AlarmArn"].split(":", 5)
    name, moment = alarm["AlarmName"], _moment(at, "%A %d %B, %Y %H:%M:%S UTC")
    lines = [
        f'You are receiving this email because your Amazon CloudWatch Alarm "{name}" in the {region_name(region)} '
        f'region has entered the {new} state, because "{why}" at "{moment}".',
        "",
        "View this alarm in the AWS Management Console:",
        f"https://{region}.console.aws.amazon.com/cloudwatch/deeplink.js?region={region}#alarmsV2:alarm/{name}",
        "",
        "Alarm Details:",
        f"- Name:                       {name}",
        f"- Description:                {alarm.get('AlarmDescription') or ''}",
        f"- State Change:               {old} -> {new}",
        f"- Reason for State Change:    {why}",
        f"- Timestamp:                  {moment}",
        f"- AWS Account:                {account}",
        f"- Alarm Arn:                  {alarm['AlarmArn']}",
    ]
    if alarm.get("MetricName"):
        least, periods = needed(alarm)
        dimensions = ", ".join(f"{one['Name']} = {one['Value']}" for one in alarm.get("Dimensions") or [])
        lines += [
            "",
            "Threshold:",
            f"- The alarm is in the ALARM state when the metric is {alarm['ComparisonOperator']} {alarm['Threshold']} "
            f"for at least {least} of the last {periods} period(s) of {alarm['Period']} seconds.",
            "",
            "Monitored Metric:",
            f"- MetricNamespace:                     {alarm['Namespace']}",
            f"- MetricName:                          {alarm['MetricName']}",
            f"- Dimensions:                          [{dimensions}]",
            f"- Period:                              {alarm['Period']} seconds",
            f"- Statistic:                           {alarm.get('Statistic')}",
            f"- Unit:                                {alarm.get('Unit') or 'not specified'}",
            f"- TreatMissingData:                    {alarm.get('TreatMissingData') or 'missing'}",
        ]
    lines += ["", "State Change Actions:"]
    lines += [
        f"- {state}: {', '.join(f'[{arn}]' for arn in alarm.get(field) or [])}"
        for state, field in zip(("OK", "ALARM", "INSUFFICIENT_DATA"), _ACTIONS, strict=True)
    ]
    return "\n".join(lines) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s were' if number > 1 else ' was'}"


def _moment(seconds: float, form: str) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime(form)


def _iso(seconds: float) -> str:
    return _moment(seconds, "%Y-%m-%dT%H:%M:%S.000+0000")
