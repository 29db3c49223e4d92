"""The agent's connection to the AgentCore Gateway: MCP over streamable HTTP."""

from __future__ import annotations

import asyncio
import contextvars
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from strands.tools.mcp import MCPAgentTool, MCPClient
from strands.types.exceptions import MCPClientInitializationError
from strands.types.tools import ToolSpec

from services.agent.machine_token import BearerAuth, MachineToken, TokenUnavailableError
from services.contract.results import Failure, failure
from services.logs import get_logger

STARTUP_SECONDS = 15
"""How long opening an MCP session may take. Our own figure."""

NOT_SENT = (
    "Session terminated",
    "Session not found",
    "client session is not running",
    "client session was not initialized",
)
"""What strands, mcp and MCP servers say when a call was refused before it reached a tool: the
server forgot our session (HTTP 404), or the connection is gone. Only these calls are safe to
repeat."""


@dataclass(frozen=True, slots=True)
class GatewayTool:
    """A tool as the Gateway offers it."""

    name: str
    """`target___tool`."""
    spec: ToolSpec


class Gateway:
    """One MCP session for this process, opened when needed and reopened when it died.

    Args:
        url: the Gateway's MCP endpoint.
        token: the machine token for it.
        call_seconds: deadline of one tool call; a Gateway that never answers must not hold a turn.
    """

    def __init__(self, url: str, token: MachineToken, call_seconds: float) -> None:
        self._url = url
        self._token = token
        self._call_seconds = call_seconds
        self._client: MCPClient | None = None
        self._tools: list[GatewayTool] = []
        self._opening = asyncio.Lock()

    async def tools(self) -> list[GatewayTool]:
        """What the Gateway offers; raise MCPClientInitializationError when it cannot be reached."""
        await self._open()
        return list(self._tools)

    async def call(self, name: str, tool_call_id: str, arguments: dict[str, Any]) -> dict[str, object]:
        """Call a tool and return its result, which is a typed failure when the call failed."""
        for last in (False, True):
            client: MCPClient | None = None
            try:
                # Here a refresh that fails is this call's failure alone.
                await asyncio.to_thread(self._token.get)
                client = await self._open()
                async with asyncio.timeout(self._call_seconds):
                    answer = await client.call_tool_async(
                        tool_call_id,
                        name,
                        arguments,
                        # A backstop inside the deadline's own unit of work; ours fires first.
                        read_timeout_seconds=timedelta(seconds=self._call_seconds + 5),
                    )
            except TimeoutError:
                get_logger().error("tool_deadline_passed", seconds=self._call_seconds)
                return _failure(Failure.TIMED_OUT, "gateway_timeout")
            except TokenUnavailableError as error:
                get_logger().error("machine_token_unavailable", reason=str(error))
                return _failure(Failure.FAILED, "gateway_unreachable")
            except MCPClientInitializationError as error:
                get_logger().error("gateway_unreachable", reason=_short(error))
                if last:
                    return _failure(Failure.FAILED, "gateway_unreachable")
                await self._close(client)
                continue
            texts = [block["text"] for block in answer["content"] if "text" in block]
            if answer["status"] != "error":
                return _decode_result("\n".join(texts))
            reason = " ".join(texts)[:300]
            get_logger().error("tool_call_failed", reason=reason)
            if "isError" in answer:
                # The tool itself says so: the call was made, and the session is sound.
                return _failure(Failure.FAILED, "gateway_error")
            # Whatever went wrong, the next call starts from a session known to be good.
            await self._close(client)
            if last or not any(sign in reason for sign in NOT_SENT):
                return _failure(Failure.FAILED, "gateway_error")
        raise AssertionError("unreachable")

    async def _open(self) -> MCPClient:
        async with self._opening:
            client = self._client
            if client is not None and client._is_session_active():  # pyright: ignore[reportPrivateUsage]
                return client
            if client is not None:
                get_logger().warning("gateway_session_reopened")
                self._client = None
                _retire(client)
            client = MCPClient(url=self._url, auth_provider=BearerAuth(self._token), startup_timeout=STARTUP_SECONDS)
            self._tools = await _connect(client)
            self._client = client
            get_logger().info("gateway_session_opened", tools=[tool.name for tool in self._tools])
            return client

    async def _close(self, client: MCPClient | None) -> None:
        """Give up a session, unless another call has done so already.

        Calls that are under way on it keep their connection until their deadline.
        """
        async with self._opening:
            if client is not None and client is self._client:
                self._client = None
                asyncio.get_running_loop().call_later(self._call_seconds, _retire, client)


async def _connect(client: MCPClient) -> list[GatewayTool]:
    """Open the session and list its tools; raise MCPClientInitializationError when that fails.

    It has a thread of its own: where a server accepts and never answers, MCPClient outstays its
    timeout until HTTP gives up, and the thread pool is what pushes need.
    """
    connected: Future[list[GatewayTool]] = Future()
    connected.set_running_or_notify_cancel()

    def connect() -> None:
        try:
            client.start()
            connected.set_result(_list_tools(client))
        except Exception as error:
            connected.set_exception(error)

    _in_background(connect)
    try:
        async with asyncio.timeout(STARTUP_SECONDS):
            return await asyncio.wrap_future(connected)
    except BaseException as error:
        connected.add_done_callback(lambda _: _retire(client))
        if isinstance(error, MCPClientInitializationError) or not isinstance(error, Exception):
            raise
        raise MCPClientInitializationError(_short(error)) from error


def _retire(client: MCPClient) -> None:
    """Stop a client without waiting for it: a dead server may take its time to be left."""

    def stop() -> None:
        try:
            client.stop(None, None, None)
        except RuntimeError as error:
            get_logger().warning("gateway_session_lost", reason=_short(error.__cause__ or error))

    _in_background(stop)


def _in_background(work: Callable[[], None]) -> None:
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), daemon=True).start()


def _list_tools(client: MCPClient) -> list[GatewayTool]:
    found: list[GatewayTool] = []
    page_token: str | None = None
    while True:
        page = client.list_tools_sync(pagination_token=page_token)
        offered: list[MCPAgentTool] = list(page)
        found.extend(GatewayTool(tool.mcp_tool.name, tool.tool_spec) for tool in offered)
        page_token = page.pagination_token
        if page_token is None:
            return found


def _decode_result(text: str) -> dict[str, object]:
    """The result in a tool's text. Whether the Gateway unwraps the Lambda's `content` list or
    passes it on as text is not documented, so both are understood."""
    try:
        decoded: object = json.loads(text)
    except (ValueError, RecursionError):
        return _failure(Failure.FAILED, "unreadable_result")
    if isinstance(decoded, Mapping):
        result = cast(Mapping[str, object], decoded)
        content = result.get("content")
        if "status" not in result and isinstance(content, list) and content:
            inner = cast(list[object], content)[0]
            wrapped = cast(Mapping[str, object], inner).get("text") if isinstance(inner, Mapping) else None
            if isinstance(wrapped, str):
                return _decode_result(wrapped)
        if isinstance(result.get("status"), str):
            return dict(result)
    return _failure(Failure.FAILED, "unreadable_result")


def _failure(kind: Failure, reason: str) -> dict[str, object]:
    return dict(failure(kind, reason=reason))


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
