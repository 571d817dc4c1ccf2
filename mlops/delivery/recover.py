"""Put one stack in order: its lock, what was made and not recorded, what was changed by hand."""

from __future__ import annotations

from collections.abc import Callable

from infra.settings import Environment
from mlops.delivery import state_lock
from mlops.delivery.agent import Agent
from mlops.recovery import adopt_unrecorded

Say = Callable[[str], None]


def recover(agent: Agent, environment: Environment, say: Say) -> None:
    """Take a dead lock away, saying whose it was, and take what the account has into the state.

    Only under Jenkins' own lock and an approval: whoever holds the state's lock then is no build of this project.
    """
    stack = agent.stack(environment)
    held = state_lock.holders(agent.prod_client("s3"), agent.names, environment)
    if held:
        say(f"{environment}: taking away the lock of {'; '.join(held)}")
        stack.cancel()
    adopt_unrecorded(agent.place, environment, stack, say)
    # What was changed by hand comes into the state too, so that the next plan brings it back to the code.
    stack.refresh(color="never")
    pending = (stack.export_stack().deployment or {}).get("pending_operations") or []
    say(f"{environment}: {'no lock and nothing unfinished' if not pending else f'{len(pending)} still unfinished'}")
