"""Deliver again what lies in the dead-letter queues of one account, to the targets that did not get it.

A message says where it was to go: EventBridge names the rule and the target, EventBridge Scheduler the schedule, and
Lambda's own queue belongs to a function. It is deleted from its queue when the target has taken it, and not before.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.inventory import queues
from infra.settings import Environment
from mlops.place import Place

Say = Callable[[str], None]
Message = Mapping[str, Any]
AT_ONCE = 10  # the most that one ReceiveMessage returns
HIDDEN_SECONDS = 60  # while a message is under delivery nobody else redrives it
PLACEHOLDER = re.compile(r"<([\w.\-]+)>")


class UndeliverableError(Exception):
    """A message whose target cannot be found out; the message stays where it is."""


def redrive(place: Place, environment: Environment, say: Say, *, dry_run: bool = False) -> list[dict[str, Any]]:
    """Deliver every message once; each is told of with ``queue``, ``target``, ``error``, ``state`` and ``detail``.

    ``state`` is ``delivered``, ``failed`` (it stays in the queue) or, with ``dry_run``, ``waiting``.
    """
    sqs = place.client(environment, "sqs")
    done = []
    for url in queue_urls(place, environment):
        name = url.rsplit("/", 1)[1]
        for message in _receive(sqs, url):
            attributes = {key: value["StringValue"] for key, value in message.get("MessageAttributes", {}).items()}
            told = {
                "queue": name,
                "message_id": message["MessageId"],
                "error": attributes.get("ERROR_MESSAGE") or attributes.get("ErrorMessage"),
                "target": attributes.get("TARGET_ARN"),
                "state": "waiting",
                "detail": None,
            }
            done.append(told)
            if dry_run:
                continue
            try:
                target = _deliver(place, environment, url, message, attributes)
            except (ClientError, UndeliverableError) as error:
                told.update(state="failed", detail=str(error))
                say(f"{name}: {message['MessageId']} stays: {error}")
                continue
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            told.update(state="delivered", target=target)
            say(f"{name}: {message['MessageId']} delivered to {target}")
    return done


def queue_urls(place: Place, environment: Environment) -> list[str]:
    """The dead-letter queues of one account."""
    sqs = place.client(environment, "sqs")
    names = queues(place.names, environment)
    return [str(sqs.get_queue_url(QueueName=name)["QueueUrl"]) for name in names]


def _receive(sqs: Any, url: str) -> Iterator[Message]:
    """Each message once: what could not be delivered is left hidden until all have been seen, then shown again."""
    seen: dict[str, str] = {}
    try:
        while True:
            received = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=AT_ONCE,
                MessageAttributeNames=["All"],
                VisibilityTimeout=HIDDEN_SECONDS,
            ).get("Messages", [])
            fresh = [message for message in received if message["MessageId"] not in seen]
            if not fresh:
                return
            for message in fresh:
                seen[message["MessageId"]] = message["ReceiptHandle"]
                yield message
    finally:
        _show_again(sqs, url, list(seen.values()))


def _show_again(sqs: Any, url: str, receipts: list[str]) -> None:
    for start in range(0, len(receipts), AT_ONCE):
        # A receipt of a message that has been deleted is among the failures that this answers with; nothing to do.
        sqs.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(receipts[start : start + AT_ONCE])
            ],
        )


def _deliver(place: Place, environment: Environment, url: str, message: Message, attributes: Mapping[str, str]) -> str:
    """Hand one message to its target; returns the target's ARN."""
    if "RULE_ARN" in attributes:
        return _to_rule_target(place, environment, message, attributes)
    if "SCHEDULE_ARN" in attributes:
        return _to_schedule_target(place, environment, attributes)
    if "RequestID" in attributes:
        function = _function_of(place, environment, url)
        _invoke(place, environment, function, message["Body"])
        return function
    raise UndeliverableError("its attributes name no rule, schedule or function")


def _to_rule_target(place: Place, environment: Environment, message: Message, attributes: Mapping[str, str]) -> str:
    rule, arn = attributes["RULE_ARN"].rsplit("/", 1)[1], attributes["TARGET_ARN"]
    events = place.client(environment, "events")
    targets = [target for target in events.list_targets_by_rule(Rule=rule)["Targets"] if target["Arn"] == arn]
    if not targets:
        raise UndeliverableError(f"rule {rule} has no target {arn} any more")
    text = transformed(targets[0], json.loads(message["Body"]))
    match arn.split(":")[2]:
        case "lambda":
            _invoke(place, environment, arn, text)
        case "sns":
            place.client(environment, "sns").publish(TopicArn=arn, Message=text)
        case service:
            raise UndeliverableError(f"targets of {service} are not delivered to by this command")
    return arn


def transformed(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """What EventBridge makes of an event for one target: its constant input, its transformation, or the event.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputTransformer" not in target:
        return json.dumps(event)
    transformer = target["InputTransformer"]
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    # A template that is text is in quotation marks, and EventBridge delivers them too.
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), str(transformer["InputTemplate"]))


def _at(event: Any, path: str) -> Any:
    """The value at ``$.detail.name`` or ``$.resources[0]``; nothing where the event has none."""
    for name, index in re.findall(r"\.([\w\-]+)|\[(\d+)\]", path):
        if name and isinstance(event, dict):
            event = event.get(name, "")
        elif index and isinstance(event, list) and int(index) < len(event):
            event = event[int(index)]
        else:
            return ""
    return event


def _to_schedule_target(place: Place, environment: Environment, attributes: Mapping[str, str]) -> str:
    group, name = attributes["SCHEDULE_ARN"].split(":schedule/")[1].split("/")
    schedule = place.client(environment, "scheduler").get_schedule(GroupName=group, Name=name)
    target, due = schedule["Target"], attributes.get("SCHEDULED_TIME", "")
    arn = str(target["Arn"])
    match arn.split(":")[2]:
        case "sagemaker":
            place.client(environment, "sagemaker").start_pipeline_execution(
                PipelineName=arn.rsplit("/", 1)[1],
                PipelineParameters=target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", []),
                ClientRequestToken=f"redrive-{attributes['EXECUTION_ID']}"[:128].ljust(32, "-"),
            )
        case "lambda":
            text = str(target.get("Input", "{}")).replace("<aws.scheduler.scheduled-time>", due)
            _invoke(place, environment, arn, text)
        case service:
            raise UndeliverableError(f"targets of {service} are not delivered to by this command")
    return arn


def _function_of(place: Place, environment: Environment, url: str) -> str:
    """The one function that has this queue as its dead-letter queue."""
    sqs = place.client(environment, "sqs")
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pages = place.client(environment, "lambda").get_paginator("list_functions").paginate()
    owners = [
        str(function["FunctionArn"])
        for page in pages
        for function in page["Functions"]
        if function.get("DeadLetterConfig", {}).get("TargetArn") == queue
    ]
    if len(owners) != 1:
        raise UndeliverableError(f"{len(owners)} functions have {queue} as their dead-letter queue, not one")
    return owners[0]


def _invoke(place: Place, environment: Environment, function: str, payload: str) -> None:
    """Wait for the function, so that a message is deleted only when it has done its work."""
    answer = place.client(environment, "lambda").invoke(FunctionName=function, Payload=payload.encode())
    if "FunctionError" in answer:
        raise UndeliverableError(f"{function.rsplit(':', 1)[1]} fails: {answer['Payload'].read().decode()[:300]}")
