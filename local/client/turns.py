"""The prompts in flight and the events that belong to each."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from local.client.link import Link
from local.client.telemetry import OnHop
from local.client.wire import TurnEvent
from services.contract.errors import MEANINGS, ErrorCode
from services.contract.messages import Answer as AnswerEvent
from services.contract.messages import AnswerDelta, ChatAccepted, Error

REMEMBERED_TURNS = 256


def ends_turn(event: TurnEvent) -> bool:
    """Whether nothing of its turn follows this event."""
    return isinstance(event, AnswerEvent | Error)


@dataclass(slots=True)
class Turn:
    """One prompt and what has been heard of it."""

    request_id: str
    encoded: bytes = field(repr=False)
    events: asyncio.Queue[TurnEvent] = field(default_factory=asyncio.Queue)
    seen: set[int] = field(default_factory=set)
    heard: bool = False
    """The server has shown that it has this prompt."""
    sent_on: int | None = None
    first_delta: bool = True


class Turns:
    """All turns of one conversation; hands each event to its turn once."""

    def __init__(self, link: Link, on_hop: OnHop) -> None:
        self._link = link
        self._on_hop = on_hop
        self._open: dict[str, Turn] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self.duplicates = 0

    @property
    def active(self) -> bool:
        """Whether a turn is waiting for events."""
        return bool(self._open)

    def open(self, request_id: str, encoded: bytes) -> Turn:
        """Start a turn. It is sent by the next `flush`."""
        if request_id in self._open or request_id in self._closed:
            raise ValueError(f"request_id {request_id} has been used")
        self._open[request_id] = turn = Turn(request_id, encoded)
        return turn

    def close(self, turn: Turn) -> None:
        """Forget a turn; what still arrives for it is dropped."""
        self._open.pop(turn.request_id, None)
        self._closed[turn.request_id] = None
        while len(self._closed) > REMEMBERED_TURNS:
            self._closed.popitem(last=False)

    async def flush(self) -> None:
        """Send every prompt that the server may not have.

        A prompt sent on a lost socket and never heard of is sent again: the server runs one
        `request_id` once, so that this cannot run it twice.
        """
        for turn in list(self._open.values()):
            generation = self._link.generation
            if turn.heard or turn.sent_on == generation:
                continue
            # Claimed before the first await: `ask` and a reconnect may flush at the same time.
            previous, turn.sent_on = turn.sent_on, generation
            fields: dict[str, object] = {"timestamp": time.time(), "again": previous is not None}
            if await self._link.send(turn.encoded):
                self._on_hop("chat_sent", {"request_id": turn.request_id, **fields})
            elif turn.sent_on == generation:
                turn.sent_on = previous

    def receive(self, event: TurnEvent) -> bool:
        """Hand an event to its turn; False when it belongs to none or was received before."""
        turn = self._open.get(event.data.request_id or "")
        if turn is None:
            return False
        if isinstance(event, Error) and MEANINGS[event.data.code].closes:
            # The connection was at fault, not the prompt: it goes out again on the next one.
            return True
        seq = event.data.seq
        if seq is not None:
            if seq in turn.seen:
                self.duplicates += 1
                return False
            turn.seen.add(seq)
        turn.heard = True
        if isinstance(event, AnswerDelta) and turn.first_delta:
            turn.first_delta = False
            self._on_hop("delta_received", {"request_id": turn.request_id})
        elif isinstance(event, AnswerEvent):
            self._on_hop("answer_received", {"request_id": turn.request_id})
        elif isinstance(event, ChatAccepted):
            self._on_hop("accepted_received", {"request_id": turn.request_id, "status": event.data.status})
        turn.events.put_nowait(event)
        return True

    def fail_all(self, code: ErrorCode, detail: str) -> None:
        """End every turn with an error of our own."""
        for turn in self._open.values():
            turn.events.put_nowait(Error.of(code, request_id=turn.request_id, detail=detail))
