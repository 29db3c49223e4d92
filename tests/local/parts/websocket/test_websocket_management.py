"""The management API."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from local.config import HOST, STAGE
from tests.local.parts.websocket.fake_lambda import Event, Lambda
from tests.local.parts.websocket.running import Running, closed, connection_id


async def test_push_get_and_delete_with_boto3(functions: Lambda, start: Running) -> None:
    stack = await start()
    api = stack.client()
    async with stack.connect(user_agent_header="test/1") as client:
        identifier = await connection_id(functions)
        posted = await asyncio.to_thread(api.post_to_connection, ConnectionId=identifier, Data='{"é":1}'.encode())
        assert posted["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert await asyncio.wait_for(client.recv(), 2) == '{"é":1}'
        found = await asyncio.to_thread(api.get_connection, ConnectionId=identifier)
        assert found["ConnectedAt"] <= found["LastActiveAt"]
        assert abs(found["LastActiveAt"].timestamp() - time.time()) < 5
        assert found["Identity"] == {"SourceIp": HOST, "UserAgent": "test/1"}
        deleted = await asyncio.to_thread(api.delete_connection, ConnectionId=identifier)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert (await closed(client))[0] == 1000
    for call in (api.get_connection, api.delete_connection):
        with pytest.raises(api.exceptions.GoneException):
            await asyncio.to_thread(call, ConnectionId=identifier)
    with pytest.raises(api.exceptions.GoneException):
        await asyncio.to_thread(api.post_to_connection, ConnectionId="L0SM9cOFvHcCIhw=", Data=b"{}")


async def test_push_before_the_connection_is_established_is_gone(functions: Lambda, start: Running) -> None:
    stack = await start()
    statuses: list[int] = []

    async def manager(event: Event) -> Any:
        context = event["requestContext"]
        if context["eventType"] == "CONNECT":
            url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{quote(context['connectionId'])}"
            async with ClientSession() as http, http.post(url, data=b"{}") as response:
                statuses.append(response.status)
                assert response.headers["x-amzn-errortype"] == "GoneException"
        return {"statusCode": 200}

    functions.manager = manager
    async with stack.connect():
        await functions.wait("CONNECT")
    assert statuses == [410]


@pytest.mark.parametrize("extra", [1, 2 * 1024 * 1024])
async def test_push_over_128_kb_is_too_large(functions: Lambda, start: Running, extra: int) -> None:
    stack = await start()
    api = stack.client()
    async with stack.connect(max_size=None) as client:
        identifier = await connection_id(functions)
        data = b"x" * (128 * 1024)
        await asyncio.to_thread(api.post_to_connection, ConnectionId=identifier, Data=data)
        assert len(await asyncio.wait_for(client.recv(), 3)) == 128 * 1024
        with pytest.raises(api.exceptions.PayloadTooLargeException):
            await asyncio.to_thread(api.post_to_connection, ConnectionId=identifier, Data=data + b"x" * extra)


@pytest.mark.parametrize(("size", "fragments"), [(32 * 1024, 1), (100 * 1024, 4)])
async def test_large_push_is_sent_in_frames_of_at_most_32_kb(
    functions: Lambda, start: Running, size: int, fragments: int
) -> None:
    stack = await start()
    text = ("é" * size)[: size // 2]
    # A client that takes no larger frame proves it.
    async with stack.connect(max_size=(None, 32 * 1024)) as client, ClientSession() as http:
        path = quote(await connection_id(functions), safe="")
        url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{path}"
        async with http.post(url, data=text.encode()) as response:
            assert response.status == 200
        received = [part async for part in client.recv_streaming(decode=False)]
    assert b"".join(received).decode() == text
    assert len([part for part in received if part]) == fragments


async def test_client_that_does_not_read_is_limited(functions: Lambda, start: Running) -> None:
    stack = await start(client_buffer_bytes=256 * 1024)
    async with ClientSession() as http, stack.connect(close_timeout=0.1) as client:
        client.transport.pause_reading()
        path = quote(await connection_id(functions), safe="")
        url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{path}"
        statuses: list[int] = []
        for _ in range(200):
            async with http.post(url, data=b"x" * 128 * 1024) as response:
                statuses.append(response.status)
                if response.status != 200:
                    assert response.headers["x-amzn-errortype"] == "LimitExceededException"
                    break
        assert statuses[-1] == 429
        client.transport.abort()


async def test_other_paths_are_forbidden_and_health_is_not(start: Running) -> None:
    stack = await start()
    async with ClientSession() as http:
        for path, status in (("/health", 200), ("/prod/@connections/a%3D", 403), ("/", 403)):
            async with http.get(f"http://{HOST}:{stack.management_port}{path}") as response:
                assert response.status == status
