"""The connections table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.config import CONNECTIONS_TABLE
from services.contract.limits import CONNECTION_ROW_LIFETIME
from services.stores.connections import Connection, Connections
from tests.services.fakes import OTHER_SESSION, SESSION, FakeClock, Online

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def ids(connections: Connections, session_id: str = SESSION) -> list[str]:
    return [row.connection_id for row in connections.of_session(session_id)]


def test_an_opened_connection_has_no_session(connections: Connections, clock: FakeClock) -> None:
    connections.open(Connection("conn=", "alice", int(clock.now) + 60))
    assert connections.get("conn=") == Connection("conn=", "alice", int(clock.now) + 60)
    assert ids(connections) == []


def test_rows_expire_by_themselves(connections: Connections, clock: FakeClock, dynamodb: DynamoDBClient) -> None:
    connections.open(Connection("conn=", "alice", int(clock.now) + 60))
    row = dynamodb.get_item(TableName=CONNECTIONS_TABLE, Key={"connection_id": {"S": "conn="}}).get("Item", {})
    assert row["expires_at"] == {"N": str(int(clock.now) + CONNECTION_ROW_LIFETIME)}


def test_binding_makes_it_findable(connections: Connections, clock: FakeClock, online: Online) -> None:
    online("conn=", capabilities=frozenset({"b", "a"}))
    [found] = connections.of_session(SESSION)
    assert found == connections.get("conn=")
    assert found == Connection(
        connection_id="conn=",
        owner="alice",
        token_expires_at=int(clock.now) + 3_600,
        session_id=SESSION,
        session_name="abc-123",
        bound_at=int(clock.now * 1_000),
        capabilities=frozenset({"a", "b"}),
    )
    assert ids(connections, OTHER_SESSION) == []


def test_the_newest_binding_wins_not_the_newest_row(connections: Connections, clock: FakeClock, online: Online) -> None:
    for name in ("a", "b", "c"):
        online(name)
        clock.now += 0.01
    assert ids(connections) == ["c", "b", "a"]
    assert connections.bind("a", session_id=SESSION, session_name="abc-123")
    assert ids(connections) == ["a", "c", "b"]


def test_rows_with_an_expired_token_are_invisible(connections: Connections, clock: FakeClock, online: Online) -> None:
    online("short", expires_at=int(clock.now) + 10)
    online("long")
    assert set(ids(connections)) == {"short", "long"}
    clock.now += 9.9
    assert set(ids(connections)) == {"short", "long"}
    clock.now += 0.1
    assert ids(connections) == ["long"]
    row = connections.get("short")
    assert row is not None
    assert row.expired(clock.now)
    assert not row.expired(clock.now - 0.1)


def test_a_missing_row_cannot_be_bound(connections: Connections) -> None:
    assert connections.bind("nobody", session_id=SESSION, session_name="abc-123") is False
    assert connections.get("nobody") is None
    assert ids(connections) == []


def test_a_connection_moves_from_session_to_session(connections: Connections, online: Online) -> None:
    online("conn=")
    assert connections.bind("conn=", session_id=OTHER_SESSION, session_name="other")
    assert ids(connections) == []
    assert ids(connections, OTHER_SESSION) == ["conn="]


@pytest.mark.parametrize("offered", [frozenset({"get_vpn_status"}), frozenset(), None])
def test_capabilities_are_kept_when_a_chat_binds_again(
    connections: Connections, online: Online, offered: frozenset[str] | None
) -> None:
    online("conn=", capabilities=offered)
    assert connections.bind("conn=", session_id=OTHER_SESSION, session_name="b", keep_capabilities=True)
    row = connections.get("conn=")
    assert row is not None
    assert (row.session_id, row.capabilities) == (OTHER_SESSION, offered)


def test_a_hello_without_capabilities_means_all_again(connections: Connections, online: Online) -> None:
    online("conn=", capabilities=frozenset({"get_vpn_status"}))
    assert connections.bind("conn=", session_id=SESSION, session_name="abc-123")
    row = connections.get("conn=")
    assert row is not None
    assert row.capabilities is None


def test_removing(connections: Connections, online: Online) -> None:
    online("conn=")
    connections.remove("conn=")
    connections.remove("conn=")
    assert connections.get("conn=") is None
    assert ids(connections) == []
