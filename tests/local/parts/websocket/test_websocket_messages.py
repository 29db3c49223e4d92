"""Messages and what becomes of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.local.parts.websocket.fake_lambda import Event, Lambda, RaisedError
from tests.local.parts.websocket.running import Running, connection_id, refused


async def test_failed_integration_is_told_to_the_client(functions: Lambda, start: Running) -> None:
    answers: list[Any] = [RaisedError("boom"), None, {"body": "no status"}]

    async def manager(event: Event) -> Any:
        if event["requestContext"]["eventType"] != "MESSAGE":
            return {"statusCode": 200}
        answer = answers.pop(0)
        if isinstance(answer, RaisedError):
            raise answer
        return answer

    functions.manager = manager
    async with (await start()).connect() as client:
        for number in (1, 2, 3):
            await client.send('{"action":"ping"}')
            frame = json.loads(await asyncio.wait_for(client.recv(), 3))
            context = (await functions.wait("MESSAGE", number))["requestContext"]
            assert frame == {
                "message": "Internal server error",
                "connectionId": context["connectionId"],
                "requestId": context["requestId"],
            }


async def test_answer_of_a_message_is_not_sent_and_its_status_not_minded(functions: Lambda, start: Running) -> None:
    async def manager(event: Event) -> Any:
        return {"statusCode": 500 if event["requestContext"]["eventType"] == "MESSAGE" else 200, "body": "x"}

    functions.manager = manager
    async with (await start()).connect() as client:
        await client.send('{"action":"ping"}')
        await functions.wait("MESSAGE")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.2)


async def test_slow_integration_times_out_and_the_connection_stays(functions: Lambda, start: Running) -> None:
    async def manager(event: Event) -> Any:
        if event.get("body") == "slow":
            await asyncio.sleep(5)
        return {"statusCode": 200}

    functions.manager = manager
    async with (await start(integration_seconds=0.2)).connect() as client:
        await client.send("slow")
        frame = json.loads(await asyncio.wait_for(client.recv(), 3))
        assert frame["message"] == "Endpoint request timed out"
        assert frame["connectionId"] == await connection_id(functions)
        await client.send('{"action":"ping"}')
        await functions.wait("MESSAGE", 2)


async def test_unreachable_lambda_is_500_and_lambda_error_502(functions: Lambda, start: Running) -> None:
    stack = await start()
    functions.status = 429
    assert await refused(stack) == 500
    functions.status = 200
    async with stack.connect() as client:
        functions.status = 500
        await client.send('{"action":"ping"}')
        assert json.loads(await asyncio.wait_for(client.recv(), 3))["message"] == "Internal server error"


async def test_deliveries_of_one_connection_run_at_once_but_bounded(functions: Lambda, start: Running) -> None:
    gate, running_now, most = asyncio.Event(), 0, 0

    async def manager(event: Event) -> Any:
        nonlocal running_now, most
        if event["requestContext"]["eventType"] == "MESSAGE":
            running_now += 1
            most = max(most, running_now)
            await gate.wait()
            running_now -= 1
        return {"statusCode": 200}

    functions.manager = manager
    async with (await start(in_flight=4)).connect() as client:
        for _ in range(12):
            await client.send('{"action":"ping"}')
        await functions.wait("MESSAGE", 4)
        await asyncio.sleep(0.2)
        assert len(functions.of("MESSAGE")) == 4
        gate.set()
        await functions.wait("MESSAGE", 12)
    assert most == 4


async def test_throttled_message_is_told_and_not_delivered(functions: Lambda, start: Running) -> None:
    async with (await start(rate=0.001, burst=2)).connect() as client:
        for _ in range(3):
            await client.send('{"action":"ping"}')
        assert json.loads(await asyncio.wait_for(client.recv(), 3))["message"] == "Too Many Requests"
        await functions.wait("MESSAGE", 2)
        await asyncio.sleep(0.1)
    assert len(functions.of("MESSAGE")) == 2
