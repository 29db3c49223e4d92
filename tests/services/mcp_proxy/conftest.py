"""mcp-proxy in AWS's own test runner for durable functions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aws_durable_execution_sdk_python.lambda_service import ErrorObject
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
from aws_durable_execution_sdk_python_testing.executor import Executor

from local.config import CONNECTIONS_TABLE, REQUESTS_TABLE
from services import aws
from services.contract.messages import AsyncCallback
from services.mcp_proxy import handler as module
from services.stores.requests import PendingRequest, PendingRequests
from services.ws_manager.callbacks import CallbackDesk
from tests.services.fakes import SESSION, FakeLambda, FakeSockets

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TRUSTED = {"session_id": SESSION, "request_id": "req-1", "tool_call_id": "call-1"}


class SandboxKilledError(BaseException):
    """Lambda kills the process: nothing in the handler can catch it."""


class Execution:
    """One tool call on its way."""

    def __init__(self, proxy: Proxy, arn: str) -> None:
        self._proxy, self._runner, self._arn = proxy, proxy.runner, arn
        self.operations: list[Any] = []

    def suspended(self) -> str:
        """Wait until the handler has suspended; the durable callback's id."""
        return self._runner.wait_for_callback(self._arn, timeout=10)

    def request(self) -> PendingRequest:
        """What is recorded for the Mac."""
        self.suspended()
        [request] = self._proxy.pending.waiting(SESSION)
        return request

    def answered(self, content: str) -> dict[str, Any]:
        """The Mac's content reaches Lambda."""
        self._runner.send_callback_success(self.suspended(), content.encode())
        return self.result()

    def refused(self, code: str, message: str = "") -> dict[str, Any]:
        """The Mac's refusal reaches Lambda, through ws-manager's own code."""
        answer = {"action": "async_callback", "callback_id": self.request().callback_id}
        message_ = AsyncCallback.model_validate({**answer, "error": {"code": code, "message": message}})
        sent = FakeLambda()
        assert CallbackDesk(self._proxy.pending, sent.client).answer(SESSION, message_) is None
        [(durable, error)] = sent.failed
        return self.failed(durable, ErrorObject.from_dict(dict(error)))

    def failed(self, durable: str, error: ErrorObject | None) -> dict[str, Any]:
        self._runner.send_callback_failure(durable, error)
        return self.result()

    def result(self) -> dict[str, Any]:
        """The tool result, once the execution has ended well."""
        ended = self._runner.wait_for_result(self._arn, timeout=15)
        assert ended.status.value == "SUCCEEDED", ended.error
        self.operations = ended.operations
        [block] = json.loads(str(ended.result))["content"]
        assert block.keys() == {"type", "text"}
        assert block["type"] == "text"
        return json.loads(block["text"])

    def steps(self) -> list[tuple[str, str]]:
        return [(operation.operation_type.value, operation.name) for operation in self.operations]


class Proxy:
    """The function, warm, with a fresh process' settings."""

    def __init__(self, pending: PendingRequests) -> None:
        self.pending = pending
        self.invocations = 0
        self.tool_name: Callable[[int], str | None] = lambda _: None
        """What the Gateway's client context says at each invocation, counted from 1."""
        self._lock = threading.Lock()
        self.runner = DurableFunctionTestRunner(self._invoke, poll_interval=0.005)

    def _invoke(self, event: Any, context: Any) -> Any:
        with self._lock:
            self.invocations += 1
            name = self.tool_name(self.invocations)
        if name is not None:
            named = SimpleNamespace(custom={"bedrockAgentCoreToolName": name})
            context = replace(context, client_context=named)
        try:
            return module.handler(event, context)
        except SandboxKilledError:
            raise RuntimeError("the sandbox is gone") from None

    def call(self, **arguments: Any) -> Execution:
        return self.event({**TRUSTED, **arguments})

    def event(self, event: object) -> Execution:
        return Execution(self, self.runner.run_async(json.dumps(event)))


@pytest.fixture
def proxy(
    monkeypatch: pytest.MonkeyPatch,
    dynamodb: DynamoDBClient,
    pending: PendingRequests,
    sockets: FakeSockets,
    pauses: list[float],
) -> Iterator[Proxy]:
    monkeypatch.setenv("CONNECTIONS_TABLE", CONNECTIONS_TABLE)
    monkeypatch.setenv("REQUESTS_TABLE", REQUESTS_TABLE)
    monkeypatch.setenv("WEBSOCKET_MANAGEMENT_URL", "http://127.0.0.1:9/prod")
    monkeypatch.setattr(aws, "dynamodb", lambda: dynamodb)
    monkeypatch.setattr(aws, "management", lambda url: sockets)
    module._dependencies.cache_clear()
    monkeypatch.setattr(Executor, "RETRY_BACKOFF_SECONDS", 0)
    made = Proxy(pending)
    with made.runner:
        yield made
    module._dependencies.cache_clear()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than a second. Ask for it before `proxy`."""
    monkeypatch.setenv("CALLBACK_SECONDS_LIMIT", "1")
