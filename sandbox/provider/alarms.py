"""CloudWatch alarms, as in github.com/hashicorp/terraform-provider-aws, internal/service/cloudwatch/metric_alarm.go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sandbox.provider.aws import Aws
from sandbox.provider.resource import Fields, Property, Resource, equal_as_set, split_tags, tag_list
from sandbox.provider.wire import Data, without_none

_MEMBERS = {
    "actionsEnabled": "ActionsEnabled",
    "alarmActions": "AlarmActions",
    "alarmDescription": "AlarmDescription",
    "comparisonOperator": "ComparisonOperator",
    "datapointsToAlarm": "DatapointsToAlarm",
    "evaluationPeriods": "EvaluationPeriods",
    "extendedStatistic": "ExtendedStatistic",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "okActions": "OKActions",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treatMissingData": "TreatMissingData",
    "unit": "Unit",
}


class MetricAlarm(Resource):
    """Its id is its name."""

    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    properties: ClassVar[Fields] = {
        "actionsEnabled": Property(default=True),
        "alarmActions": Property(same=equal_as_set),
        "alarmDescription": Property(),
        "comparisonOperator": Property(),
        "datapointsToAlarm": Property(),
        "dimensions": Property(),
        "evaluationPeriods": Property(),
        "extendedStatistic": Property(),
        "insufficientDataActions": Property(same=equal_as_set),
        "metricName": Property(),
        "name": Property(computed=True, replaces=True),
        "namespace": Property(),
        "okActions": Property(same=equal_as_set),
        "period": Property(),
        "statistic": Property(),
        "threshold": Property(default=0),
        "treatMissingData": Property(default="missing", values=("missing", "breaching", "notBreaching", "ignore")),
        "unit": Property(),
    }
    outputs = ("arn",)
    refused = frozenset(
        {
            "evaluateLowSampleCountPercentiles",
            "evaluationCriteria",
            "evaluationInterval",
            "evaluationWindow",
            "metricQueries",
            "thresholdMetricId",
            "warmUpConfiguration",
        }
    )
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new, {"Tags": tag_list(new["tagsAll"]) or None})
        return str(new["name"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        cloudwatch = aws.client("cloudwatch")
        found = cloudwatch.describe_alarms(AlarmNames=[resource_id], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        if not found:
            return None
        alarm = found[0]
        tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        return {
            "arn": alarm["AlarmArn"],
            "dimensions": {pair["Name"]: pair["Value"] for pair in alarm.get("Dimensions", [])} or None,
            "name": resource_id,
            **{ours: alarm.get(theirs) for ours, theirs in _MEMBERS.items()},
            "treatMissingData": alarm.get("TreatMissingData") or "missing",
            **split_tags(aws, old, {tag["Key"]: tag["Value"] for tag in tags}),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, new, {})

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        aws.client("cloudwatch").delete_alarms(AlarmNames=[resource_id])

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        cloudwatch = aws.client("cloudwatch")
        if removed:
            cloudwatch.untag_resource(ResourceARN=old["arn"], TagKeys=removed)
        if tags:
            cloudwatch.tag_resource(ResourceARN=old["arn"], Tags=tag_list(tags))

    @staticmethod
    def _put(aws: Aws, new: Data, more: Data) -> None:
        dimensions = [{"Name": name, "Value": value} for name, value in (new.get("dimensions") or {}).items()]
        request = {theirs: new.get(ours) for ours, theirs in _MEMBERS.items()}
        request |= {"AlarmName": new["name"], "Dimensions": dimensions or None, **more}
        aws.client("cloudwatch").put_metric_alarm(**without_none(request))
