"""Compare what is deployed with what an account has, changing neither; tell people what differs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from infra.settings import ENVIRONMENTS, Environment
from mlops.delivery import notice
from mlops.delivery.agent import Agent
from mlops.engine_noise import strip
from mlops.review import drift
from mlops.review.collect import Collector
from mlops.review.model import StackReview

Say = Callable[[str], None]


def report(agent: Agent, say: Say) -> str | None:
    """What differs in the three accounts, which is mailed too; None where nothing does."""
    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        found = list(pool.map(lambda environment: compare(agent, environment), ENVIRONMENTS))
    if drift.is_clean(found):
        say("nothing differs in the three accounts")
        return None
    subject, text = drift.render(found)
    say(f"sent to the alert topic: {notice.send(agent, subject, text)}")
    return f"{subject}\n{text}"


def compare(agent: Agent, environment: Environment) -> StackReview:
    """What `pulumi refresh --preview-only` finds; an error is in the review, for the other stacks' sake."""
    from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

    collector = Collector(environment)
    try:
        agent.stack(environment).preview_refresh(on_event=collector.on_event, color="never")
    except automation.CommandError as error:
        return collector.finish(strip(str(error)))
    return collector.finish(None)
