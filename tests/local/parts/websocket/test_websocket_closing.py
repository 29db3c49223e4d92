"""What $disconnect tells of an end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.parts.websocket.fake_lambda import Event, Lambda, RaisedError
from tests.local.parts.websocket.running import Running, logged


@pytest.mark.parametrize(("code", "reason"), [(1000, "bye"), (4000, "own")])
async def test_disconnect_carries_the_clients_close(
    functions: Lambda, start: Running, code: int, reason: str, log: list[Any]
) -> None:
    async with (await start()).connect() as client:
        await client.close(code, reason)
    context = (await functions.wait("DISCONNECT"))["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
    line = logged(log, "connection_closed")[0]
    assert (line["code"], line["reason"]) == (code, reason)


async def test_lost_connection_is_disconnected_with_1006(functions: Lambda, start: Running) -> None:
    client = await (await start()).connect()
    await functions.wait("CONNECT")
    client.transport.abort()
    assert (await functions.wait("DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1006


async def test_failing_disconnect_changes_nothing(functions: Lambda, start: Running) -> None:
    async def manager(event: Event) -> Any:
        if event["requestContext"]["eventType"] == "DISCONNECT":
            raise RaisedError("boom")
        return {"statusCode": 200}

    functions.manager = manager
    stack = await start()
    async with stack.connect():
        pass
    await functions.wait("DISCONNECT")
    async with stack.connect():
        await functions.wait("CONNECT", 2)
