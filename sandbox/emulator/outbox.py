"""The e-mails that SNS would send, kept in the place of sending them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ministack.services import lambda_svc, sns

from sandbox.emulator.clock import Clock, iso
from sandbox.emulator.service_callers import RefusedError, ServiceCaller
from sandbox.sagemaker.state import State

KIND = "message"
# The subject of a message that was published without one.
DEFAULT_SUBJECT = "AWS Notification Message"
_CONFIRMATION_SUBJECT = "AWS Notification - Subscription Confirmation"
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT_LIMIT = 100
_MAIL = ("email", "email-json")


class Outbox:
    """Every e-mail in the order of sending, over restarts."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def add(self, *, topic_arn: str, to: str, subject: str, text: str) -> None:
        with self._state.lock:
            number = len(self._state.documents(KIND)) + 1
            message = {
                "id": number,
                "at": iso(self._clock.now()),
                "account_id": topic_arn.split(":")[4],
                "topic_arn": topic_arn,
                "to": to,
                "subject": subject,
                "text": text,
            }
            self._state.put(KIND, f"{number:09}", message)

    def after(self, number: int) -> list[dict[str, Any]]:
        """The messages with a greater id."""
        messages = (message for message in self._state.documents(KIND) if message["id"] > number)
        return sorted(messages, key=lambda message: int(message["id"]))

    def fan_out(self, original: Callable[..., None]) -> Callable[..., None]:
        """Put what SNS delivers to e-mail addresses here."""

        def fan(
            topic_arn: str,
            message_id: str,
            message: str,
            subject: str,
            *more: Any,
            **named: Any,
        ) -> None:
            original(topic_arn, message_id, message, subject, *more, **named)
            structure, attributes = more[0] if more else "", more[1] if len(more) > 1 else None
            topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
            for subscription in topic["subscriptions"]:
                protocol = subscription["protocol"]
                if protocol not in _MAIL or not subscription["confirmed"]:
                    continue
                text = sns._resolve_message_for_protocol(message, structure, protocol)
                if not sns._matches_filter_policy(subscription, attributes or {}, text):
                    continue
                if protocol == "email-json":
                    text = sns._build_envelope(topic_arn, message_id, text, subject, attributes or {}, False)
                self.add(
                    topic_arn=topic_arn, to=subscription["endpoint"], subject=subject or DEFAULT_SUBJECT, text=text
                )

        return fan

    def subscribe(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Send the mail that asks for a confirmation, and say that the sandbox confirmed it; refuse text messages."""

        def subscribe(params: Any) -> Any:
            protocol, endpoint = sns._p(params, "Protocol"), sns._p(params, "Endpoint")
            if protocol not in (*_MAIL, "sqs", "lambda"):
                text = f"Invalid parameter: the sandbox does not deliver by {protocol}"
                return sns._error("InvalidParameter", text, 400)
            topic_arn = sns._normalize_arn(sns._p(params, "TopicArn"))
            before = _subscribed(topic_arn, endpoint)
            answer = original(params)
            if protocol in _MAIL and answer[0] == 200 and not before:
                link = f"https://sns.{topic_arn.split(':')[3]}.amazonaws.com/confirmation?TopicArn={quote(topic_arn)}"
                text = (
                    f"You have chosen to subscribe to the topic:\n{topic_arn}\n\n"
                    f"To confirm this subscription, click or visit the link below:\n{link}\n\n"
                    "The sandbox has confirmed this subscription itself: nobody has to follow the link.\n"
                )
                self.add(topic_arn=topic_arn, to=endpoint, subject=_CONFIRMATION_SUBJECT, text=text)
            return answer

        return subscribe


def check_publish(original: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a subject that SNS refuses."""

    def publish(topic_arn: str, message: Any, subject: str = "", **options: Any) -> Any:
        if len(subject) > _SUBJECT_LIMIT or not subject.isascii() or (subject and not subject.isprintable()):
            raise sns.SnsPublishError("InvalidParameter", "Invalid parameter: Subject")
        return original(topic_arn, message, subject, **options)

    return publish


def deliver_to_function(invoke: Callable[[str, Any], None]) -> Callable[..., None]:
    """What takes the place of ministack's delivery to a function: judged, and queued as Lambda queues it."""

    def deliver(endpoint: str, envelope: str, topic_arn: str, subscription_arn: str, *_rest: Any) -> None:
        policy = lambda_svc.function_policy_for_arn(endpoint)
        try:
            caller = ServiceCaller(service="sns.amazonaws.com", source_arn=topic_arn)
            caller.require("lambda:InvokeFunction", endpoint, policy[0] if policy else "")
        except RefusedError as error:
            sns.logger.warning("SNS could not deliver to %s: %s", endpoint, error)
            return
        record = {
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "EventSource": "aws:sns",
            "Sns": json.loads(envelope),
        }
        invoke(endpoint, {"Records": [record]})

    return deliver


def _subscribed(topic_arn: str, endpoint: str) -> bool:
    topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
    return any(subscription["endpoint"] == endpoint for subscription in topic["subscriptions"])
