"""The log of every hop."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession

from local.config import HOST, STAGE
from tests.local.parts.websocket.fake_lambda import Lambda
from tests.local.parts.websocket.running import TOKEN, Running, connection_id, logged


async def test_every_hop_is_logged_with_ids_but_without_bodies_or_tokens(
    functions: Lambda, start: Running, log: list[Any]
) -> None:
    stack = await start()
    async with ClientSession() as http, stack.connect() as client:
        identifier = await connection_id(functions)
        await client.send(json.dumps({"action": "chat", "request_id": "r-1", "prompt": "private words"}))
        event = await functions.wait("MESSAGE")
        url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{quote(identifier, safe='')}"
        for push in (
            {"event": "answer", "data": {"request_id": "r-1", "text": "private words"}},
            {"action": "get_vpn_status", "callback_id": "cb-1"},
        ):
            async with http.post(url, json=push) as response:
                assert response.status == 200
    await functions.wait("DISCONNECT")
    output = json.dumps(log)
    assert "private words" not in output
    assert TOKEN not in output
    by_event = {name: logged(log, name) for name in {line["event"] for line in log}}
    assert {"connection_opened", "message_received", "message_pushed", "connection_closed"} <= set(by_event)
    assert all(line["connection_id"] == identifier for line in log)
    received = by_event["message_received"][0]
    assert (received["route"], received["event_name"], received["request_id"]) == ("chat", "chat", "r-1")
    assert received["api_request_id"] == event["requestContext"]["requestId"]
    assert received["bytes"] == len(event["body"])
    answer, request = by_event["message_pushed"]
    assert (answer["event_name"], answer["request_id"]) == ("answer", "r-1")
    assert (request["event_name"], request["callback_id"]) == ("get_vpn_status", "cb-1")
