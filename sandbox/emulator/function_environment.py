"""The environment in which functions run: what Lambda gives them, and nothing of the server's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import os
from functools import partialmethod
from typing import Any

# PATH finds the interpreter; GATEWAY_PORT is where ministack's worker looks for AWS; TMPDIR is inside the sandbox.
_KEPT = ("GATEWAY_PORT", "LD_LIBRARY_PATH", "PATH", "TMPDIR")

# How long a function that logged nothing is waited for. ministack waits 50 ms, which is most of a warm invocation; what
# a function logs is in the pipe before its answer is.
_FIRST_LINE_SECONDS = 0.01


class FunctionOs:
    """The module ``os`` for ministack's runtime, whose environment is what a function's process starts from."""

    def __init__(self) -> None:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # TZ as Lambda sets it. Compiled modules are kept, or each cold start would compile boto3 again.
        self.environ = {**kept, "LANG": "en_US.UTF-8", "TZ": ":UTC"}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def install() -> None:
    """Give ministack's function workers this environment, and no longer wait than they need."""
    from ministack.core import lambda_runtime  # noqa: PLC0415 - after the settings

    lambda_runtime.os = FunctionOs()
    worker = lambda_runtime.Worker
    worker._drain_stderr_bounded = partialmethod(worker._drain_stderr_bounded, first_line_wait=_FIRST_LINE_SECONDS)
