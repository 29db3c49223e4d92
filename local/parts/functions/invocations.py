"""One invocation of a function: what goes in, what comes out, and its two log lines."""

from __future__ import annotations

import asyncio
import json
import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.logs import get_logger

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Lambda's limit on a synchronous request and on a response."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended. `failed` is what Invoke reports as `FunctionError: Unhandled`."""

    request_id: str
    payload: bytes
    failed: bool = False
    duration_ms: float = 0.0
    billed_ms: int = 0


def failure(error_type: str, message: str) -> bytes:
    """The payload of an invocation that ended without an answer of the runtime."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def never_suspended(_payload: bytes) -> str:
    """The log status of an ordinary function's answer."""
    return "ok"


@dataclass(slots=True)
class Invocation:
    """A request on its way through a process.

    Args:
        function: name for the logs.
        payload: the event, as received.
        arn: what the caller invoked, qualifier included.
        client_context: JSON text for `context.client_context`.
        log_fields: further fields of its log lines.
        classify: gives the log status of a successful answer.
    """

    function: str
    payload: bytes
    arn: str
    client_context: str | None = None
    log_fields: Mapping[str, object] = field(default_factory=dict[str, object])
    classify: Callable[[bytes], str] = never_suspended
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _began: float = 0.0

    def begin(self) -> None:
        """A process takes it up: from here it is timed and billed."""
        self._began = time.perf_counter()
        get_logger().info(
            "invocation_started", function=self.function, aws_request_id=self.request_id, **self.log_fields
        )

    def finish(self, payload: bytes, error: str | None = None) -> None:
        """It ended.

        Args:
            payload: the answer.
            error: the log status of a failure (`error`, `timeout`), None for an answer of the handler.
        """
        if self.outcome.done():
            return
        if error is None and len(payload) > MAX_PAYLOAD_BYTES:
            error = "error"
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
            payload = failure("Function.ResponseSizeTooLarge", message)
        duration = (time.perf_counter() - self._began) * 1000 if self._began else 0.0
        # Lambda bills by the millisecond, rounded up.
        ended = Outcome(self.request_id, payload, error is not None, round(duration, 3), math.ceil(duration))
        get_logger().info(
            "invocation_finished",
            function=self.function,
            aws_request_id=self.request_id,
            duration_ms=ended.duration_ms,
            billed_ms=ended.billed_ms,
            status=error or self.classify(payload),
            **self.log_fields,
        )
        self.outcome.set_result(ended)
