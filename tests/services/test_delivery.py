"""Pushing to a session's Mac."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from services import delivery as delivery_module
from services.contract.limits import MAX_MESSAGE_BYTES
from services.contract.messages import Pong
from services.delivery import SECOND_LOOKS, THROTTLED_PAUSES, Delivery, DeliveryError, UnsupportedByClientError
from services.stores.connections import Connections
from tests.services.fakes import SESSION, FakeClock, FakeSockets, Online, client_error

MESSAGE: dict[str, object] = {"action": "get_vpn_status", "callback_id": "cb-1"}


@pytest.fixture
def delivery(connections: Connections, sockets: FakeSockets, clock: FakeClock) -> Delivery:
    return sockets.delivery(connections)


# One connection


def test_a_message_is_sent_once(delivery: Delivery, sockets: FakeSockets) -> None:
    assert delivery.send("conn=", Pong()) is True
    assert sockets.pushed == [("conn=", {"event": "pong", "data": {}})]


def test_a_gone_connection_is_forgotten(
    delivery: Delivery, sockets: FakeSockets, connections: Connections, online: Online
) -> None:
    sockets.gone.add(online("conn="))
    assert delivery.send("conn=", MESSAGE) is False
    assert connections.get("conn=") is None
    assert sockets.attempts == ["conn="]


def test_throttling_is_waited_out(delivery: Delivery, sockets: FakeSockets, clock: FakeClock) -> None:
    sockets.failures.extend(sockets.throttled() for _ in THROTTLED_PAUSES)
    assert delivery.send("conn=", MESSAGE) is True
    assert sockets.messages == [MESSAGE]
    assert len(clock.sleeps) == len(THROTTLED_PAUSES)
    for slept, pause in zip(clock.sleeps, THROTTLED_PAUSES, strict=True):
        assert pause / 2 <= slept <= pause


def test_throttling_without_end_is_an_error(
    delivery: Delivery, sockets: FakeSockets, connections: Connections, online: Online
) -> None:
    online("conn=")
    sockets.failures.extend(sockets.throttled() for _ in range(10))
    with pytest.raises(DeliveryError, match="throttles"):
        delivery.send("conn=", MESSAGE)
    assert len(sockets.attempts) == len(THROTTLED_PAUSES) + 1
    assert connections.get("conn=") is not None


@pytest.mark.parametrize(
    "failure",
    [
        client_error("InternalServerError", 500),
        client_error("ForbiddenException", 403),
        client_error("PayloadTooLargeException", 413),
        ReadTimeoutError(endpoint_url="http://x"),
        ConnectTimeoutError(endpoint_url="http://x"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_an_unconfirmed_push_is_an_error_and_not_repeated(
    delivery: Delivery, sockets: FakeSockets, connections: Connections, online: Online, failure: Exception
) -> None:
    online("conn=")
    sockets.failures.append(failure)
    with pytest.raises(DeliveryError, match=type(failure).__name__):
        delivery.send("conn=", MESSAGE)
    assert len(sockets.attempts) == 1
    assert connections.get("conn=") is not None


def test_what_api_gateway_would_not_take_is_not_tried(delivery: Delivery, sockets: FakeSockets) -> None:
    frame = len(b'{"a":""}')
    assert delivery.send("conn=", {"a": "x" * (MAX_MESSAGE_BYTES - frame)})
    with pytest.raises(DeliveryError, match="over API Gateway's limit"):
        delivery.send("conn=", {"a": "x" * (MAX_MESSAGE_BYTES - frame + 1)})
    assert len(sockets.attempts) == 1


# A session


def test_the_newest_connection_gets_it_alone(
    delivery: Delivery, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    for name in ("old", "new"):
        online(name)
        clock.now += 1
    taken = delivery.push(SESSION, MESSAGE)
    assert taken is not None
    assert taken.connection_id == "new"
    assert sockets.pushed == [("new", MESSAGE)]
    assert clock.sleeps == []


def test_the_newest_is_the_one_bound_last_whose_token_is_good(
    delivery: Delivery, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    assert delivery.newest(SESSION) is None
    for name, lasts in (("old", 3_600), ("new", 3_600), ("short-lived", 60)):
        online(name, expires_at=int(clock.now) + lasts)
        clock.now += 1
    online("elsewhere", "f" * 36)
    found = delivery.newest(SESSION)
    assert found is not None
    assert found.connection_id == "short-lived"
    clock.now += 60
    found = delivery.newest(SESSION)
    assert found is not None
    assert found.connection_id == "new"
    clock.now += 3_600
    assert delivery.newest(SESSION) is None
    assert (sockets.attempts, clock.sleeps) == ([], [])


def test_a_dead_connection_is_removed_and_the_next_tried(
    delivery: Delivery, sockets: FakeSockets, online: Online, clock: FakeClock, connections: Connections
) -> None:
    for name in ("oldest", "old", "new"):
        online(name)
        clock.now += 1
    sockets.gone |= {"new", "old"}
    taken = delivery.push(SESSION, MESSAGE)
    assert taken is not None
    assert taken.connection_id == "oldest"
    assert sockets.attempts == ["new", "old", "oldest"]
    assert [row.connection_id for row in connections.of_session(SESSION)] == ["oldest"]


def test_nobody_is_offline_only_after_second_looks(delivery: Delivery, sockets: FakeSockets, clock: FakeClock) -> None:
    assert delivery.push(SESSION, MESSAGE) is None
    assert clock.sleeps == list(SECOND_LOOKS)
    assert sockets.attempts == []


def test_expired_connections_are_nobody(
    delivery: Delivery, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    online("conn=", expires_at=int(clock.now))
    assert delivery.push(SESSION, MESSAGE) is None
    assert sockets.attempts == []


def test_who_appears_meanwhile_is_found(
    delivery: Delivery, sockets: FakeSockets, online: Online, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appear(seconds: float) -> None:
        clock.sleeps.append(seconds)
        if len(clock.sleeps) == len(SECOND_LOOKS):
            online("late")

    monkeypatch.setattr(clock, "sleep", appear)
    taken = delivery.push(SESSION, MESSAGE)
    assert taken is not None
    assert taken.connection_id == "late"
    assert sockets.messages == [MESSAGE]


def test_an_unconfirmed_push_is_not_given_to_another_connection(
    delivery: Delivery, sockets: FakeSockets, online: Online, clock: FakeClock
) -> None:
    for name in ("old", "new"):
        online(name)
        clock.now += 1
    sockets.failures.append(ReadTimeoutError(endpoint_url="http://x"))
    with pytest.raises(DeliveryError):
        delivery.push(SESSION, MESSAGE)
    assert sockets.attempts == ["new"]


# Capabilities


@pytest.mark.parametrize(
    ("offered", "possible"),
    [
        (None, True),
        (frozenset({"get_vpn_status"}), True),
        (frozenset({"request_logs"}), False),
        (frozenset[str](), False),
    ],
)
def test_a_capability_must_not_have_been_left_out(
    delivery: Delivery, sockets: FakeSockets, online: Online, offered: frozenset[str] | None, possible: bool
) -> None:
    online("conn=", capabilities=offered)
    if possible:
        assert delivery.push(SESSION, MESSAGE, requires="get_vpn_status") is not None
    else:
        with pytest.raises(UnsupportedByClientError):
            delivery.push(SESSION, MESSAGE, requires="get_vpn_status")
    assert len(sockets.attempts) == int(possible)


def test_without_a_requirement_capabilities_do_not_matter(
    delivery: Delivery, sockets: FakeSockets, online: Online
) -> None:
    online("conn=", capabilities=frozenset())
    assert delivery.push(SESSION, MESSAGE) is not None


# Closing


@pytest.mark.parametrize("failure", [None, client_error("GoneException", 410), ReadTimeoutError(endpoint_url="x")])
def test_a_closed_connection_is_forgotten_in_any_case(
    delivery: Delivery, sockets: FakeSockets, connections: Connections, online: Online, failure: Exception | None
) -> None:
    online("conn=")
    sockets.close_failure = failure
    delivery.close("conn=")
    assert sockets.closed == ([] if failure else ["conn="])
    assert connections.get("conn=") is None


def test_all_waiting_together_stays_far_below_the_integration_timeout() -> None:
    assert sum(delivery_module.SECOND_LOOKS) + sum(delivery_module.THROTTLED_PAUSES) < 3
