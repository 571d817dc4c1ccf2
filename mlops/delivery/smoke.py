"""After a deployment: does the account have what the state says, working and reachable?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.settings import Environment
from mlops.delivery.agent import Agent
from mlops.failure import CommandError
from mlops.place import Place

Say = Callable[[str], None]
Outputs = Mapping[str, Any]
SCRIPT = re.compile(r"s3://([^/\"]+)/([^\"]+/scripts/[^\"]+\.py)")


def smoke(agent: Agent, environment: Environment, say: Say) -> int:
    """Look at each pipeline, schedule, rule, function, topic and group of a stack; return how many were looked at.

    Raises :class:`CommandError` with everything that is not as deployed.
    """
    resources = (agent.stack(environment).export_stack().deployment or {}).get("resources", [])
    place, problems, looked_at = agent.place, [], 0
    for resource in resources:
        look = CHECKS.get(resource["type"])
        if look is None:
            continue
        looked_at += 1
        try:
            found = look(place, environment, resource.get("outputs") or {})
        except ClientError as error:
            found = str(error)
        if found:
            problems.append(f"{resource['urn'].split('::')[-1]}: {found}")
    if problems:
        raise CommandError("\n".join([f"{environment}: the deployment is not whole.", *problems]))
    say(f"{environment}: {looked_at} pipelines, schedules, rules, functions, topics and groups are as deployed")
    return looked_at


def _pipeline(place: Place, environment: Environment, outputs: Outputs) -> str | None:
    found = place.client(environment, "sagemaker").describe_pipeline(PipelineName=outputs["pipelineName"])
    if json.loads(found["PipelineDefinition"]) != json.loads(outputs["pipelineDefinition"]):
        return "its definition is not the deployed one"
    s3 = place.client(environment, "s3")
    for bucket, key in sorted(set(SCRIPT.findall(outputs["pipelineDefinition"]))):
        s3.head_object(Bucket=bucket, Key=key)
    return None if found["PipelineStatus"] == "Active" else f"it is {found['PipelineStatus']}"


def _schedule(place: Place, environment: Environment, outputs: Outputs) -> str | None:
    found = place.client(environment, "scheduler").get_schedule(Name=outputs["name"], GroupName=outputs["groupName"])
    if found["ScheduleExpression"] != outputs["scheduleExpression"]:
        return f"it runs at {found['ScheduleExpression']}"
    return None if found["State"] == "ENABLED" else f"it is {found['State']}"


def _rule(place: Place, environment: Environment, outputs: Outputs) -> str | None:
    state = place.client(environment, "events").describe_rule(Name=outputs["name"])["State"]
    return None if state == "ENABLED" else f"it is {state}"


def _function(place: Place, environment: Environment, outputs: Outputs) -> str | None:
    found = place.client(environment, "lambda").get_function(FunctionName=outputs["name"])["Configuration"]
    return None if found["State"] == "Active" else f"it is {found['State']}: {found.get('StateReason')}"


def _topic(place: Place, environment: Environment, outputs: Outputs) -> str | None:
    found = place.client(environment, "sns").get_topic_attributes(TopicArn=outputs["arn"])["Attributes"]
    return None if found.get("KmsMasterKeyId") == outputs["kmsMasterKeyId"] else "it is under another key"


def _group(place: Place, environment: Environment, outputs: Outputs) -> str | None:
    name = outputs["modelPackageGroupName"]
    found = place.client(environment, "sagemaker").describe_model_package_group(ModelPackageGroupName=name)
    status = found["ModelPackageGroupStatus"]
    return None if status == "Completed" else f"it is {status}"


CHECKS: Mapping[str, Callable[[Place, Environment, Outputs], str | None]] = {
    "aws:sagemaker/pipeline:Pipeline": _pipeline,
    "aws:scheduler/schedule:Schedule": _schedule,
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:lambda/function:Function": _function,
    "aws:sns/topic:Topic": _topic,
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": _group,
}
