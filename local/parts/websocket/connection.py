"""One client's connection: its clock, its sending, its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import Event, State

from local.parts.websocket.events import EventFactory, milliseconds
from local.parts.websocket.limits import Limits, TokenBucket

NO_STATUS = "Client-side close frame status not set"
"""AWS's `disconnectReason` for a close frame without a status."""
ABNORMAL = "Connection closed abnormally"


class GoneError(Exception):
    """The connection is closed."""


class ClientBufferFullError(Exception):
    """The client does not read what was pushed to it."""


class ClientSocket(ServerConnection):
    """A socket that tells its connection about every frame, control frames included."""

    connection: Connection | None = None

    def process_event(self, event: Event) -> None:
        if self.connection is not None:
            self.connection.touch()
        super().process_event(event)


@dataclass(slots=True, eq=False)
class Connection:
    """A connection from the moment its handshake is accepted."""

    socket: ClientSocket
    events: EventFactory
    limits: Limits
    bucket: TokenBucket = field(init=False)
    slots: asyncio.Semaphore = field(init=False)
    last_active_at: int = field(init=False)
    _started: float = field(init=False)
    _active: float = field(init=False)

    def __post_init__(self) -> None:
        self.bucket = TokenBucket(self.limits.rate, self.limits.burst)
        self.slots = asyncio.Semaphore(self.limits.in_flight)
        self._started = time.monotonic()
        self.touch()

    @property
    def id(self) -> str:
        return self.events.connection_id

    @property
    def open(self) -> bool:
        return self.socket.state is State.OPEN

    def touch(self) -> None:
        """Something was received or sent: the idle clock starts again."""
        self._active = time.monotonic()
        self.last_active_at = milliseconds()

    async def send(self, data: bytes) -> None:
        """Send a text message, in several frames when it is larger than one may be.

        Raises:
            GoneError: the connection is closing or closed.
            ClientBufferFullError: too much waits to be read by the client already.
        """
        if not self.open:
            raise GoneError
        if self.socket.transport.get_write_buffer_size() + len(data) > self.limits.client_buffer_bytes:
            raise ClientBufferFullError
        whole = len(data) <= self.limits.frame_bytes
        try:
            await self.socket.send(data if whole else self._fragments(data), text=_is_text(data))
        except ConnectionClosed:
            raise GoneError from None
        self.touch()

    def _fragments(self, data: bytes) -> Iterator[bytes]:
        size = self.limits.frame_bytes
        return (data[start : start + size] for start in range(0, len(data), size))

    async def watch(self) -> None:
        """Close the connection with 1001 when it has been idle or open for too long."""
        while True:
            ends = min(self._active + self.limits.idle_seconds, self._started + self.limits.lifetime_seconds)
            left = ends - time.monotonic()
            if left <= 0:
                await self.socket.close(CloseCode.GOING_AWAY, "Going away")
                return
            await asyncio.sleep(left)

    def ending(self) -> tuple[int, str]:
        """The status and reason the closed connection ended with, whichever side chose them."""
        protocol = self.socket.protocol
        sent, received = protocol.close_sent, protocol.close_rcvd
        close = received if protocol.close_rcvd_then_sent or sent is None else sent
        if close is None:
            return int(CloseCode.ABNORMAL_CLOSURE), ABNORMAL
        if close.code == CloseCode.NO_STATUS_RCVD:
            return int(close.code), NO_STATUS
        return int(close.code), close.reason

    def description(self) -> dict[str, Any]:
        """What GetConnection answers, times in milliseconds."""
        return {
            "connectedAt": self.events.connected_at,
            "lastActiveAt": self.last_active_at,
            "identity": {"userAgent": "", **self.events.upgrade.identity},
        }


def _is_text(data: bytes) -> bool:
    """RFC 6455 allows only UTF-8 in a text frame; anything else goes out as a binary one."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
