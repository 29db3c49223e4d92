"""Durable executions: started by Invoke, run in processes, answered to whoever waits for them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import math
import os
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from aws_durable_execution_sdk_python.execution import DurableExecutionInvocationInput
from aws_durable_execution_sdk_python_testing.execution import Execution, ExecutionStatus
from aws_durable_execution_sdk_python_testing.invoker import InvokeResponse
from aws_durable_execution_sdk_python_testing.model import StartDurableExecutionInput

from local.config import ACCOUNT
from local.parts.functions.engine import Engine
from local.parts.functions.errors import LambdaError, invalid_parameter
from local.parts.functions.invocations import Invocation, Outcome
from local.parts.functions.table import Function
from local.parts.functions.workers import Pool
from services.contract.limits import MAX_EXECUTION_TIMEOUT
from services.logs import get_logger

NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
"""A DurableExecutionName, from the service model (botocore)."""
RETENTION_DAYS = 14
"""The service's default; here an execution is kept as long as the process runs."""
CORRELATION_IDS = ("session_id", "request_id", "tool_call_id")


class ClientContextRouting(StrEnum):
    """Which invocations of a durable function see the caller's ClientContext. AWS documents
    nothing; its SDK suggests that none does, so that is the default."""

    NEVER = "never"
    FIRST = "first"
    ALWAYS = "always"

    @classmethod
    def from_environment(cls) -> ClientContextRouting:
        """DESKSIDE_DURABLE_CLIENT_CONTEXT; never, unless it says otherwise."""
        return cls(os.environ.get("DESKSIDE_DURABLE_CLIENT_CONTEXT", cls.NEVER.value))


def log_status(payload: bytes) -> str:
    """The log status of a handler's output."""
    try:
        status = json.loads(payload).get("Status")
    except (ValueError, AttributeError):
        return "error"
    return {"SUCCEEDED": "ok", "PENDING": "suspended"}.get(status, "error")


def correlation_ids(payload: bytes) -> dict[str, str]:
    """The ids in an execution's input that tie its log lines to a session and a tool call."""
    try:
        document = json.loads(payload)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: document[name][:256] for name in CORRELATION_IDS if isinstance(document.get(name), str)}


@dataclass(slots=True)
class Run:
    """What we keep of an execution besides the engine's own record."""

    function: Function
    qualifier: str
    payload: bytes
    client_context: str | None
    ids: dict[str, str]
    arn: str = ""
    began: float = field(default_factory=time.perf_counter)
    invocations: int = 0
    busy_ms: float = 0.0
    billed_ms: int = 0
    invoking: bool = False
    logged: bool = False
    ended: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def fields(self) -> dict[str, object]:
        return {"execution": self.arn, **self.ids}


class DurableExecutions:
    """All executions of this process.

    Args:
        pool: gives the processes of a function.
        routing: who sees the caller's client context.
    """

    def __init__(self, pool: Callable[[Function], Pool], routing: ClientContextRouting) -> None:
        self._pool, self._routing = pool, routing
        self.engine = Engine(self._call_handler, self._on_end)
        self._runs: dict[str, Run] = {}
        self._named: dict[tuple[str, str], Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self,
        function: Function,
        qualifier: str,
        payload: bytes,
        *,
        name: str | None,
        client_context: str | None,
        synchronous: bool,
    ) -> Run:
        """Start an execution, or attach to the one of the same name and payload.

        Raises:
            LambdaError: a bad name, a name taken by another payload, or too long for a synchronous caller.
        """
        limit = function.execution_timeout or 0
        if synchronous and limit > MAX_EXECUTION_TIMEOUT:
            raise invalid_parameter(
                "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes."
            )
        if name is not None and not NAME.fullmatch(name):
            raise invalid_parameter(f"The durable execution name must match {NAME.pattern}.")
        name = name or str(uuid.uuid4())
        if earlier := self._named.get((function.name, name)):
            if earlier.payload != payload:
                raise LambdaError(
                    "DurableExecutionAlreadyStartedException",
                    f"A durable execution named {name} was already started with another payload.",
                    409,
                    {"DurableExecutionArn": earlier.arn},
                )
            return earlier
        run = Run(function, qualifier, payload, client_context, correlation_ids(payload))
        started = self.engine.start_execution(
            StartDurableExecutionInput(
                account_id=ACCOUNT,
                function_name=function.name,
                function_qualifier=function.version if qualifier != "$LATEST" else qualifier,
                execution_name=name,
                execution_timeout_seconds=limit,
                execution_retention_period_days=RETENTION_DAYS,
                invocation_id=str(uuid.uuid4()),
                input=payload.decode(),
            )
        )
        # The first invocation is scheduled, not made: nothing asks for the run before this.
        run.arn = str(started.execution_arn)
        self._runs[run.arn] = self._named[function.name, name] = run
        get_logger().info("execution_started", function=function.name, **run.fields)
        return run

    def _call_handler(self, envelope: DurableExecutionInvocationInput) -> concurrent.futures.Future[InvokeResponse]:
        answer: concurrent.futures.Future[InvokeResponse] = concurrent.futures.Future()

        async def call() -> None:
            try:
                answer.set_result(await self._invoke(envelope))
            except Exception as error:
                answer.set_exception(error)

        task = asyncio.get_running_loop().create_task(call())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return answer

    async def _invoke(self, envelope: DurableExecutionInvocationInput) -> InvokeResponse:
        run = self._runs[envelope.durable_execution_arn]
        run.invocations += 1
        ordinal = run.invocations
        if ordinal > 1:
            get_logger().info("execution_resumed", invocation=ordinal, **run.fields)
        first = ordinal == 1
        routed = self._routing is ClientContextRouting.ALWAYS or (first and self._routing is ClientContextRouting.FIRST)
        invocation = Invocation(
            run.function.name,
            json.dumps(envelope.to_json_dict(), separators=(",", ":")).encode(),
            run.function.arn(run.qualifier),
            run.client_context if routed else None,
            {**run.fields, "invocation": ordinal},
            log_status,
        )
        run.invoking = True
        try:
            outcome = await self._pool(run.function).invoke(invocation)
        finally:
            run.invoking = False
        run.busy_ms += outcome.duration_ms
        run.billed_ms += outcome.billed_ms
        if run.ended.done():
            self._log_end(run)
        elif not outcome.failed and log_status(outcome.payload) == "suspended":
            get_logger().info("execution_suspended", invocation=ordinal, **run.fields)
        if outcome.failed:
            fault = json.loads(outcome.payload)
            raise RuntimeError(f"{fault.get('errorType')}: {fault.get('errorMessage')}")
        return InvokeResponse.from_payload(outcome.payload, outcome.request_id)

    def _on_end(self, execution: Execution) -> None:
        run = self._runs[execution.durable_execution_arn]
        if run.ended.done():
            return
        run.ended.set_result(self._outcome(execution, run))
        # An invocation that is still running belongs to the bill.
        if not run.invoking:
            self._log_end(run)

    def _log_end(self, run: Run) -> None:
        if run.logged:
            return
        run.logged = True
        duration = (time.perf_counter() - run.began) * 1000
        status = self.engine.store.load(run.arn).current_status().value
        get_logger().info(
            "execution_finished",
            function=run.function.name,
            status=status,
            invocations=run.invocations,
            billed_ms=run.billed_ms,
            waited_ms=round(max(0.0, duration - run.busy_ms), 3),
            duration_ms=round(duration, 3),
            **run.fields,
        )

    @staticmethod
    def _outcome(execution: Execution, run: Run) -> Outcome:
        """What a synchronous caller gets: the handler's own result, or the error."""
        output = execution.result
        duration = (time.perf_counter() - run.began) * 1000
        request_id = execution.start_input.invocation_id or ""
        status = execution.current_status()
        if status is ExecutionStatus.SUCCEEDED:
            result = output.result if output and output.result else "null"
            return Outcome(request_id, result.encode(), duration_ms=duration, billed_ms=math.ceil(duration))
        error = output.error if output else None
        fault: dict[str, object] = {
            "errorMessage": (error.message if error else None) or f"Execution {status.value.lower()}.",
            # Our own names where the service's are not documented.
            "errorType": (error.type if error else None) or f"DurableExecution.{status.value.title().replace('_', '')}",
            "stackTrace": list((error.stack_trace if error else None) or []),
        }
        if error and error.data is not None:
            fault["errorData"] = error.data
        return Outcome(request_id, json.dumps(fault).encode(), failed=True, duration_ms=duration)
