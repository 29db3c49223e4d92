"""One turn at a time for each session, a short queue behind it, and no turn twice."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from services.contract.turns import Acceptance, TurnRequest, TurnResponse
from services.logs import bound_contextvars, get_logger

REMEMBERED = 10_000
"""Request ids kept to recognise repeats. Our own figure; some 1 MB."""


@dataclass(slots=True)
class Turn:
    """A prompt on its way through the agent."""

    session_id: str
    request: TurnRequest
    queued: bool = False


@dataclass(slots=True)
class _Lane:
    waiting: deque[Turn] = field(default_factory=deque[Turn])
    worker: asyncio.Task[None] | None = None


class TurnQueue:
    """Accepts turns at once and runs them in order.

    Args:
        run: runs one turn; must not raise.
        limit: how many may wait behind the running one.
        queued: told about each turn that has to wait, with its position.
        repeated: told about each prompt that was sent again.
        on_busy, on_idle: called when a session starts and stops working, to report HealthyBusy.
    """

    def __init__(
        self,
        *,
        run: Callable[[Turn], Awaitable[None]],
        limit: int,
        queued: Callable[[Turn, int], Coroutine[Any, Any, None]],
        repeated: Callable[[str, str], Coroutine[Any, Any, None]],
        on_busy: Callable[[], int],
        on_idle: Callable[[int], object],
    ) -> None:
        self._run = run
        self._limit = limit
        self._queued = queued
        self._repeated = repeated
        self._on_busy = on_busy
        self._on_idle = on_idle
        self._lanes: dict[str, _Lane] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def offer(self, session_id: str, request: TurnRequest) -> TurnResponse:
        """Take a turn, or say at once why not."""
        if time.time() > request.accept_before:
            return TurnResponse(status=Acceptance.EXPIRED)
        key = (session_id, request.request_id)
        if key in self._seen:
            self._tell(*key, self._repeated(*key))
            return TurnResponse(status=Acceptance.DUPLICATE)
        lane = self._lanes.get(session_id)
        if lane is not None and len(lane.waiting) >= self._limit:
            return TurnResponse(status=Acceptance.BUSY)
        self._seen[key] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        turn = Turn(session_id, request)
        if lane is None:
            lane = self._lanes[session_id] = _Lane()
            lane.worker = asyncio.create_task(self._work(session_id, lane, turn))
            return TurnResponse(status=Acceptance.ACCEPTED)
        turn.queued = True
        lane.waiting.append(turn)
        position = len(lane.waiting)
        self._tell(*key, self._queued(turn, position))
        return TurnResponse(status=Acceptance.QUEUED, position=position)

    def _tell(self, session_id: str, request_id: str, telling: Coroutine[Any, Any, None]) -> None:
        """Tell the person something without making the sender wait for the person's socket."""

        async def tell() -> None:
            with bound_contextvars(session_id=session_id, request_id=request_id):
                try:
                    await telling
                except Exception:
                    get_logger().exception("person_untold")

        task = asyncio.create_task(tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _work(self, session_id: str, lane: _Lane, first: Turn) -> None:
        busy = self._on_busy()
        turn: Turn | None = first
        try:
            while turn is not None:
                with bound_contextvars(session_id=session_id, request_id=turn.request.request_id):
                    try:
                        await self._run(turn)
                    except Exception:
                        get_logger().exception("turn_crashed")
                turn = lane.waiting.popleft() if lane.waiting else None
        finally:
            del self._lanes[session_id]
            self._on_idle(busy)
