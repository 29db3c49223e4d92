"""What the agent tells the person during one turn, in order, on whatever socket is newest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from services.agent.outbox import FINAL_PATIENCE, Outbox
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
from services.delivery import Delivery
from services.logs import get_logger

BATCH_SECONDS = 0.06
"""Deltas of this long go out as one push: smooth to read, and some ten times fewer requests than
one a token. Our own figure."""

BATCH_CHARACTERS = 2_000
"""A batch is sent at once at this size."""

DELTA_CHARACTERS = 4_000
"""The longest delta: even if JSON escapes every character with six, it fits a frame."""


class TurnEvents:
    """The events of one turn, numbered without gaps."""

    def __init__(self, delivery: Delivery, session_id: str, session_name: str, request_id: str) -> None:
        self.request_id = request_id
        self._session_name = session_name
        self._outbox = Outbox(delivery, session_id)
        self._end: Message | None = None
        self._seq = 0
        self._begun = False
        self._order = asyncio.Lock()
        self._buffer: list[str] = []
        self._written: list[str] = []
        self._flusher: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._written)

    @property
    def ended(self) -> bool:
        """Whether the turn has had its answer or error."""
        return self._end is not None

    async def accepted(self, status: Literal["accepted", "queued"], position: int = 0) -> None:
        """Tell that the prompt was taken. That it waits is no news any more once it has begun."""
        if status == "accepted":
            self._begun = True

        def accepted(at: Place) -> Message:
            return ChatAccepted(data=ChatAcceptedData(**at, status=status, position=position))

        await self._tell(accepted, unless=lambda: self._begun and status == "queued")

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

        await self._finish(answer)

    async def error(self, code: ErrorCode, detail: str | None = None) -> None:
        """End the turn with a typed error."""
        await self._finish(lambda at: Error.of(code, detail=detail, **at))

    async def repeat_end(self) -> None:
        """Send the end of a finished turn again: somebody asks for it by sending the prompt again."""

        async def repeat() -> None:
            async with self._order:
                if self._end is not None:
                    await self._outbox.put(self._end, FINAL_PATIENCE)

        await asyncio.shield(repeat())

    async def _finish(self, build: Callable[[Place], Message]) -> None:
        def end(at: Place) -> Message:
            self._end = build(at)
            return self._end

        if not await self._tell(end, patience=FINAL_PATIENCE):
            get_logger().error("turn_end_undelivered")

    async def _tell(
        self,
        build: Callable[[Place], Message] | None = None,
        patience: float = 0.0,
        unless: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Push what has been written since, then the message, in one piece: a deadline that cuts
        off the turn must leave neither a gap in the numbers nor a push that is overtaken."""

        async def tell() -> bool:
            async with self._order:
                await self._flush()
                if build is None or unless():
                    return True
                return await self._outbox.put(build(self._place()), patience)

        return await asyncio.shield(tell())

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
        for start in range(0, len(text), DELTA_CHARACTERS):
            piece = text[start : start + DELTA_CHARACTERS]
            await self._outbox.put(AnswerDelta(data=AnswerDeltaData(**self._place(), text=piece)))


def _head(text: str) -> str:
    """What surely fits a frame, however much of it JSON has to escape."""
    return text[: SAFE_FRAME_BYTES // 8]
