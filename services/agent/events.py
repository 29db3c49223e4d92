"""What the agent tells the person during one turn, in order, on whatever socket is newest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from services.contract.errors import ErrorCode
from services.contract.limits import SAFE_FRAME_BYTES
from services.contract.messages import (
    Activity,
    ActivityData,
    Answer,
    AnswerData,
    AnswerDelta,
    AnswerDeltaData,
    ChatAccepted,
    ChatAcceptedData,
    Error,
    Message,
    Place,
    encode,
)
from services.delivery import Delivery, DeliveryError
from services.logs import get_logger

BATCH_SECONDS = 0.06
"""Deltas of this long go out as one push: smooth to read, and some ten times fewer requests than
one a token. Our own figure."""

BATCH_CHARACTERS = 2_000
"""A batch is sent at once at this size; even all-escaped it fits a frame."""

OFFLINE_PAUSE = 1.0
"""Seconds between looks for a person who is offline, so that deltas do not wait for each."""

FINAL_PATIENCE = 45.0
"""Seconds the end of a turn is held for a person who reconnects. Our own figure: a few
reconnect attempts with back-off."""


UNCONFIRMED_TRIES = 3
"""Attempts at a push that API Gateway does not confirm."""


class TurnEvents:
    """The events of one turn: numbered without gaps, pushed one after the other.

    A push that API Gateway did not confirm is sent again with the same number; the client
    recognises it.
    """

    def __init__(self, delivery: Delivery, session_id: str, session_name: str, request_id: str) -> None:
        self.request_id = request_id
        self._delivery = delivery
        self._session_id = session_id
        self._session_name = session_name
        self._connection_id: str | None = None
        self._next_look = 0.0
        self._seq = 0
        self._order = asyncio.Lock()
        self._buffer: list[str] = []
        self._written: list[str] = []
        self._flusher: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._written)

    async def accepted(self, status: Literal["accepted", "queued"], position: int = 0) -> None:
        """Tell that the prompt was taken."""
        await self._tell(lambda at: ChatAccepted(data=ChatAcceptedData(**at, status=status, position=position)))

    async def activity(
        self,
        tool: str,
        tool_call_id: str,
        status: Literal["started", "finished"],
        message: str,
        outcome: str | None = None,
    ) -> None:
        """Tell what the agent is doing."""

        def activity(at: Place) -> Message:
            data = ActivityData(
                **at, tool=tool, tool_call_id=tool_call_id, status=status, message=message, outcome=outcome
            )
            return Activity(data=data)

        await self._tell(activity)

    async def delta(self, text: str) -> None:
        """Add to the answer; goes out with its batch."""
        self._buffer.append(text)
        self._written.append(text)
        if sum(map(len, self._buffer)) >= BATCH_CHARACTERS:
            await self._tell()
        elif self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush_soon())

    async def answer(self) -> None:
        """End the turn with the whole answer."""

        def answer(at: Place) -> Message:
            whole = Answer(data=AnswerData(**at, text=self.text))
            if len(encode(whole)) <= SAFE_FRAME_BYTES:
                return whole
            return Answer(data=AnswerData(**at, text=_head(self.text), truncated=True))

        await self._tell(answer, patience=FINAL_PATIENCE)

    async def error(self, code: ErrorCode, detail: str | None = None) -> None:
        """End the turn with a typed error."""
        await self._tell(lambda at: Error.of(code, detail=detail, **at), patience=FINAL_PATIENCE)

    async def _tell(self, build: Callable[[Place], Message] | None = None, patience: float = 0.0) -> None:
        """Push what has been written since, then the message, in one piece: a deadline that cuts
        off the turn must leave neither a gap in the numbers nor a push that is overtaken."""

        async def tell() -> None:
            async with self._order:
                await self._flush()
                if build is not None:
                    await self._push(build(self._place()), patience)

        await asyncio.shield(tell())

    def _place(self) -> Place:
        place = Place(request_id=self.request_id, session_id=self._session_name, seq=self._seq)
        self._seq += 1
        return place

    async def _flush_soon(self) -> None:
        # What is written while a batch is being pushed is the next batch.
        while self._buffer:
            await asyncio.sleep(BATCH_SECONDS)
            await self._tell()

    async def _flush(self) -> None:
        """Send what has been written since; called with the order held."""
        text, self._buffer = "".join(self._buffer), []
        if text:
            await self._push(AnswerDelta(data=AnswerDeltaData(**self._place(), text=text)))

    async def _push(self, message: Message, patience: float = 0.0) -> None:
        give_up = time.monotonic() + patience
        while not await self._try(message, last_resort=patience > 0):
            if time.monotonic() >= give_up:
                if patience:
                    get_logger().error("turn_end_undelivered")
                return
            await asyncio.sleep(OFFLINE_PAUSE)

    async def _try(self, message: Message, *, last_resort: bool) -> bool:
        """Push on the connection that took the last event, else on the newest one."""
        for _ in range(UNCONFIRMED_TRIES):
            try:
                return await self._send(message, last_resort=last_resort)
            except (DeliveryError, ClientError, BotoCoreError) as error:
                # botocore's own come from the connections table.
                get_logger().warning("push_unconfirmed", reason=str(error))
                await asyncio.sleep(BATCH_SECONDS)
        return False

    async def _send(self, message: Message, *, last_resort: bool) -> bool:
        if self._connection_id is not None:
            if await asyncio.to_thread(self._delivery.send, self._connection_id, message):
                return True
            self._connection_id = None
            self._next_look = 0.0
        if not last_resort and time.monotonic() < self._next_look:
            return False
        taken = await asyncio.to_thread(self._delivery.push, self._session_id, message)
        if taken is None:
            self._next_look = time.monotonic() + OFFLINE_PAUSE
            return False
        self._connection_id = taken.connection_id
        return True


def _head(text: str) -> str:
    """What surely fits a frame, however much of it JSON has to escape."""
    return text[: SAFE_FRAME_BYTES // 8]
