"""Lambda's Runtime API, one port for each process.

The API names no process in its requests and awslambdaric takes no path prefix, so the port is
what tells which process asks. Source: AWS, "Using the Lambda runtime API" (version 2018-06-01).
"""

from __future__ import annotations

import json
import socket
import time
from typing import Protocol

from aiohttp import web

from local.config import HOST
from local.parts.functions.invocations import Invocation

BASE = "/2018-06-01/runtime"
KEEP_ALIVE = 24 * 60 * 60.0
"""Seconds. A process keeps one connection for its life, however long its handler takes."""


class Runtime(Protocol):
    """The process behind a port."""

    timeout: float

    async def next(self) -> Invocation: ...
    def answer(self, request_id: str, payload: bytes, *, failed: bool) -> bool: ...
    def init_failed(self, error: dict[str, object]) -> None: ...


class RuntimeApi:
    """The server. `open` a port before starting a process, `close` it when the process is gone."""

    def __init__(self) -> None:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.add_routes(
            [
                web.get(f"{BASE}/invocation/next", self._next),
                web.post(f"{BASE}/invocation/{{id}}/response", self._response),
                web.post(f"{BASE}/invocation/{{id}}/error", self._error),
                web.post(f"{BASE}/init/error", self._init_error),
            ]
        )
        self._runner = web.AppRunner(
            application, access_log=None, keepalive_timeout=KEEP_ALIVE, handler_cancellation=True
        )
        self._ports: dict[int, tuple[Runtime, web.SockSite]] = {}

    async def start(self) -> None:
        await self._runner.setup()

    async def open(self, runtime: Runtime) -> int:
        """Listen for one process; returns the port."""
        listener = socket.create_server((HOST, 0))
        listener.setblocking(False)
        port: int = listener.getsockname()[1]
        site = web.SockSite(self._runner, listener)
        self._ports[port] = (runtime, site)
        await site.start()
        return port

    async def close(self, port: int) -> None:
        """Stop listening for a process."""
        if entry := self._ports.pop(port, None):
            await entry[1].stop()

    def _runtime(self, request: web.Request) -> Runtime:
        name = request.transport.get_extra_info("sockname") if request.transport else None
        entry = self._ports.get(name[1]) if name else None
        if entry is None:
            raise web.HTTPGone
        return entry[0]

    async def _next(self, request: web.Request) -> web.Response:
        runtime = self._runtime(request)
        invocation = await runtime.next()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + runtime.timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(body=invocation.payload, content_type="application/json", headers=headers)

    async def _response(self, request: web.Request) -> web.Response:
        return self._accept(request, await request.read(), failed=False)

    async def _error(self, request: web.Request) -> web.Response:
        return self._accept(request, await request.read(), failed=True)

    def _accept(self, request: web.Request, payload: bytes, *, failed: bool) -> web.Response:
        if self._runtime(request).answer(request.match_info["id"], payload, failed=failed):
            return web.json_response({"status": "OK"}, status=202)
        return web.json_response({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}, status=400)

    async def _init_error(self, request: web.Request) -> web.Response:
        try:
            error = await request.json()
        except json.JSONDecodeError:
            error = {}
        self._runtime(request).init_failed(error if isinstance(error, dict) else {})
        return web.json_response({"status": "OK"}, status=202)
