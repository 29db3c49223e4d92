"""One turn's events on their way to the person: real delivery and table, a fake API Gateway."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from structlog.testing import capture_logs
from typing_extensions import override

from services.agent import outbox as outbox_module
from services.agent.outbox import LOOK_SECONDS, SOCKETS_TRIED, UNCONFIRMED_TRIES, Outbox
from services.contract.messages import AnswerDelta, AnswerDeltaData
from services.delivery import Delivery
from services.stores.connections import Connection, Connections
from tests.services.fakes import OTHER_SESSION, SESSION, FakeClock, FakeSockets, Online, client_error

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

LOST = client_error("InternalServerError", 500)
"""A push that API Gateway did not confirm."""


class Watched(Delivery):
    """The real delivery; counts looks for a connection and fails them as told."""

    def __init__(self, connections: Connections, client: ApiGatewayManagementApiClient) -> None:
        super().__init__(connections, client)
        self.looks = 0
        self.faults: deque[Exception] = deque()

    @override
    def newest(self, session_id: str) -> Connection | None:
        self.looks += 1
        if self.faults:
            raise self.faults.popleft()
        return super().newest(session_id)

    @override
    def push(self, *_: Any, **__: Any) -> Connection | None:
        raise AssertionError("push looks for a connection itself")


@pytest.fixture
def clock(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The time of stores, delivery and outbox; tests that wait for the end of a turn do without."""
    monkeypatch.setattr(outbox_module, "time", clock)
    monkeypatch.setattr(outbox_module, "LOOK_SECONDS", LOOK_SECONDS)
    return clock


@pytest.fixture
def delivery(connections: Connections, sockets: FakeSockets, pauses: list[float]) -> Watched:
    return Watched(connections, sockets.client)


@pytest.fixture
def outbox(delivery: Watched) -> Outbox:
    return Outbox(delivery, SESSION)


def event(seq: int) -> AnswerDelta:
    return AnswerDelta(data=AnswerDeltaData(request_id="req-1", session_id="abc-123", seq=seq, text=f"word {seq}"))


def got(sockets: FakeSockets, connection_id: str) -> list[int]:
    """What arrived on a socket, by number; each as it was written."""
    arrived = [message for place, message in sockets.pushed if place == connection_id]
    assert all(message["data"]["text"] == f"word {message['data']['seq']}" for message in arrived)
    return [message["data"]["seq"] for message in arrived]


def binds(online: Online, clock: FakeClock, *names: str) -> None:
    """One `hello` after the other."""
    for name in names:
        clock.now += 0.01
        online(name)


# On one socket


async def test_events_go_out_in_order_and_the_connection_is_known_for_a_while(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first")
    for seq in range(5):
        assert await outbox.put(event(seq))
        clock.now += LOOK_SECONDS / 6
    assert got(sockets, "first") == [0, 1, 2, 3, 4]
    assert delivery.looks == 1
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(5))
    assert delivery.looks == 2
    assert got(sockets, "first") == [0, 1, 2, 3, 4, 5], "the same socket needs no replay"


async def test_the_end_always_looks(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first")
    assert await outbox.put(event(0))
    assert await outbox.put(event(1), patience=1)
    assert delivery.looks == 2
    assert got(sockets, "first") == [0, 1]


async def test_anothers_socket_gets_nothing(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("theirs", OTHER_SESSION)
    assert not await outbox.put(event(0))
    assert sockets.attempts == []


# A second socket


async def test_a_second_hello_gets_everything_from_the_first_event_on(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    binds(online, clock, "first")
    for seq in range(3):
        assert await outbox.put(event(seq))
    binds(online, clock, "second")
    clock.now += LOOK_SECONDS
    with capture_logs() as lines:
        assert await outbox.put(event(3))
    assert [line.get("events") for line in lines if line["event"] == "turn_replayed"] == [3]
    assert await outbox.put(event(4), patience=1)
    assert got(sockets, "first") == [0, 1, 2]
    assert got(sockets, "second") == [0, 1, 2, 3, 4]


async def test_within_the_look_the_old_socket_may_still_be_used_but_never_for_the_end(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    binds(online, clock, "first")
    assert await outbox.put(event(0))
    binds(online, clock, "second")
    assert await outbox.put(event(1))
    assert await outbox.put(event(2), patience=1)
    assert got(sockets, "first") == [0, 1]
    assert got(sockets, "second") == [0, 1, 2]


async def test_each_further_socket_gets_everything(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    names = ["first", "second", "third", "fourth"]
    for seq, name in enumerate(names):
        binds(online, clock, name)
        clock.now += LOOK_SECONDS
        assert await outbox.put(event(seq))
    assert [got(sockets, name) for name in names] == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]


async def test_a_replay_cut_short_goes_on_where_it_was(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    binds(online, clock, "first")
    for seq in range(3):
        await outbox.put(event(seq))
    binds(online, clock, "second")
    clock.now += LOOK_SECONDS
    push = sockets.post_to_connection

    def fails_from_the_second_on(**call: Any) -> dict[str, Any]:
        if got(sockets, "second") == [0]:
            sockets.attempts.append(call["ConnectionId"])
            raise LOST
        return push(**call)

    sockets.post_to_connection = fails_from_the_second_on
    assert not await outbox.put(event(3))
    sockets.post_to_connection = push
    assert await outbox.put(event(4))
    assert got(sockets, "second") == [0, 1, 2, 3, 4]


async def test_a_replay_cut_short_begins_again_on_a_third_socket(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    binds(online, clock, "first")
    for seq in range(3):
        await outbox.put(event(seq))
    sockets.gone.add("first")
    binds(online, clock, "second")
    push = sockets.post_to_connection

    def goes_after_one(**call: Any) -> dict[str, Any]:
        if got(sockets, "second") == [0] and "second" not in sockets.gone:
            sockets.gone.add("second")
            binds(online, clock, "third")
        return push(**call)

    sockets.post_to_connection = goes_after_one
    assert await outbox.put(event(3))
    assert got(sockets, "second") == [0]
    assert got(sockets, "third") == [0, 1, 2, 3]


# A token that has expired


async def test_nothing_is_pushed_to_a_socket_whose_token_has_expired(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first", expires_at=int(clock.now) + 60)
    assert await outbox.put(event(0))
    clock.now += 59.9
    assert await outbox.put(event(1))
    clock.now += 0.1
    assert not await outbox.put(event(2))
    assert not await outbox.put(event(3))
    assert sockets.attempts == ["first"] * 2
    binds(online, clock, "second")
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(4))
    assert got(sockets, "first") == [0, 1]
    assert got(sockets, "second") == [0, 1, 2, 3, 4]


async def test_an_expired_token_does_not_wait_for_the_next_look(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first", expires_at=int(clock.now) + 60)
    clock.now += 59.9
    assert await outbox.put(event(0))
    binds(online, clock, "second")
    clock.now += 0.2
    assert await outbox.put(event(1))
    assert (got(sockets, "first"), got(sockets, "second")) == ([0], [0, 1])


async def test_an_expired_token_is_not_used_while_the_table_cannot_be_read(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first", expires_at=int(clock.now) + 60)
    assert await outbox.put(event(0))
    clock.now += 60
    delivery.faults.append(client_error("ThrottlingException", 429))
    assert not await outbox.put(event(1))
    assert sockets.attempts == ["first"]


# Offline


async def test_what_waited_goes_out_in_order_before_the_next(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    for seq in range(4):
        assert not await outbox.put(event(seq))
    assert delivery.looks == 1, "each event looks for a person who is offline"
    online("first")
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(4))
    assert got(sockets, "first") == [0, 1, 2, 3, 4]


async def test_offline_in_the_middle_leaves_no_gap(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock, connections: Connections
) -> None:
    online("first")
    assert await outbox.put(event(0))
    sockets.gone.add("first")
    assert not await outbox.put(event(1))
    assert connections.get("first") is None
    assert not await outbox.put(event(2))
    online("second")
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(3))
    assert got(sockets, "first") == [0]
    assert got(sockets, "second") == [0, 1, 2, 3]


async def test_the_end_is_held_until_the_person_is_back(outbox: Outbox, sockets: FakeSockets, online: Online) -> None:
    assert not await outbox.put(event(0))
    ending = asyncio.create_task(outbox.put(event(1), patience=5))
    await asyncio.sleep(0.15)
    assert not ending.done()
    online("first")
    assert await asyncio.wait_for(ending, 2)
    assert got(sockets, "first") == [0, 1]


async def test_patience_ends_and_what_waited_is_still_there(
    outbox: Outbox, sockets: FakeSockets, online: Online
) -> None:
    assert not await outbox.put(event(0))
    assert not await asyncio.wait_for(outbox.put(event(1), patience=0.1), 2)
    online("first")
    assert await outbox.put(event(2), patience=0.1)
    assert got(sockets, "first") == [0, 1, 2]


# Sockets that are gone


async def test_a_gone_socket_is_left_for_the_next_newest_at_once(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock, connections: Connections
) -> None:
    binds(online, clock, "older", "newer")
    assert await outbox.put(event(0))
    sockets.gone.add("newer")
    assert await outbox.put(event(1))
    assert got(sockets, "newer") == [0]
    assert got(sockets, "older") == [0, 1]
    assert connections.get("newer") is None


async def test_many_gone_sockets_are_left_one_after_the_other(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    names = [f"gone-{n}" for n in range(SOCKETS_TRIED + 1)]
    binds(online, clock, "good", *names)
    sockets.gone |= set(names)
    assert not await outbox.put(event(0))
    assert sockets.attempts == names[:0:-1]
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(1))
    assert got(sockets, "good") == [0, 1]


@pytest.mark.parametrize("patience", [0.0, 0.2])
async def test_an_index_that_still_shows_a_gone_socket_is_no_endless_loop(
    *,
    outbox: Outbox,
    delivery: Watched,
    sockets: FakeSockets,
    online: Online,
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
) -> None:
    monkeypatch.setattr(Connections, "remove", lambda *_: None)
    online("stale")
    sockets.gone.add("stale")
    async with asyncio.timeout(3):
        assert not await outbox.put(event(0), patience)
    rounds = len(sockets.attempts) / SOCKETS_TRIED
    assert rounds == 1 if not patience else 1 < rounds <= 6
    assert delivery.looks == len(sockets.attempts)
    sockets.gone.clear()
    assert await outbox.put(event(1), patience=1)
    assert got(sockets, "stale") == [0, 1]


async def test_a_stale_row_is_not_tried_again_by_every_event(
    outbox: Outbox,
    sockets: FakeSockets,
    online: Online,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Connections, "remove", lambda *_: None)
    online("stale")
    sockets.gone.add("stale")
    for seq in range(10):
        assert not await outbox.put(event(seq))
    assert len(sockets.attempts) == SOCKETS_TRIED
    clock.now += 1
    online("fresh")
    assert await outbox.put(event(10))
    assert got(sockets, "fresh") == list(range(11))


# Pushes that are not confirmed


async def test_an_unconfirmed_push_is_repeated_with_the_same_content(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first")
    push = sockets.post_to_connection
    doubts = deque([LOST, ReadTimeoutError(endpoint_url="x")])

    def arrives_unconfirmed(**call: Any) -> dict[str, Any]:
        push(**call)
        if doubts:
            raise doubts.popleft()
        return {}

    sockets.post_to_connection = arrives_unconfirmed
    assert await outbox.put(event(0))
    assert await outbox.put(event(1))
    assert got(sockets, "first") == [0, 0, 0, 1]


async def test_one_that_stays_unconfirmed_waits_and_keeps_its_place(
    outbox: Outbox, delivery: Watched, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first")
    sockets.failures.extend([LOST] * UNCONFIRMED_TRIES)
    with capture_logs() as lines:
        assert not await outbox.put(event(0))
    assert [line["attempt"] for line in lines if line["event"] == "push_unconfirmed"] == [1, 2, 3]
    assert len(sockets.attempts) == UNCONFIRMED_TRIES
    assert delivery.looks == 1
    assert await outbox.put(event(1))
    assert got(sockets, "first") == [0, 1]


async def test_an_end_that_stays_unconfirmed_is_tried_as_long_as_patience_lasts(
    outbox: Outbox, sockets: FakeSockets, online: Online
) -> None:
    online("first")
    sockets.failures.extend([LOST] * (UNCONFIRMED_TRIES + 1))
    assert await asyncio.wait_for(outbox.put(event(0), patience=1), 2)
    assert got(sockets, "first") == [0]
    sockets.failures.extend([LOST] * 1_000)
    assert not await asyncio.wait_for(outbox.put(event(1), patience=0.1), 2)


async def test_throttling_without_end_is_as_good_as_unconfirmed(
    outbox: Outbox, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("first")
    sockets.failures.extend(sockets.throttled() for _ in range(12))
    assert not await outbox.put(event(0))
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(1))
    assert got(sockets, "first") == [0, 1]


# A table that fails


TABLE_FAULTS = [client_error("ProvisionedThroughputExceededException"), ConnectTimeoutError(endpoint_url="x")]


@pytest.mark.parametrize("fault", TABLE_FAULTS, ids=lambda fault: type(fault).__name__)
async def test_while_the_table_cannot_be_read_the_known_socket_is_used(
    *,
    outbox: Outbox,
    delivery: Watched,
    sockets: FakeSockets,
    online: Online,
    clock: FakeClock,
    fault: Exception,
) -> None:
    online("first")
    delivery.faults.append(fault)
    with capture_logs() as lines:
        assert not await outbox.put(event(0))
    assert [line["event"] for line in lines] == ["connection_unknown"]
    assert not await outbox.put(event(1)), "a table in trouble is not asked for every event"
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(1))
    clock.now += LOOK_SECONDS
    delivery.faults.append(fault)
    assert await outbox.put(event(2))
    delivery.faults.append(fault)
    assert await outbox.put(event(3), patience=1)
    assert got(sockets, "first") == [0, 1, 1, 2, 3]


@pytest.mark.parametrize("fault", TABLE_FAULTS, ids=lambda fault: type(fault).__name__)
async def test_a_gone_socket_whose_row_cannot_be_removed_is_no_error_of_the_turn(
    *,
    outbox: Outbox,
    sockets: FakeSockets,
    online: Online,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr(Connections, "remove", broken)
    binds(online, clock, "first")
    sockets.gone.add("first")
    assert not await outbox.put(event(0))
    binds(online, clock, "second")
    clock.now += LOOK_SECONDS
    assert await outbox.put(event(1))
    assert got(sockets, "second") == [0, 1]
