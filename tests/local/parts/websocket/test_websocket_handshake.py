"""The handshake, and the $connect behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.config import STAGE
from tests.local.parts.websocket.fake_lambda import Event, Lambda, RaisedError
from tests.local.parts.websocket.running import Running, connection_id, refused


@pytest.mark.parametrize(("answer", "status"), [({"statusCode": 403}, 403), ({"statusCode": 503}, 503), ("x", 502)])
async def test_connect_answer_refuses_the_handshake(
    functions: Lambda, start: Running, answer: Any, status: int
) -> None:
    async def manager(_event: Event) -> Any:
        return answer

    functions.manager = manager
    stack = await start()
    assert await refused(stack) == status
    client = stack.client()
    with pytest.raises(client.exceptions.GoneException):
        await asyncio.to_thread(client.get_connection, ConnectionId=await connection_id(functions))


async def test_connect_that_raises_or_hangs_is_refused(functions: Lambda, start: Running) -> None:
    async def raises(_event: Event) -> Any:
        raise RaisedError("KeyError")

    async def hangs(_event: Event) -> Any:
        await asyncio.sleep(5)

    functions.manager = raises
    stack = await start(integration_seconds=0.2)
    assert await refused(stack) == 502
    functions.manager = hangs
    assert await refused(stack) == 504


@pytest.mark.parametrize("path", ["/", "/prod", f"/{STAGE}/more", f"/{STAGE}x"])
async def test_wrong_stage_is_403(functions: Lambda, start: Running, path: str) -> None:
    assert await refused(await start(), path=path) == 403
    assert functions.authorizations == []


async def test_client_that_leaves_during_connect_is_disconnected(functions: Lambda, start: Running) -> None:
    gate = asyncio.Event()

    async def manager(event: Event) -> Any:
        if event["requestContext"]["eventType"] == "CONNECT":
            await gate.wait()
        return {"statusCode": 200}

    functions.manager = manager
    stack = await start()
    attempt = asyncio.ensure_future(stack.connect().__aenter__())
    await functions.wait("CONNECT")
    attempt.cancel()
    await asyncio.sleep(0.1)
    gate.set()
    disconnect = await functions.wait("DISCONNECT")
    assert disconnect["requestContext"]["connectionId"] == await connection_id(functions)


async def test_server_sends_no_pings_of_its_own(start: Running) -> None:
    async with (await start()).connect() as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        assert "Server" not in client.response.headers
