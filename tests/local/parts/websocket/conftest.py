"""Fixtures of the WebSocket part's tests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from local.config import HOST
from tests.local.parts.processes import free_port
from tests.local.parts.websocket.fake_lambda import Lambda
from tests.local.parts.websocket.running import Running


@pytest.fixture
async def functions() -> AsyncIterator[Lambda]:
    fake = Lambda(free_port())
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_post("/2015-03-31/functions/{name}/invocations", fake.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, fake.port).start()
    yield fake
    await runner.cleanup()


@pytest.fixture
async def start(functions: Lambda) -> AsyncIterator[Running]:
    async with contextlib.AsyncExitStack() as stack:
        yield Running(functions, stack)


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """The lines logged during a test."""
    with capture_logs() as lines:
        yield lines
