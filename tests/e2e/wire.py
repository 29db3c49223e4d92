"""A bare WebSocket to the stack: frames in, frames out, no manners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]


class Socket:
    """Keeps every message received, so that a test can look for one in any order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.received: list[Message] = []
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._arrived = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, token: str | None) -> AsyncIterator[Socket]:
        """Open a socket; raises websockets' InvalidStatus when the handshake is refused."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with connect(url, additional_headers=headers, ping_interval=None, compression=None) as connection:
            raw = cls(connection)
            try:
                yield raw
            finally:
                raw._reader.cancel()

    async def _read(self) -> None:
        try:
            async for data in self.connection:
                self.received.append(json.loads(data))
                async with self._arrived:
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass
        finally:
            if not self.closed.done():
                self.closed.set_result(self.connection.close_code)

    async def send(self, message: Message | str | bytes) -> None:
        await self.connection.send(json.dumps(message) if isinstance(message, dict) else message)

    async def find(self, wanted: Callable[[Message], bool], seconds: float = 15.0) -> Message:
        """The first message received, now or soon, that is wanted."""
        async with asyncio.timeout(seconds), self._arrived:
            while True:
                for message in self.received:
                    if wanted(message):
                        return message
                await self._arrived.wait()

    async def event(self, name: str, seconds: float = 15.0, **fields: object) -> Message:
        """The data of the first event of that name with these fields."""

        def wanted(message: Message) -> bool:
            data = message.get("data", {})
            return message.get("event") == name and all(data.get(key) == value for key, value in fields.items())

        found: Message = (await self.find(wanted, seconds))["data"]
        return found

    async def request(self, action: str, seconds: float = 15.0) -> Message:
        """The first request to the Mac of that action."""
        return await self.find(lambda message: message.get("action") == action, seconds)

    async def hello(self, session: str) -> Message:
        await self.send({"action": "hello", "session_id": session, "protocol_versions": [1]})
        return await self.event("ready")

    async def chat(self, prompt: str, session: str, request_id: str | None = None) -> None:
        message = {"action": "chat", "prompt": prompt, "session_id": session}
        await self.send(message | ({"request_id": request_id} if request_id else {}))
