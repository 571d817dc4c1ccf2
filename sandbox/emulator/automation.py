"""Everything that happens by itself: events, schedules, alarms, functions and mails on the sandbox's clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.services import cloudwatch

from sandbox.emulator import (
    alarm_rules,
    alarms,
    event_rules,
    function_environment,
    module_time,
    outbox,
)
from sandbox.emulator.alarms import Alarms
from sandbox.emulator.clock import Clock
from sandbox.emulator.courier import Courier
from sandbox.emulator.deliveries import Deliveries
from sandbox.emulator.hooks import replace
from sandbox.emulator.invocations import Invocations
from sandbox.emulator.outbox import Outbox
from sandbox.emulator.schedules import Schedules
from sandbox.emulator.service_callers import RoleCallers
from sandbox.emulator.service_host import EmulatorHost
from sandbox.emulator.targets import Targets
from sandbox.emulator.timeline import Timeline
from sandbox.sagemaker.service import SageMakerService
from sandbox.sagemaker.state import State

_EVENTS, _SCHEDULER = "ministack.services.eventbridge", "ministack.services.scheduler"
_LAMBDA, _SNS, _CLOUDWATCH = "ministack.services.lambda_svc", "ministack.services.sns", "ministack.services.cloudwatch"


class Automation:
    """Clock, timeline and what hangs on them, for one sandbox; it works between :meth:`open` and :meth:`close`."""

    def __init__(self, folder: Path, note_change: Callable[[], None]) -> None:
        self._state = State(folder, "automation.sqlite")
        self.clock = Clock(self._state)
        self._note_change = note_change
        self.courier = Courier(note_change)
        self.outbox = Outbox(self._state, self.clock)

    def install(self, host: EmulatorHost, service: SageMakerService) -> None:
        """Take the place of ministack's own tickers and dispatchers."""
        roles = RoleCallers(host)
        self._service = service
        self._invocations = Invocations(self._state, self.clock, roles)
        targets = Targets(self._invocations.accept, service.dispatch)
        self._invocations.targets = targets
        self._deliveries = Deliveries(self._state, self.clock, self.courier, targets, roles)
        self._schedules = Schedules(self._state, self.clock, self._deliveries)
        self.timeline = Timeline(self.clock, self.underway, note_change=self._note_change)
        for source in (self._deliveries, self._invocations, Alarms(self.clock), self._schedules):
            self.timeline.add(source)
        module_time.install(self.clock)
        function_environment.install()
        self._replace()

    def open(self) -> None:
        """Begin, once the services' state has been read."""
        self._deliveries.resume()
        self._invocations.resume()
        self._schedules.skip_missed()
        self.courier.open()
        self.timeline.open()

    def close(self) -> None:
        """Deliver what was accepted, then stop; what waits for a moment waits for the next start."""
        self.timeline.close()
        self.courier.close()
        self._state.close()

    def underway(self) -> list[str]:
        """What runs at the moment, in words: nothing is due before it has ended."""
        deliveries = [] if self.courier.is_idle else ["deliveries of events"]
        return [*self._service.running(), *self._invocations.running(), *deliveries]

    def _replace(self) -> None:
        nothing: Callable[[Any], Any] = lambda _original: lambda *_asked: None  # noqa: E731
        replace(_EVENTS, "start_scheduler", nothing)
        replace(_EVENTS, "_invoke_target", lambda _original: event_rules.deliver(self._deliveries, self.clock))
        replace(_EVENTS, "_put_rule", event_rules.check_rule)
        replace(_EVENTS, "_put_targets", event_rules.check_targets)
        replace(_EVENTS, "_put_permission", event_rules.put_permission)
        replace(_SCHEDULER, "start_scheduler", nothing)
        replace(_LAMBDA, "invoke_async_with_retry", lambda _original: self._invoke_event)
        replace(_LAMBDA, "_emit_lambda_metrics", _count_runs)
        replace(_SNS, "_fanout", self.outbox.fan_out)
        replace(_SNS, "_subscribe", self.outbox.subscribe)
        replace(_SNS, "publish_internal", outbox.check_publish)
        replace(_SNS, "_deliver_to_lambda", lambda _original: outbox.deliver_to_function(self._invocations.accept))
        replace(_CLOUDWATCH, "_evaluate_all_alarms", nothing)
        replace(_CLOUDWATCH, "_dispatch_alarm_actions", lambda _original: alarms.act(self.clock))
        replace(_CLOUDWATCH, "_put_metric_alarm", alarm_rules.check_alarm)

    def _invoke_event(self, function: dict[str, Any], event: Any) -> None:
        config = function.get("config") or function
        self._invocations.accept(config["FunctionArn"], event)


def _count_runs(original: Callable[..., None]) -> Callable[..., None]:
    """Count an invocation when it has run: ministack counts it when it is accepted or throttled, too.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """

    def emit(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle and not duration_ms:
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": function_name})
        elif duration_ms and not throttle:
            original(function_name, duration_ms, error, throttle)

    return emit
