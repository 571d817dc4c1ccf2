"""The SageMaker service: every request is checked against the API's model, then handed to the part that owns it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sandbox.host import Caller, Host, ServiceError
from sandbox.sagemaker import authorization, unsupported
from sandbox.sagemaker.api import Api
from sandbox.sagemaker.clients import ClientFactory, client_factory
from sandbox.sagemaker.engine import Engine
from sandbox.sagemaker.executions import Executions
from sandbox.sagemaker.groups import Groups
from sandbox.sagemaker.jobs import FAMILIES, Jobs
from sandbox.sagemaker.launcher import Launcher
from sandbox.sagemaker.models import Models
from sandbox.sagemaker.pipelines import Pipelines
from sandbox.sagemaker.registry import Registry
from sandbox.sagemaker.scope import Request, Scope
from sandbox.sagemaker.search import Search
from sandbox.sagemaker.state import Document, State
from sandbox.sagemaker.tags import Tags

Handler = Callable[[Request], Document]


class SageMakerService:
    """SageMaker for every account and region of one sandbox.

    ``state_folder`` keeps what must survive a restart, ``work_folder`` the files of jobs. A test may give its own
    ``factory`` of the clients with which executions call AWS. ``stub_steps`` makes every step succeed without running.
    """

    def __init__(
        self,
        host: Host,
        state_folder: Path,
        work_folder: Path,
        *,
        factory: ClientFactory | None = None,
        stub_steps: bool = False,
    ) -> None:
        self._state = State(state_folder)
        self._launcher = Launcher(work_folder)
        scope = Scope(host=host, state=self._state, api=Api())
        self._api = scope.api
        tags = Tags(scope)
        groups = Groups(scope, tags)
        registry = Registry(scope, tags, groups)
        models = Models(scope, tags, registry)
        self._jobs = Jobs(scope, tags, models, self._launcher)
        self._engine = Engine(scope, self._jobs, factory or client_factory(host), stub_steps=stub_steps)
        pipelines = Pipelines(scope, tags)
        executions = Executions(scope, pipelines, self._engine)
        parts = (tags, groups, registry, models, pipelines, executions, Search(scope, tags))
        self._handlers: dict[str, Handler] = {
            operation: getattr(part, method)
            for part in parts
            for operation, method in _methods(part, self._api.operations)
        }
        for family in FAMILIES:
            self._handlers[f"Create{family.noun}"] = partial(self._jobs.create, family)
            self._handlers[f"Describe{family.noun}"] = partial(self._jobs.describe, family)
            self._handlers[f"List{family.noun}s"] = partial(self._jobs.list, family)
            self._handlers[f"Stop{family.noun}"] = partial(self._jobs.stop, family)
        self._recover()
        self._closing = threading.Lock()

    def running(self) -> list[str]:
        """The ARNs of the pipeline executions that have been started and have not ended."""
        return self._engine.running()

    @property
    def operations(self) -> frozenset[str]:
        """The operations that the service implements."""
        return frozenset(self._handlers)

    def dispatch(self, caller: Caller, region: str, operation: str, parameters: Document) -> Document:
        """Answer one request as JSON-ready data; times are seconds since the epoch. Raises :class:`ServiceError`."""
        handler = self._handlers.get(operation)
        if handler is None:
            known = operation in self._api.operations
            reason = "is not implemented by the sandbox" if known else "is not an operation of SageMaker"
            raise ServiceError("UnknownOperationException", f"{operation} {reason}.", 501 if known else 400)
        parameters = {name: value for name, value in parameters.items() if value is not None}
        self._api.check(operation, parameters)
        unsupported.refuse(operation, parameters)
        return handler(Request(caller=caller, region=region, operation=operation, parameters=parameters))

    def resource_arns(self, caller_account: str, region: str, operation: str, parameters: Document) -> list[str]:
        """The ARNs that IAM judges an operation on; ``["*"]`` where it has no resource."""
        return authorization.resource_arns(caller_account, region, operation, parameters)

    def condition_context(self, operation: str, parameters: Document) -> Document:
        """The condition keys that a request carries."""
        return authorization.condition_context(operation, parameters)

    def passed_roles(self, operation: str, parameters: Document) -> list[str]:
        """The roles that a request hands to SageMaker, for ``iam:PassRole``."""
        return authorization.passed_roles(operation, parameters)

    def dependent_actions(self, operation: str, parameters: Document) -> list[str]:
        """Actions that a request needs on its resource besides its own."""
        return authorization.dependent_actions(operation, parameters)

    def close(self) -> None:
        """Kill the jobs, end the executions as failed, release the state."""
        with self._closing:
            self._launcher.close()
            with self._state.lock:  # no thread of an execution may come between
                self._recover()
                self._state.close()

    def _recover(self) -> None:
        with self._state.lock:
            self._jobs.recover()
            self._engine.recover()


def _methods(part: object, operations: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Operations and the methods that answer them: ``CreatePipeline`` is ``create_pipeline``."""
    for name in vars(type(part)):
        operation = name.title().replace("_", "")
        if operation in operations:
            yield operation, name
