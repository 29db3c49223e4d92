"""AWS's own local durable runner, on our event loop instead of its threads.

`Executor`, checkpoint handling, store and API handlers are those of
aws-durable-execution-sdk-python-testing 1.4.0. It keeps one thread for every live execution, and
six for handler invocations; here its scheduler is the event loop, its lanes run inline and an
invocation is a future, so a suspended execution costs memory only. Some names it is adapted by
are private: the version is pinned.
"""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import inspect
import logging
from collections.abc import Callable
from typing import Any, cast

from aws_durable_execution_sdk_python.execution import DurableExecutionInvocationInput
from aws_durable_execution_sdk_python_testing.checkpoint.processor import CheckpointProcessor
from aws_durable_execution_sdk_python_testing.execution import Execution
from aws_durable_execution_sdk_python_testing.executor import Executor
from aws_durable_execution_sdk_python_testing.invoker import InvokeResponse, LambdaInvoker
from aws_durable_execution_sdk_python_testing.model import StartDurableExecutionInput
from aws_durable_execution_sdk_python_testing.scheduler import Scheduler
from aws_durable_execution_sdk_python_testing.stores.memory import InMemoryExecutionStore
from aws_durable_execution_sdk_python_testing.worker.execution_worker import ExecutionWorker
from aws_durable_execution_sdk_python_testing.worker.lane import SerialTaskLane
from aws_durable_execution_sdk_python_testing.worker.registry import ExecutionRegistry

from local.config import REGION
from local.parts.functions.table import function_arn

logger = logging.getLogger(__name__)

# It logs every failed execution with the error's text, which may hold what a person wrote; our
# own lines say that one failed. What it logs with a traceback is a fault of its own.
logging.getLogger("aws_durable_execution_sdk_python_testing.executor").addFilter(
    lambda record: record.exc_info is not None
)


class LoopEvent:
    """The scheduler event the executor sets when an execution ends; `Engine.on_end` is used instead."""

    def set(self) -> None:
        """It ended."""

    def set_exception(self, error: Exception) -> None:
        """Scheduled work of the execution raised."""
        logger.error("durable runner", exc_info=error)


class LoopScheduler:
    """`scheduler.Scheduler` on the running event loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def create_event(self) -> LoopEvent:
        return LoopEvent()

    def call_later(
        self,
        func: Callable[[], Any],
        delay: float = 0,
        count: int | None = 1,  # noqa: ARG002
        completion_event: LoopEvent | None = None,
    ) -> asyncio.Task[None]:
        """Call a function, plain or async, once after a delay."""

        async def call() -> None:
            await asyncio.sleep(delay)
            try:
                result = func()
                if inspect.isawaitable(result):
                    await result
            except Exception as error:
                (completion_event or LoopEvent()).set_exception(error)

        task = asyncio.get_running_loop().create_task(call())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class InlineLane(SerialTaskLane):
    """A lane that runs its tasks in the caller, in order and never nested."""

    def __init__(self) -> None:
        self._tasks: collections.deque[tuple[Callable[[], Any], concurrent.futures.Future[Any]]] = collections.deque()
        self._busy = False
        self._ended = False

    def submit(self, fn: Callable[[], Any]) -> concurrent.futures.Future[Any]:
        """Run a task now, or after the one that is running."""
        if self._ended:
            raise RuntimeError("lane is stopped")
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._tasks.append((fn, future))
        if not self._busy:
            self._drain()
        return future

    def _drain(self) -> None:
        self._busy = True
        try:
            while self._tasks:
                fn, future = self._tasks.popleft()
                try:
                    future.set_result(fn())
                except Exception as error:
                    future.set_exception(error)
        finally:
            self._busy = False

    def stop(self, *, wait: bool = True) -> None:  # noqa: ARG002
        """Refuse further tasks; those that are queued still run."""
        self._ended = True


class InlineRegistry(ExecutionRegistry):
    """The executions' lanes, without threads."""

    def get_or_create(self, execution_arn: str) -> ExecutionWorker:
        """The lane of an execution."""
        worker = self._workers.get(execution_arn)
        if worker is None:
            worker = ExecutionWorker(execution_arn, self._store, self._scheduler, self, InlineLane())
            self._workers[execution_arn] = worker
        return worker


class FuturePool(concurrent.futures.Executor):
    """Stands where the executor has threads for invocations: ours return a future by themselves."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        """Call the function; the future it returns is the result."""
        return fn(*args, **kwargs)


HandlerCall = Callable[[DurableExecutionInvocationInput], concurrent.futures.Future[InvokeResponse]]


class HandlerInvoker(LambdaInvoker):
    """Builds invocation inputs as AWS's invoker does and has the handler called in a process."""

    def __init__(self, call: HandlerCall) -> None:
        super().__init__(None)
        self._call = call

    def invoke(  # noqa: PLR0917
        self,
        function_name: str,  # noqa: ARG002
        input: DurableExecutionInvocationInput,
        endpoint_url: str | None = None,  # noqa: ARG002
        tenant_id: str | None = None,  # noqa: ARG002
        account_id: str | None = None,  # noqa: ARG002
        region_name: str | None = None,  # noqa: ARG002
    ) -> InvokeResponse:
        """Call the handler; what comes back is a future, which `FuturePool` hands on."""
        return cast(InvokeResponse, self._call(input))


class Engine(Executor):
    """The executor with AWS-shaped execution ARNs and a hook for the end of an execution.

    Args:
        call: runs the handler once.
        on_end: called with the execution, possibly more than once.
    """

    INVOCATION_CEILING = 3600
    """Seconds. Above every function timeout: the process is what is timed, and killed."""

    def __init__(self, call: HandlerCall, on_end: Callable[[Execution], None]) -> None:
        self.store = InMemoryExecutionStore()
        scheduler = cast(Scheduler, LoopScheduler())
        super().__init__(
            store=self.store,
            scheduler=scheduler,
            invoker=HandlerInvoker(call),
            checkpoint_processor=CheckpointProcessor(self.store, scheduler),
            invocation_timeout_seconds=self.INVOCATION_CEILING,
            registry=InlineRegistry(self.store, scheduler),
            region=REGION,
        )
        self._invocation_pool = cast(Any, FuturePool())
        self._on_end = on_end

    def _create_execution(
        self, input: StartDurableExecutionInput, parent_execution_arn: str | None = None
    ) -> Execution:
        function = function_arn(input.function_name, input.function_qualifier)
        # The SDK finds the execution's own operation by the last part of the ARN.
        arn = f"{function}/durable-execution/{input.execution_name}/{input.invocation_id}"
        execution = Execution(durable_execution_arn=arn, start_input=input, operations=[])
        execution.region = self.region
        execution.parent_execution_arn = parent_execution_arn
        execution.start(now=self._clock.now())
        self.store.save(execution)
        return execution

    def _complete_events(self, execution_arn: str) -> None:
        super()._complete_events(execution_arn)
        self._on_end(self.store.load(execution_arn))
