"""The limits of size and time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from websockets.exceptions import ConnectionClosed

from local.config import HOST, STAGE
from tests.local.parts.websocket.fake_lambda import Lambda
from tests.local.parts.websocket.running import Running, closed, connection_id


def _sized(size: int) -> str:
    return '{"action":"ping","x":"' + "x" * (size - 24) + '"}'


async def test_frame_of_32_kb_passes_and_a_larger_one_closes_with_1009(functions: Lambda, start: Running) -> None:
    async with (await start()).connect() as client:
        await client.send(_sized(32 * 1024))
        assert len((await functions.wait("MESSAGE"))["body"]) == 32 * 1024
        await client.send(_sized(32 * 1024 + 1))
        assert (await closed(client))[0] == 1009
    assert (await functions.wait("DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1009
    assert len(functions.of("MESSAGE")) == 1


async def test_message_of_128_kb_in_frames_passes_and_a_larger_one_closes(functions: Lambda, start: Running) -> None:
    def frames(size: int) -> list[str]:
        text = _sized(size)
        return [text[at : at + 16_384] for at in range(0, size, 16_384)]

    async with (await start()).connect() as client:
        await client.send(frames(128 * 1024))
        event = await functions.wait("MESSAGE")
        assert len(event["body"]) == 128 * 1024
        assert event["requestContext"]["routeKey"] == "ping"
        with contextlib.suppress(ConnectionClosed):
            await client.send(frames(128 * 1024 + 1))
        assert (await closed(client))[0] == 1009
    assert len(functions.of("MESSAGE")) == 1


async def test_idle_connection_is_closed_with_1001(functions: Lambda, start: Running) -> None:
    began = time.monotonic()
    async with (await start(idle_seconds=0.3)).connect() as client:
        assert await closed(client) == (1001, "Going away")
    assert 0.3 <= time.monotonic() - began < 1
    context = (await functions.wait("DISCONNECT"))["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")


@pytest.mark.parametrize("traffic", ["message", "ping", "push"])
async def test_any_traffic_restarts_the_idle_clock(functions: Lambda, start: Running, traffic: str) -> None:
    stack = await start(idle_seconds=0.4)
    url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/"
    async with ClientSession() as http, stack.connect() as client:
        identifier = await connection_id(functions)
        for _ in range(5):
            await asyncio.sleep(0.2)
            if traffic == "message":
                await client.send('{"action":"ping"}')
            elif traffic == "ping":
                await asyncio.wait_for(await client.ping(), 1)
            else:
                async with http.post(url + quote(identifier, safe=""), data=b"{}") as response:
                    assert response.status == 200
        assert client.state.name == "OPEN"
        assert (await closed(client))[0] == 1001


async def test_connection_is_closed_at_its_lifetime_despite_traffic(functions: Lambda, start: Running) -> None:
    began = time.monotonic()
    async with (await start(idle_seconds=5, lifetime_seconds=0.4)).connect() as client:
        with contextlib.suppress(ConnectionClosed):
            while time.monotonic() - began < 3:
                await client.send('{"action":"ping"}')
                await asyncio.sleep(0.05)
        assert await closed(client) == (1001, "Going away")
    assert time.monotonic() - began < 1
