"""Compare what is deployed with what an account has, changing neither; tell people what differs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.settings import ENVIRONMENTS, Environment
from mlops.delivery import notice
from mlops.delivery.agent import Agent
from mlops.engine_noise import strip
from mlops.review import drift
from mlops.review.collect import Collector
from mlops.review.model import StackReview
from mlops.state_copy import copy_state

Say = Callable[[str], None]


def report(agent: Agent, say: Say) -> str | None:
    """What differs in the three accounts, which is mailed too; None where nothing does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_state(agent.prod_client("s3"), agent.names.state_bucket, Path(folder))
        with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
            found = list(pool.map(lambda environment: compare(agent, environment, copy), ENVIRONMENTS))
    if drift.is_clean(found):
        say("nothing differs in the three accounts")
        return None
    subject, text = drift.render(found)
    say(f"sent to the alert topic: {notice.send(agent, subject, text)}")
    return f"{subject}\n{text}"


def compare(agent: Agent, environment: Environment, copy: str) -> StackReview:
    """What `pulumi refresh --preview-only` finds, on a copy of the state, which it would lock.

    An error is in the review, for the other stacks' sake.
    """
    from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

    collector = Collector(environment)
    try:
        agent.stack(environment, copy).preview_refresh(on_event=collector.on_event, color="never")
    except automation.CommandError as error:
        return collector.finish(strip(str(error)))
    return collector.finish(None)
