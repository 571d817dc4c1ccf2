"""Pulumi's engine, driven through its Automation API: what these functions do is what `pulumi` does by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from infra.settings import Environment
from mlops import aws_profiles, policy_pack
from mlops.adoption import refresh_adopted
from mlops.engine_noise import strip
from mlops.failure import CommandError
from mlops.place import Place
from mlops.recovery import adopt_unrecorded, release_dead_lock, restore_torn_state
from mlops.workspace import pulumi_environment, work_folder

if TYPE_CHECKING:
    from pulumi import automation
    from pulumi.automation import events

Say = Callable[[str], None]
T = TypeVar("T")
CHANGING = ("create", "update", "replace", "delete", "import", "create-replacement", "delete-replaced", "refresh")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one operation on a stack did, or would do."""

    changes: Mapping[str, int]
    seconds: float

    @property
    def changed(self) -> int:
        """How many resources were, or would be, touched."""
        return sum(count for operation, count in self.changes.items() if operation != "same")

    @property
    def resources(self) -> int:
        """How many resources the stack has."""
        return sum(count for operation, count in self.changes.items() if "delete" not in operation)

    def __str__(self) -> str:
        parts = [f"{count} {operation}" for operation, count in sorted(self.changes.items()) if operation != "same"]
        return f"{', '.join(parts) or 'no changes'} ({self.seconds:.1f} s)"


@dataclass
class Engine:
    """The three stacks of one place; ``judged`` says whether what is deployed is put to the policy pack."""

    place: Place
    judged: bool = True
    variables: dict[str, str] = field(init=False)
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        if not self.place.is_sandbox:
            aws_profiles.require(self.place.names)
        self.folder = work_folder(self.place)
        self.variables = pulumi_environment(self.place)
        # The Automation API finds `pulumi` on this process's own PATH.
        os.environ["PATH"] = self.variables["PATH"]

    def up(self, environment: Environment, say: Say) -> Outcome:
        """Deploy one stack; raises :class:`CommandError` with the engine's own words."""
        stack = self._recovered(environment, say)
        refresh_adopted(self.place, environment, stack, say)
        pack = policy_pack.options() if self.judged else {}
        if pack:
            # Rules on a whole stack are put to it last: only a preview of its own stops an update before it begins.
            _preview(environment, stack, lambda _: None, **pack)
        with _watch(environment, say) as watch:
            done = stack.up(on_event=watch.on_event, color="never", suppress_outputs=True, **cast("Any", pack))
        return watch.outcome(done.summary.resource_changes)

    def preview(self, environment: Environment) -> Outcome:
        """What a deployment of one stack would change."""
        return _preview(environment, self._stack(environment), lambda _: None)

    def judge(self, environment: Environment, say: Say) -> Outcome:
        """As :meth:`preview`, under the policy pack; raises :class:`CommandError` with every violation."""
        return _preview(environment, self._stack(environment), say, **policy_pack.options())

    def destroy(self, environment: Environment, say: Say) -> Outcome:
        """Destroy one stack and forget it."""
        stack = self._recovered(environment, say)
        with _watch(environment, say) as watch:
            done = stack.destroy(on_event=watch.on_event, color="never", remove=True)
        return watch.outcome(done.summary.resource_changes)

    def exists(self, environment: Environment) -> bool:
        """Whether the stack is there."""
        from pulumi import automation  # noqa: PLC0415  # 0.6 s that most commands need not wait for

        workspace = automation.LocalWorkspace(work_dir=str(self.folder), env_vars=self.variables)
        return environment in {summary.name for summary in self._quietly(workspace.list_stacks)}

    def _stack(self, environment: Environment) -> automation.Stack:
        from pulumi import automation  # noqa: PLC0415  # see above

        options = automation.LocalWorkspaceOptions(env_vars=self.variables)
        return self._quietly(
            lambda: automation.create_or_select_stack(environment, work_dir=str(self.folder), opts=options)
        )

    def _recovered(self, environment: Environment, say: Say) -> automation.Stack:
        """The stack, with whatever a killed deployment left put in order."""
        if self.place.folder is not None:
            state = self.place.folder / "pulumi-state"
            release_dead_lock(state, environment, say)
            restore_torn_state(state, environment, say)
        stack = self._stack(environment)
        adopt_unrecorded(self.place, environment, stack, say)
        return stack

    def _quietly(self, call: Callable[[], T]) -> T:
        from pulumi import automation  # noqa: PLC0415  # see above

        try:
            return call()
        except automation.CommandError as error:
            raise CommandError(strip(str(error))) from error


@dataclass
class _Watch:
    """Collects what the engine tells while it works."""

    environment: str
    say: Say
    advise: Say
    started: float = field(default_factory=time.monotonic)
    errors: list[str] = field(default_factory=list)

    def on_event(self, event: events.EngineEvent) -> None:
        """Tell of each finished change, and keep each error."""
        if event.res_outputs_event:
            step = event.res_outputs_event.metadata
            operation = str(getattr(step.op, "value", step.op))
            if operation in CHANGING and not step.type.startswith("pulumi:"):
                self.say(f"{self.environment}: {operation} {step.urn.split('::')[-1]} ({step.type.split(':')[-1]})")
        if event.policy_event:
            self._on_policy(event.policy_event)
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            self.errors.append(strip(f"{_subject(event.diagnostic_event.urn)}{event.diagnostic_event.message}"))

    def _on_policy(self, event: events.PolicyEvent) -> None:
        # The first line is the rule's own description.
        message = strip(event.message).split("\n", maxsplit=1)[-1].strip()
        if event.enforcement_level == "mandatory":
            self.errors.append(f"[{event.policy_name}] {message}")
        else:
            self.advise(f"{self.environment}: [{event.policy_name}] {message}")

    def outcome(self, changes: Mapping[Any, int] | None) -> Outcome:
        """What was done, counted by operation."""
        counted = {str(getattr(op, "value", op)): n for op, n in (changes or {}).items()}
        return Outcome(changes=counted, seconds=time.monotonic() - self.started)


def _preview(environment: Environment, stack: automation.Stack, say: Say, **packs: Any) -> Outcome:
    with _watch(environment, lambda _: None, advise=say) as watch:
        done = stack.preview(on_event=watch.on_event, color="never", **packs)
    return watch.outcome({str(getattr(op, "value", op)): n for op, n in done.change_summary.items()})


@contextmanager
def _watch(environment: str, say: Say, advise: Say | None = None) -> Iterator[_Watch]:
    from pulumi import automation  # noqa: PLC0415  # see above

    watch = _Watch(environment, say, advise or say)
    try:
        yield watch
    except automation.ConcurrentUpdateError as error:
        raise CommandError(
            f"{environment}: another update holds the stack's lock. Wait for it; if it is dead, `pulumi cancel` ends it"
        ) from error
    except automation.CommandError as error:
        listed = "\n".join(dict.fromkeys(watch.errors)) or strip(str(error))
        raise CommandError(f"{environment}: Pulumi stopped.\n{listed}") from error


def _subject(urn: str | None) -> str:
    return f"{urn.split('::')[-1]} ({urn.split('::')[-2].split('$')[-1]}): " if urn else ""
