"""One pipeline execution: what is ready runs in parallel, until everything has ended or something failed."""

from __future__ import annotations

import threading
from typing import Any

from sandbox.sagemaker import events
from sandbox.sagemaker.caching import cache_key, cached
from sandbox.sagemaker.clients import ClientFactory, RoleClients
from sandbox.sagemaker.definition import Definition, Step
from sandbox.sagemaker.jobs import Jobs
from sandbox.sagemaker.pipelines import EXECUTION
from sandbox.sagemaker.retry import Retries
from sandbox.sagemaker.scope import Scope
from sandbox.sagemaker.state import Document, StateClosedError
from sandbox.sagemaker.steps import StepFailedError, StepRunner, StepStoppedError
from sandbox.sagemaker.stubbed_steps import StubbedSteps

_DEFAULT_PARALLEL_STEPS = 50  # https://docs.aws.amazon.com/general/latest/gr/sagemaker.html


class Execution:
    """Drives one execution from its state, so that a retry goes on where the last run ended."""

    def __init__(self, scope: Scope, jobs: Jobs, factory: ClientFactory, arn: str, *, stub_steps: bool = False) -> None:
        self.arn = arn
        self._scope = scope
        self._state = scope.state
        document = self._document
        text = (self._state.get("definition", arn) or {})["PipelineDefinition"]
        self._definition = Definition.parse(text)
        self._clients = RoleClients(scope.host, factory, role_arn=document["RoleArn"], execution_arn=arn)
        self._runner: StepRunner | StubbedSteps = StubbedSteps()
        if not stub_steps:
            self._runner = StepRunner(
                scope=scope,
                jobs=jobs,
                clients=self._clients,
                execution=document,
                definition=self._definition,
                properties=self._properties,
            )
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._failed = False
        self._stopping = threading.Event()

    @property
    def _document(self) -> Document:
        document = self._state.get(EXECUTION, self.arn)
        if document is None:
            raise KeyError(self.arn)
        return document

    @property
    def _steps(self) -> Document:
        return self._state.get("steps", self.arn) or {}

    def _properties(self, name: str) -> Document:
        properties: Document = self._steps.get(name, {}).get("Properties", {})
        return properties

    def run(self, previous: str | None) -> None:
        """Run to the end, in the calling thread."""
        events.emit_execution(self._scope.host, self._document, previous)
        limit = self._document.get("ParallelismConfiguration", {}).get(
            "MaxParallelExecutionSteps", _DEFAULT_PARALLEL_STEPS
        )
        with self._changed:
            while True:
                if not self._failed and not self._stopping.is_set():
                    for step in self._ready()[: limit - len(self._running)]:
                        self._running.add(step.name)
                        threading.Thread(target=self._run_step, args=(step,), name=step.name, daemon=True).start()
                if not self._running:
                    break
                self._changed.wait()
        self._finish()

    def stop(self) -> None:
        """Start nothing more and stop the jobs that run."""
        self._stopping.set()
        self._runner.stop()
        with self._changed:
            self._changed.notify_all()

    def _ready(self) -> list[Step]:
        """Steps whose dependencies have succeeded and whose branch was chosen; the others never run."""
        done = self._steps
        return [
            step
            for step in self._definition.steps.values()
            if step.name not in done
            and step.name not in self._running
            and self._chosen(step, done)
            and all(done.get(name, {}).get("StepStatus") == "Succeeded" for name in step.dependencies)
        ]

    @staticmethod
    def _chosen(step: Step, done: Document) -> bool:
        if step.condition is None:
            return True
        outcome = done.get(step.condition, {}).get("Metadata", {}).get("Condition", {}).get("Outcome")
        return bool(outcome == ("True" if step.branch == "IfSteps" else "False"))

    def _run_step(self, step: Step) -> None:
        try:
            try:
                self._attempt(step)
            except StateClosedError:
                raise
            except Exception as error:  # an execution must end whatever a step does
                self._failed = True
                reason = f"InternalServerError: {type(error).__name__}: {error}"
                self._record(step, StepStatus="Failed", FailureReason=reason, EndTime=self._scope.host.now())
        except StateClosedError:
            self._stopping.set()
        finally:
            with self._changed:
                self._running.discard(step.name)
                self._changed.notify_all()

    def _attempt(self, step: Step) -> None:
        retries = Retries(step.document.get("RetryPolicies") or [])
        names = {
            "StepDisplayName": step.document.get("DisplayName"),
            "StepDescription": step.document.get("Description"),
        }
        self._record(
            step,
            StepName=step.name,
            StepType=step.type,
            StartTime=self._scope.host.now(),
            StepStatus="Executing",
            AttemptCount=1,
            **{name: value for name, value in names.items() if value},
        )
        while True:
            try:
                if self._from_cache(step):
                    return
                properties = self._runner.run(step, lambda metadata: self._record(step, Metadata=metadata))
            except StepStoppedError:
                self._record(step, StepStatus="Stopped", EndTime=self._scope.host.now())
                return
            except StepFailedError as failure:
                delay = retries.delay_seconds(failure.exception_type)
                if delay is None or self._stopping.wait(delay):
                    self._failed = True
                    self._record(
                        step, StepStatus="Failed", FailureReason=failure.reason, EndTime=self._scope.host.now()
                    )
                    return
                self._record(step, AttemptCount=self._steps[step.name]["AttemptCount"] + 1)
            else:
                self._record(step, StepStatus="Succeeded", Properties=properties, EndTime=self._scope.host.now())
                return

    def _from_cache(self, step: Step) -> bool:
        config = step.document.get("CacheConfig")
        if not config or not config["Enabled"]:
            return False
        key = cache_key(step, self._runner.arguments(step))
        hit = cached(self._state, self._document, step.name, key=key, config=config, now=self._scope.host.now())
        if hit is None:
            self._record(step, CacheKey=key)
            return False
        execution_arn, earlier = hit
        self._record(
            step,
            StepStatus="Succeeded",
            CacheHitResult={"SourcePipelineExecutionArn": execution_arn},
            Metadata=earlier.get("Metadata", {}),
            Properties=earlier["Properties"],
            EndTime=self._scope.host.now(),
        )
        return True

    def _record(self, step: Step, **changes: Any) -> None:
        with self._state.lock:
            steps = self._steps
            before = steps.get(step.name, {})
            after = {**before, **changes}
            self._state.put("steps", self.arn, {**steps, step.name: after})
        if before.get("StepStatus") != after["StepStatus"]:
            events.emit_step(self._scope.host, self._document, after, before.get("StepStatus"))

    def _finish(self) -> None:
        now = self._scope.host.now()
        before = self._document["PipelineExecutionStatus"]
        stopped = any(step["StepStatus"] == "Stopped" for step in self._steps.values())
        if self._stopping.is_set() or (stopped and not self._failed):
            changes = {"PipelineExecutionStatus": "Stopped"}
        elif self._failed:
            changes = {
                "PipelineExecutionStatus": "Failed",
                "FailureReason": "Step failure: One or multiple steps failed.",
            }
        else:
            changes = {"PipelineExecutionStatus": "Succeeded"}
        document = self._state.change(EXECUTION, self.arn, **changes, LastModifiedTime=now, EndTime=now)
        events.emit_execution(self._scope.host, document, before)
