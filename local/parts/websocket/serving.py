"""Runs data plane and management API in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator

from aiohttp import web
from websockets.asyncio.server import serve

from local.parts.websocket.api import WebSocketApi
from local.parts.websocket.connection import ClientSocket
from local.parts.websocket.functions import Functions
from local.parts.websocket.limits import Limits
from local.parts.websocket.management import application
from services.logs import get_logger

CLOSING_SECONDS = 2.0
"""How long a client may take to answer a close frame. Our own figure."""

STOPPING_SECONDS = 0.3
"""How long open connections are told goodbye when this part is stopped."""


@contextlib.asynccontextmanager
async def running(
    limits: Limits, functions_url: str, data: socket.socket, management: socket.socket
) -> AsyncIterator[WebSocketApi]:
    """Serve on two listening sockets for as long as the context is open."""
    async with Functions(functions_url, limits.integration_seconds) as functions:
        api = WebSocketApi(functions, limits)
        server = await serve(
            api.converse,
            sock=data,
            process_request=api.admit,
            create_connection=ClientSocket,
            max_size=(limits.message_bytes, limits.frame_bytes),
            # AWS sends no pings of its own and does not compress.
            ping_interval=None,
            compression=None,
            # The handshake holds the authorizer and $connect, one after the other.
            open_timeout=2 * limits.integration_seconds + 5,
            close_timeout=CLOSING_SECONDS,
            # Pushes must not wait for a slow client: `Connection.send` refuses them instead.
            write_limit=2 * limits.client_buffer_bytes,
            server_header=None,
        )
        runner = web.AppRunner(application(api), access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, management).start()
        try:
            yield api
        finally:
            server.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOPPING_SECONDS):
                    await server.wait_closed()
            await runner.cleanup()


async def serve_until_stopped(
    limits: Limits, functions_url: str, data: socket.socket, management: socket.socket
) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with running(limits, functions_url, data, management):
        get_logger().info("started")
        await stopped.wait()
