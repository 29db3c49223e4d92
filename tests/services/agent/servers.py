"""Real servers on loopback ports: a token endpoint and an MCP server that can misbehave."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import uvicorn
from mcp.server.lowlevel.server import Server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent, Tool

from services.agent.machine_token import MachineToken
from services.contract.tools import REGISTRY

CLIENT_ID = "machine"
SECRET = "s3cr3t-of-the-machine"
SCOPE = "gateway/invoke"
STATUS = {"status": "connected", "message": "VPN status retrieved from client."}


class TokenServer(ThreadingHTTPServer):
    """Cognito's `/oauth2/token`: hands out token-1, token-2 and so on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TokenHandler)
        self.url = f"http://127.0.0.1:{self.server_port}/oauth2/token"
        self.secret = SECRET
        self.lifetime: object = 3600
        self.seconds = 0.0
        self.instead: deque[tuple[int, str]] = deque()
        """Status and body of the next answers, instead of a token."""
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Authorization and form of each request."""
        self.given = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, authorization: str, form: dict[str, str]) -> tuple[int, str]:
        time.sleep(self.seconds)
        with self._counting:
            self.requests.append((authorization, form))
            if self.instead:
                return self.instead.popleft()
            expected = base64.b64encode(f"{CLIENT_ID}:{self.secret}".encode()).decode()
            if authorization != f"Basic {expected}":
                return 401, '{"error": "invalid_client"}'
            self.given += 1
            return 200, json.dumps({"access_token": f"token-{self.given}", "expires_in": self.lifetime})

    def token(self, secret: Callable[[], str] = lambda: SECRET) -> MachineToken:
        """A machine token fetched here."""
        return MachineToken(self.url, CLIENT_ID, secret, SCOPE)


class _TokenHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        server = cast(TokenServer, self.server)
        status, text = server.answer(self.headers["Authorization"], dict(parse_qsl(body)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None: ...


def text_result(text: str, *, is_error: bool = False) -> CallToolResult:
    """An MCP result of one text block."""
    return CallToolResult(content=[TextContent(text=text)], is_error=is_error)


class McpGateway:
    """An MCP server of the SDK, in a thread of its own.

    Args:
        stateless: false for a server of the protocol before 2026-07-28, which keeps sessions and
            forgets them when it restarts.
    """

    def __init__(self, *, stateless: bool = True) -> None:
        self.stateless = stateless
        self.accepted: set[str] | None = None
        """Tokens that are let in; None lets everybody in."""
        self.refused = 0
        self.stuck = False
        """Requests are read and never answered."""
        self.instead: deque[int] = deque()
        """HTTP status of the next tool calls, which no tool gets to see."""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.listed = 0
        """Pages of tools asked for; the agent does it once a session."""
        self.pages: int | None = None
        self.answer: Callable[[str, dict[str, Any]], Awaitable[CallToolResult]] = self._status
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve, with no memory of earlier sessions."""
        mcp = Server("gateway", on_list_tools=self._list, on_call_tool=self._call)
        self._app = mcp.streamable_http_app(json_response=True, stateless_http=self.stateless)
        # Declared as whole seconds, used as asyncio's timeout.
        config = uvicorn.Config(
            self._guarded, port=self.port, log_config=None, interface="asgi3", timeout_graceful_shutdown=cast(int, 0.05)
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        """Close every connection, answered or not."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._server = None

    def restart(self) -> None:
        """Stop, forget, and serve again at the same address."""
        self.stop()
        self.start()

    def answers(self, text: str, *, is_error: bool = False) -> None:
        """Answer every call with this text."""

        async def answer(_: str, __: dict[str, Any]) -> CallToolResult:
            return text_result(text, is_error=is_error)

        self.answer = answer

    async def _status(self, _: str, __: dict[str, Any]) -> CallToolResult:
        return text_result(json.dumps(STATUS))

    async def _list(self, _: Any, params: Any) -> ListToolsResult:
        page = int(params.cursor) if params and params.cursor else 0
        tools: list[Tool] = []
        for declared in REGISTRY.tools:
            schema: Any = declared.gateway_schema()
            tools.append(
                Tool(
                    name=f"mac___{declared.name}", description=declared.description, input_schema=schema["inputSchema"]
                )
            )
        if self.pages is None:
            return ListToolsResult(tools=tools)
        return ListToolsResult(tools=[tools[page]], next_cursor=str(page + 1) if page + 1 < self.pages else None)

    async def _call(self, _: Any, call: CallToolRequestParams) -> CallToolResult:
        self.calls.append((call.name, call.arguments or {}))
        return await self.answer(call.name, call.arguments or {})

    async def _guarded(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        if self.accepted is not None and token not in self.accepted:
            self.refused += 1
            await _respond(send, 401)
            return
        if self.stuck:
            await asyncio.sleep(60)
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            chunk = await receive()
            body, more = body + chunk.get("body", b""), chunk.get("more_body", False)
        self.listed += b'"tools/list"' in body
        if not self.stateless and b'"server/discover"' in body:
            # Sessions are a thing of the protocol before 2026-07-28, which has no discovery.
            await _respond(send, 400)
            return
        if self.instead and b'"tools/call"' in body:
            await _respond(send, self.instead.popleft())
            return
        read = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Any:
            return read.pop() if read else await receive()

        await self._app(scope, again, send)


async def _respond(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
