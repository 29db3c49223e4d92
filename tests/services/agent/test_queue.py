"""One turn at a time for each session, and none twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from services.agent import queue as queue_module
from services.agent.queue import Turn, TurnQueue
from services.contract.turns import Acceptance, TurnResponse
from tests.services.agent.fakes import eventually, turn_request


class Runner:
    """Runs turns for as long as the test says, and remembers them."""

    def __init__(self, limit: int = 3) -> None:
        self.started: list[tuple[str, str]] = []
        self.finished: list[tuple[str, str]] = []
        self.waiting: list[tuple[str, int]] = []
        self.context: dict[str, dict[str, object]] = {}
        self.gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.crashes: set[str] = set()
        self.busy: set[int] = set()
        self.told: list[str] = []
        self.again: list[tuple[str, str]] = []
        self.queue = TurnQueue(
            run=self.run,
            limit=limit,
            queued=self.queued,
            repeated=self.repeated,
            on_busy=self.on_busy,
            on_idle=self.on_idle,
        )

    async def run(self, turn: Turn) -> None:
        name = turn.request.request_id
        self.started.append((turn.session_id, name))
        self.context[name] = get_contextvars()
        await self.gates[name].wait()
        if name in self.crashes:
            raise RuntimeError("boom")
        self.finished.append((turn.session_id, name))

    async def queued(self, turn: Turn, position: int) -> None:
        self.waiting.append((turn.request.request_id, position))

    async def repeated(self, session_id: str, request_id: str) -> None:
        assert get_contextvars() == {"session_id": session_id, "request_id": request_id}
        self.again.append((session_id, request_id))

    def on_busy(self) -> int:
        number = len(self.told)
        self.told.append("busy")
        self.busy.add(number)
        return number

    def on_idle(self, number: int) -> None:
        self.told.append("idle")
        self.busy.remove(number)

    def go(self, *names: str) -> None:
        for name in names:
            self.gates[name].set()

    async def offer(self, session: str, name: str, seconds: float = 60.0) -> TurnResponse:
        return await self.queue.offer(session, turn_request(name, seconds=seconds))

    @property
    def telling(self) -> int:
        return len(self.queue._telling)  # pyright: ignore[reportPrivateUsage]

    @property
    def lanes(self) -> int:
        return len(self.queue._lanes)  # pyright: ignore[reportPrivateUsage]


async def test_one_at_a_time_in_the_order_they_came() -> None:
    runner = Runner()
    assert await runner.offer("s", "a") == TurnResponse(status=Acceptance.ACCEPTED)
    assert await runner.offer("s", "b") == TurnResponse(status=Acceptance.QUEUED, position=1)
    assert await runner.offer("s", "c") == TurnResponse(status=Acceptance.QUEUED, position=2)
    await eventually(lambda: runner.waiting == [("b", 1), ("c", 2)])
    runner.go("c", "b")
    await asyncio.sleep(0.02)
    assert runner.started == [("s", "a")]
    runner.go("a")
    await eventually(lambda: len(runner.finished) == 3)
    assert runner.started == runner.finished == [("s", "a"), ("s", "b"), ("s", "c")]


@pytest.mark.parametrize("fate", ["hangs", "raises"])
async def test_a_person_who_cannot_be_told_of_the_queue_does_not_hold_up_the_sender(fate: str) -> None:
    ran: list[str] = []
    first_may_end = asyncio.Event()

    async def run(turn: Turn) -> None:
        if turn.request.request_id == "a":
            await first_may_end.wait()
        ran.append(turn.request.request_id)

    async def queued(_turn: Turn, _position: int) -> None:
        if fate == "raises":
            raise RuntimeError("no socket")
        await asyncio.Event().wait()

    async def repeated(_session_id: str, _request_id: str) -> None:
        await queued(Turn("s", turn_request("b")), 0)

    queue = TurnQueue(run=run, limit=1, queued=queued, repeated=repeated, on_busy=lambda: 0, on_idle=lambda _: None)
    for name, status in (("a", Acceptance.ACCEPTED), ("b", Acceptance.QUEUED), ("b", Acceptance.DUPLICATE)):
        async with asyncio.timeout(1):
            assert (await queue.offer("s", turn_request(name))).status is status
    first_may_end.set()
    await eventually(lambda: ran == ["a", "b"])


async def test_sessions_run_in_parallel() -> None:
    runner = Runner()
    for session in "xyz":
        assert (await runner.offer(session, session)).status is Acceptance.ACCEPTED
    await eventually(lambda: len(runner.started) == 3)
    assert runner.finished == []
    runner.go("z")
    await eventually(lambda: runner.finished == [("z", "z")])
    runner.go("x", "y")
    await eventually(lambda: len(runner.finished) == 3)


async def test_the_limit_is_told_and_can_be_tried_again() -> None:
    runner = Runner(limit=1)
    await runner.offer("s", "a")
    await runner.offer("s", "b")
    assert (await runner.offer("s", "c")).status is Acceptance.BUSY
    assert (await runner.offer("other", "c")).status is Acceptance.ACCEPTED
    runner.go("a")
    await eventually(lambda: ("s", "b") in runner.started)
    assert (await runner.offer("s", "c")).status is Acceptance.QUEUED
    runner.go("b", "c")
    await eventually(lambda: ("s", "c") in runner.finished)


async def test_no_queue_at_all() -> None:
    runner = Runner(limit=0)
    await runner.offer("s", "a")
    assert (await runner.offer("s", "b")).status is Acceptance.BUSY
    runner.go("a")


async def test_the_same_request_is_taken_once_a_session() -> None:
    runner = Runner()
    await runner.offer("s", "a")
    await runner.offer("s", "b")
    assert (await runner.offer("s", "a")).status is Acceptance.DUPLICATE
    assert (await runner.offer("s", "b")).status is Acceptance.DUPLICATE
    runner.go("a", "b")
    await eventually(lambda: runner.lanes == 0)
    assert (await runner.offer("s", "a")).status is Acceptance.DUPLICATE
    assert len(runner.started) == 2
    assert (await runner.offer("other", "a")).status is Acceptance.ACCEPTED
    await eventually(lambda: runner.again == [("s", "a"), ("s", "b"), ("s", "a")])
    assert runner.waiting == [("b", 1)], "a repeat is not queued"


async def test_repeats_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "REMEMBERED", 2)
    runner = Runner(limit=5)
    for name in "abc":
        await runner.offer("s", name)
    assert (await runner.offer("s", "b")).status is Acceptance.DUPLICATE
    assert (await runner.offer("s", "a")).status is Acceptance.QUEUED
    assert len(runner.queue._seen) == 2  # pyright: ignore[reportPrivateUsage]


async def test_a_request_its_sender_has_given_up_is_not_taken() -> None:
    runner = Runner()
    assert (await runner.offer("s", "a", seconds=-0.1)).status is Acceptance.EXPIRED
    await asyncio.sleep(0.01)
    assert (runner.started, runner.lanes, runner.told) == ([], 0, [])
    await runner.offer("s", "a", seconds=-0.1)
    await asyncio.sleep(0.01)
    assert (runner.again, runner.telling) == ([], 0), "what was not taken is not a repeat"
    assert (await runner.offer("s", "a")).status is Acceptance.ACCEPTED, "it may be sent again"


async def test_a_crash_does_not_stop_the_lane() -> None:
    runner = Runner()
    runner.crashes.add("a")
    with capture_logs() as lines:
        await runner.offer("s", "a")
        await runner.offer("s", "b")
        runner.go("a", "b")
        await eventually(lambda: runner.finished == [("s", "b")])
    assert [line["event"] for line in lines] == ["turn_crashed"]


async def test_busy_and_idle_are_balanced_and_no_lane_is_left() -> None:
    runner = Runner()
    runner.crashes |= {"a2", "c2"}
    for session in "abc":
        for n in "123":
            await runner.offer(session, session + n)
    await eventually(lambda: len(runner.busy) == 3)
    runner.go(*(session + n for session in "abc" for n in "123"))
    await eventually(lambda: runner.lanes == 0)
    assert runner.busy == set()
    assert runner.told.count("busy") == runner.told.count("idle") == 3
    runner.go("a4")
    assert (await runner.offer("a", "a4")).status is Acceptance.ACCEPTED
    await eventually(lambda: runner.lanes == 0)
    assert runner.told.count("busy") == runner.told.count("idle") == 4


async def test_a_lane_that_is_cancelled_is_idle_again() -> None:
    runner = Runner()
    await runner.offer("s", "a")
    await eventually(lambda: runner.started)
    lane = runner.queue._lanes["s"]  # pyright: ignore[reportPrivateUsage]
    assert lane.worker is not None
    lane.worker.cancel()
    await asyncio.wait([lane.worker])
    assert (runner.lanes, runner.busy) == (0, set())


async def test_each_turn_logs_under_its_own_ids() -> None:
    runner = Runner()
    runner.go("a", "b", "c")
    await runner.offer("s", "a")
    await runner.offer("s", "b")
    await runner.offer("other", "c")
    await eventually(lambda: len(runner.finished) == 3)
    assert runner.context["b"] == {"session_id": "s", "request_id": "b"}
    assert runner.context["c"] == {"session_id": "other", "request_id": "c"}
