"""Gives ministack's services the sandbox's clock in the place of the machine's.

Credentials, signatures and the Date header stay on real time: clients sign by their own clock.
"""

from __future__ import annotations

import datetime
import importlib
import time
from time import struct_time
from typing import Any

from sandbox.emulator.clock import Clock, iso
from sandbox.emulator.hooks import replace

_SERVICES = (
    "cloudwatch",
    "cloudwatch_logs",
    "eventbridge",
    "iam",
    "kms",
    "lambda_svc",
    "scheduler",
    "sns",
    "sqs",
)


class SandboxTime:
    """The module ``time``, with the sandbox's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def time(self) -> float:
        return self._clock.now()

    def gmtime(self, seconds: float | None = None) -> struct_time:
        return time.gmtime(self._clock.now() if seconds is None else seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class _AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime.datetime)


def sandbox_datetime(clock: Clock) -> type[datetime.datetime]:
    """The class ``datetime`` whose ``now`` is the sandbox's; every datetime is an instance of it."""

    class SandboxDatetime(datetime.datetime, metaclass=_AnyDatetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return datetime.datetime.fromtimestamp(clock.now(), tz)

    return SandboxDatetime


def install(clock: Clock) -> None:
    """Replace what the services read the time from."""
    moving, moving_datetime = SandboxTime(clock), sandbox_datetime(clock)
    for name in _SERVICES:
        module: Any = importlib.import_module(f"ministack.services.{name}")
        if module.time is not time:
            raise RuntimeError(f"ministack.services.{name} does not read the time from the module time")
        module.time = moving
        if hasattr(module, "datetime"):
            module.datetime = moving_datetime
    # Only what objects are stamped with: presigned requests and conditions are checked against real time.
    replace("ministack.services.s3", "now_iso", lambda _original: lambda: iso(clock.now()).replace("Z", ".000Z"))
