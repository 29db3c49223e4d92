"""Running WebSocket APIs, and what tests ask of them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.config import HOST, STAGE
from local.parts.listening import claim
from local.parts.websocket.limits import Limits
from local.parts.websocket.serving import running
from tests.local.parts.processes import free_port
from tests.local.parts.websocket.fake_lambda import Lambda

TOKEN = "header.body.signature"


@dataclass
class Stack:
    """A running API."""

    port: int
    management_port: int

    def connect(self, path: str = f"/{STAGE}", token: str | None = TOKEN, **options: Any) -> connect:
        headers = {"Authorization": token} if token is not None else {}
        url = f"ws://{HOST}:{self.port}{path}"
        options = {"ping_interval": None, "compression": None, **options}
        return connect(url, additional_headers=headers, **options)

    def client(self) -> Any:
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=f"http://{HOST}:{self.management_port}/{STAGE}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )


class Running:
    """Starts APIs and stops them after the test."""

    def __init__(self, functions: Lambda, stack: contextlib.AsyncExitStack) -> None:
        self._functions = functions
        self._stack = stack

    async def __call__(self, **limits: Any) -> Stack:
        data, management = claim(free_port()), claim(free_port())
        url = f"http://{HOST}:{self._functions.port}"
        await self._stack.enter_async_context(running(Limits(**limits), url, data, management))
        return Stack(data.getsockname()[1], management.getsockname()[1])


def logged(log: list[Any], event: str) -> list[Any]:
    return [line for line in log if line["event"] == event]


async def refused(stack: Stack, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as caught:
        await stack.connect(**options)
    return caught.value.response.status_code


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Read until the server has closed; its status and reason."""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await client.recv()
    return client.close_code or 0, client.close_reason or ""


async def connection_id(functions: Lambda, count: int = 1) -> str:
    return (await functions.wait("CONNECT", count))["requestContext"]["connectionId"]
