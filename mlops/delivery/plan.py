"""Plan one stack under the policy pack, changing nothing: what people review, and what is applied later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from infra.settings import Environment
from mlops import policy_pack
from mlops.delivery import state_lock
from mlops.delivery.agent import Agent
from mlops.delivery.own_roles import outdated_roles
from mlops.delivery.plan_folder import PlanFolder, digest_of_file, digest_of_state
from mlops.engine_noise import strip
from mlops.failure import CommandError
from mlops.review.collect import Collector
from mlops.review.model import WAITS, StackReview

Say = Callable[[str], None]


def plan(agent: Agent, folder: PlanFolder, environment: Environment, commit: str, say: Say) -> StackReview:
    """Preview one stack and keep its plan with the digests of plan and state.

    The review is written whatever comes of it. Raises :class:`CommandError` with what stopped the preview: a violation,
    an error, or a deployment that is not finished.
    """
    from pulumi import automation  # noqa: PLC0415  # see mlops/engine.py

    stack = agent.stack(environment)
    collector = Collector(environment)
    state = stack.export_stack().deployment or {}
    pending = state.get("pending_operations") or []
    if pending:
        held = state_lock.holders(agent.prod_client("s3"), agent.names, environment)
        return _stop(folder, collector, environment, _unfinished(len(pending), held))
    if environment != "registry" and not _is_deployed(agent, "registry"):
        review = collector.finish(WAITS, commit=commit)
        folder.write(environment, review)
        say(f"{environment}: {WAITS}")
        return review
    path = folder.plan(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    errors: list[str] = []

    def on_event(event: Any) -> None:
        collector.on_event(event)
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            errors.append(strip(event.diagnostic_event.message))

    try:
        stack.preview(
            on_event=on_event,
            color="never",
            plan=str(path.resolve()),
            on_output=lambda text: say(strip(text)) if text.strip() else None,
            **cast("Any", policy_pack.options()),
        )
    except automation.CommandError as error:
        path.unlink(missing_ok=True)
        told = "\n".join(dict.fromkeys(errors)) or strip(str(error))
        return _stop(folder, collector, environment, told)
    review = collector.finish(
        None, plan_digest=digest_of_file(path), state_digest=digest_of_state(state), commit=commit
    )
    outdated = outdated_roles(review)
    if outdated:
        review = replace(review, advice=(*review.advice, f"[own-roles] {outdated}"))
    folder.write(environment, review)
    return review


def _unfinished(operations: int, held: Sequence[str]) -> str:
    """What a state says while a deployment is under way, and for ever after one that was killed."""
    if held:
        return (
            f"a deployment is under way, or was cut off, in {operations} operation(s), locked by {'; '.join(held)}: "
            "build this again when it has ended; if that process is gone, build main with action=recover first"
        )
    return f"the last deployment was cut off in {operations} operation(s): build main with action=recover first"


def _is_deployed(agent: Agent, environment: Environment) -> bool:
    return bool((agent.stack(environment).export_stack().deployment or {}).get("resources"))


def _stop(folder: PlanFolder, collector: Collector, environment: Environment, error: str) -> StackReview:
    review = collector.finish(error)
    folder.write(environment, review)
    raise CommandError("\n".join([f"{environment}: Pulumi stopped.", *(review.violations or (error,))]))
