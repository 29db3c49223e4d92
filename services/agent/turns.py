"""Running one turn: restore the conversation, let the model work, tell the person."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from strands import Agent
from strands.models import Model
from strands.session import RepositorySessionManager
from strands.types.exceptions import MCPClientInitializationError

from services.agent.events import TurnEvents
from services.agent.gateway import Gateway
from services.agent.prompt import SYSTEM_PROMPT
from services.agent.queue import Turn
from services.agent.tools import bind
from services.contract.errors import ErrorCode
from services.delivery import Delivery
from services.logs import get_logger

AGENT_ID = "deskside"

RECENT_TURNS = 200
"""Turns whose end can be repeated. Our own figure; some 2 MB."""


class TurnRunner:
    """Runs turns and keeps each one's events.

    Args:
        model: shared by all turns of this process.
        gateway: where tools are.
        delivery: how the person is reached.
        memory: the session manager of a session.
        turn_seconds: deadline of a whole turn.
    """

    def __init__(
        self,
        model: Model,
        gateway: Gateway,
        delivery: Delivery,
        memory: Callable[[str], RepositorySessionManager],
        turn_seconds: float,
    ) -> None:
        self._model = model
        self._gateway = gateway
        self._delivery = delivery
        self._memory = memory
        self._turn_seconds = turn_seconds
        self._recent: OrderedDict[tuple[str, str], TurnEvents] = OrderedDict()

    async def queued(self, turn: Turn, position: int) -> None:
        """Tell the person that the prompt waits its turn."""
        await self._events(turn).accepted("queued", position)

    async def repeat(self, session_id: str, request_id: str) -> None:
        """A prompt was sent again: if its turn has ended, its end may have been lost."""
        events = self._recent.get((session_id, request_id))
        if events is not None:
            await events.repeat_end()

    async def run(self, turn: Turn) -> None:
        """Run one turn to exactly one answer or one typed error."""
        events = self._events(turn)
        get_logger().info("turn_started", queued=turn.queued)
        began = time.monotonic()
        deadline = asyncio.timeout(self._turn_seconds)
        try:
            await events.accepted("accepted")
            async with deadline:
                await self._converse(turn, events)
        except MCPClientInitializationError as error:
            get_logger().error("gateway_unreachable", reason=str(error)[:300])
            await events.error(ErrorCode.TURN_FAILED, "The tools cannot be reached right now.")
        except asyncio.CancelledError:
            get_logger().error("turn_cancelled")
            await events.error(ErrorCode.TURN_FAILED)
            # A library that lost what it waited for raises this too; that is no reason to stop the session.
            if cast("asyncio.Task[Any]", asyncio.current_task()).cancelling():
                raise
        except Exception as error:
            if isinstance(error, TimeoutError) and deadline.expired():
                get_logger().error("turn_timed_out", seconds=self._turn_seconds)
                await events.error(ErrorCode.TURN_TIMED_OUT)
                return
            get_logger().exception("turn_failed", reason=type(error).__name__)
            await events.error(ErrorCode.TURN_FAILED)
        else:
            await events.answer()
            seconds = round(time.monotonic() - began, 3)
            get_logger().info("turn_finished", characters=len(events.text), seconds=seconds)

    async def _converse(self, turn: Turn, events: TurnEvents) -> None:
        offered = await self._gateway.tools()
        tools = bind(offered, self._gateway, turn.session_id, events)
        # Restoring the session reads from its store, which blocks.
        agent = await asyncio.to_thread(self._agent, turn, tools)
        between_messages = False
        async for event in agent.stream_async(turn.request.prompt):
            piece = cast(dict[str, Any], event).get("data")
            if isinstance(piece, str) and piece:
                # Text before and after a tool call are paragraphs of one answer.
                await events.delta(f"\n\n{piece}" if between_messages and events.text else piece)
                between_messages = False
            elif "message" in event:
                between_messages = True
        if not events.text.strip():
            raise RuntimeError("the model ended its turn without a word")

    def _agent(self, turn: Turn, tools: list[Any]) -> Agent:
        return Agent(
            model=self._model,
            tools=tools,
            system_prompt=SYSTEM_PROMPT,
            agent_id=AGENT_ID,
            name="Deskside",
            session_manager=self._memory(turn.session_id),
            callback_handler=None,
            trace_attributes={"session.id": turn.session_id, "request.id": turn.request.request_id},
        )

    def _events(self, turn: Turn) -> TurnEvents:
        """The events of a turn; the same ones whenever it is asked about, while it is recent."""
        key = (turn.session_id, turn.request.request_id)
        if key not in self._recent:
            name = turn.request.session_name
            self._recent[key] = TurnEvents(self._delivery, turn.session_id, name, turn.request.request_id)
            # Never one that has not ended: it would begin to count anew.
            ended = [old for old, events in self._recent.items() if events.ended]
            for old in ended[: max(len(self._recent) - RECENT_TURNS, 0)]:
                del self._recent[old]
        return self._recent[key]
