"""Receives the browser's redirect at the end of a sign-in, on this machine."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web

from local.client.settings import is_loopback

_DONE = "<!doctype html><title>Signed in</title><p>You can close this window and go back to the terminal."


@asynccontextmanager
async def redirect_listener(redirect_uri: str, state: str) -> AsyncIterator[asyncio.Future[dict[str, str]]]:
    """Listen at `redirect_uri`; yields a future of the query parameters the issuer sent back.

    Raises:
        ValueError: `redirect_uri` is not an address of this machine.
        OSError: its port is taken.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or not is_loopback(redirect_uri):
        raise ValueError(f"redirect_uri must be an http:// address of this machine, not {redirect_uri}")
    arrived: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def receive(request: web.Request) -> web.Response:
        # Any page can send a browser here. A wrong state is turned away and the wait goes on,
        # so that a forged redirect can neither sign in nor abort a sign-in.
        if not secrets.compare_digest(request.query.get("state", "").encode(), state.encode()):
            return web.Response(status=400, text="This sign-in was not started here.")
        if not arrived.done():
            arrived.set_result(dict(request.query))
        return web.Response(text=_DONE, content_type="text/html")

    application = web.Application()
    application.router.add_get(parts.path or "/", receive)
    # The access log would hold the authorization code.
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, parts.hostname, parts.port or 80).start()
        yield arrived
    finally:
        await runner.cleanup()
