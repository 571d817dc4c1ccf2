"""Runs pipeline executions: one light thread each, which starts every step that is ready."""

from __future__ import annotations

import contextlib
import threading

from sandbox.sagemaker import events
from sandbox.sagemaker.clients import ClientFactory
from sandbox.sagemaker.execution import Execution
from sandbox.sagemaker.jobs import Jobs
from sandbox.sagemaker.pipelines import EXECUTION, RUNNING
from sandbox.sagemaker.scope import Scope
from sandbox.sagemaker.state import Document, StateClosedError

STOPPED_REASON = "The sandbox stopped while this execution ran."


class Engine:
    """The executions that run in this process."""

    def __init__(self, scope: Scope, jobs: Jobs, factory: ClientFactory, *, stub_steps: bool = False) -> None:
        self._stub_steps = stub_steps
        self._scope = scope
        self._jobs = jobs
        self._factory = factory
        self._running: dict[str, Execution] = {}
        self._lock = threading.Lock()

    def start(self, arn: str, previous: str | None = None) -> None:
        """Run an execution in a thread of its own."""
        execution = Execution(self._scope, self._jobs, self._factory, arn, stub_steps=self._stub_steps)
        with self._lock:
            self._running[arn] = execution
        threading.Thread(target=self._run, args=(execution, previous), name=arn[-12:], daemon=True).start()

    def running(self) -> list[str]:
        """The executions that have been started and have not ended."""
        with self._lock:
            return list(self._running)

    def _run(self, execution: Execution, previous: str | None) -> None:
        with contextlib.suppress(StateClosedError):
            execution.run(previous)
        with self._lock:
            if self._running.get(execution.arn) is execution:
                del self._running[execution.arn]

    def stop(self, document: Document) -> None:
        """Begin to stop an execution, whose status is Stopping already."""
        arn = document["PipelineExecutionArn"]
        events.emit_execution(self._scope.host, document, "Executing")
        with self._lock:
            execution = self._running.get(arn)
        if execution is not None:
            threading.Thread(target=execution.stop, name=f"stop-{arn[-12:]}", daemon=True).start()

    def recover(self) -> None:
        """Mark as failed what an earlier process left running, and tell so."""
        state, now = self._scope.state, self._scope.host.now()
        for document in state.documents(EXECUTION):
            if document["PipelineExecutionStatus"] not in RUNNING:
                continue
            arn = document["PipelineExecutionArn"]
            steps = state.get("steps", arn) or {}
            ended = {"StepStatus": "Failed", "FailureReason": STOPPED_REASON, "EndTime": now}
            running = ("Starting", "Executing", "Stopping")
            failed = {n: {**step, **ended} for n, step in steps.items() if step["StepStatus"] in running}
            state.put("steps", arn, {**steps, **failed})
            changed = state.change(
                EXECUTION,
                arn,
                PipelineExecutionStatus="Failed",
                FailureReason=STOPPED_REASON,
                EndTime=now,
                LastModifiedTime=now,
            )
            for name, step in failed.items():
                events.emit_step(self._scope.host, changed, step, steps[name]["StepStatus"])
            events.emit_execution(self._scope.host, changed, document["PipelineExecutionStatus"])
