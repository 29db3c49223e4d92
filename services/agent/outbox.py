"""Getting one turn's events to the person, in order, on whatever socket is newest."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from botocore.exceptions import BotoCoreError, ClientError

from services.contract.messages import Message
from services.delivery import Delivery, DeliveryError
from services.logs import get_logger
from services.stores.connections import Connection

LOOK_SECONDS = 1.0
"""How long a connection is taken for the newest one. A Mac that changed networks leaves a socket
that still swallows pushes; looking again finds the one it opened since. Our own figure."""

PAUSE_SECONDS = 0.5
"""Between attempts at the end of a turn while the person is offline. Our own figure."""

FINAL_PATIENCE = 45.0
"""Seconds the end of a turn is held for a person who reconnects. Our own figure: a few reconnect
attempts with back-off."""

UNCONFIRMED_TRIES = 3
"""Attempts at a push that API Gateway does not confirm."""

UNCONFIRMED_PAUSE = 0.06
"""Seconds between them."""

SOCKETS_TRIED = 3
"""Sockets found gone in one go before the next attempt; each one's row is removed."""


class Outbox:
    """Pushes the events of one turn one after the other.

    What cannot be delivered now waits here. On a new connection the turn's events are sent from
    the first one on, since nobody knows which of them the old socket still delivered; the client
    recognises those it has by their number. An unconfirmed push is repeated for the same reason.
    """

    def __init__(self, delivery: Delivery, session_id: str) -> None:
        self._delivery = delivery
        self._session_id = session_id
        self._connection: Connection | None = None
        self._look_at = 0.0
        self._sent: list[Message] = []
        self._waiting: deque[Message] = deque()

    async def put(self, message: Message, patience: float = 0.0) -> bool:
        """Send what waits and then this; called for one message after the other.

        Args:
            message: the turn's next event.
            patience: seconds to go on trying; without it the message waits for the next one.

        Returns:
            whether everything has been delivered.
        """
        self._waiting.append(message)
        give_up = time.monotonic() + patience
        while not await self._drain(look=patience > 0):
            if time.monotonic() >= give_up:
                return False
            await asyncio.sleep(PAUSE_SECONDS)
        return True

    async def _drain(self, *, look: bool) -> bool:
        for _ in range(SOCKETS_TRIED):
            if not await self._find(look=look):
                return False
            taken: bool | None = True
            while self._waiting and (taken := await self._send(self._waiting[0])):
                self._sent.append(self._waiting.popleft())
            if taken is not False:
                return taken is True
            look = True
        return False

    async def _find(self, *, look: bool) -> bool:
        """Make sure of a connection whose token is good; False when there is none."""
        if self._connection is not None and self._connection.expired(time.time()):
            self._connection, look = None, True
        if look or time.monotonic() >= self._look_at:
            try:
                newest = await asyncio.to_thread(self._delivery.newest, self._session_id)
            except (ClientError, BotoCoreError) as error:
                get_logger().warning("connection_unknown", reason=type(error).__name__)
                self._look_at = time.monotonic() + LOOK_SECONDS
                return self._connection is not None
            self._look_at = time.monotonic() + LOOK_SECONDS
            self._switch(newest)
        return self._connection is not None

    def _switch(self, newest: Connection | None) -> None:
        previous, self._connection = self._connection, newest
        moved = newest is not None and (previous is None or previous.connection_id != newest.connection_id)
        if moved and self._sent:
            get_logger().info("turn_replayed", events=len(self._sent))
            self._waiting.extendleft(reversed(self._sent))
            self._sent = []

    async def _send(self, message: Message) -> bool | None:
        """Push one message: True when taken, False when the socket is gone, None when unconfirmed."""
        assert self._connection is not None
        for attempt in range(UNCONFIRMED_TRIES):
            try:
                taken = await asyncio.to_thread(self._delivery.send, self._connection.connection_id, message)
            except (DeliveryError, ClientError, BotoCoreError) as error:
                get_logger().warning("push_unconfirmed", reason=str(error), attempt=attempt + 1)
                await asyncio.sleep(UNCONFIRMED_PAUSE)
                continue
            if not taken:
                self._connection = None
            return taken
        return None
