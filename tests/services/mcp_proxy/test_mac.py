"""The side effects of a tool call."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from services.mcp_proxy import mac as module
from services.mcp_proxy.calls import ToolCall, decode_call
from services.mcp_proxy.mac import Mac
from services.stores.connections import Connections
from services.stores.requests import PendingRequest, PendingRequests, Status, wire_id
from tests.services.fakes import SESSION, FakeClock, FakeSockets, Online

TRUSTED = {"session_id": SESSION, "request_id": "req-1", "tool_call_id": "call-1"}
DURABLE = "ZHVyYWJsZQ=="


@pytest.fixture
def clock(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def mac(clock: FakeClock, connections: Connections, pending: PendingRequests, sockets: FakeSockets) -> Mac:
    return Mac(sockets.delivery(connections), pending)


@pytest.fixture
def command() -> ToolCall:
    return decode_call({"command": "connect_vpn", **TRUSTED}, None)


@pytest.fixture
def logs() -> ToolCall:
    return decode_call({"log_type": "network", **TRUSTED}, None)


def test_a_command_is_pushed_under_the_id_of_its_call(
    mac: Mac, command: ToolCall, sockets: FakeSockets, online: Online, pending: PendingRequests
) -> None:
    online("conn=")
    assert mac.command(command) == "sent"
    data = {"action": "run_client_command", "command": "connect_vpn", "action_id": "call-1"}
    assert sockets.pushed == [("conn=", {"event": "client_action", "data": data})]
    assert pending.waiting(SESSION) == []


def test_a_request_is_recorded_and_pushed(
    *, mac: Mac, logs: ToolCall, sockets: FakeSockets, online: Online, pending: PendingRequests, clock: FakeClock
) -> None:
    online("conn=")
    assert mac.ask(logs, DURABLE, 30) == "sent"
    assert sockets.messages == [
        {"action": "request_logs", "log_type": "network", "callback_id": wire_id(DURABLE), "expires_in": 30.0}
    ]
    assert pending.waiting(SESSION) == [
        PendingRequest(
            session_id=SESSION,
            callback_id=wire_id(DURABLE),
            durable_callback_id=DURABLE,
            tool="analyze_logs",
            arguments={"log_type": "network"},
            deadline=clock.now + 30,
            request_id="req-1",
            tool_call_id="call-1",
        )
    ]


def test_the_record_is_there_before_the_push(
    *,
    mac: Mac,
    logs: ToolCall,
    sockets: FakeSockets,
    online: Online,
    pending: PendingRequests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Mac may answer faster than we could write."""
    online("conn=")
    known: list[int] = []
    post = FakeSockets.post_to_connection

    def posted(fake: FakeSockets, **push: object) -> object:
        known.append(len(pending.waiting(SESSION)))
        return post(fake, **push)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeSockets, "post_to_connection", posted)
    mac.ask(logs, DURABLE, 30)
    assert known == [1]


def test_an_offline_mac_gets_it_with_its_next_hello(
    mac: Mac, logs: ToolCall, command: ToolCall, sockets: FakeSockets, pending: PendingRequests
) -> None:
    assert mac.command(command) == "offline"
    assert mac.ask(logs, DURABLE, 30) == "offline"
    assert sockets.attempts == []
    assert len(pending.waiting(SESSION)) == 1


@pytest.mark.parametrize("offered", [frozenset({"run_client_command"}), frozenset({"request_logs"}), frozenset[str]()])
def test_capabilities_are_named_as_the_push_is(
    *, mac: Mac, logs: ToolCall, command: ToolCall, online: Online, sockets: FakeSockets, offered: frozenset[str]
) -> None:
    online("conn=", capabilities=offered)
    assert mac.command(command) == ("sent" if "run_client_command" in offered else "unsupported")
    assert mac.ask(logs, DURABLE, 30) == ("sent" if "request_logs" in offered else "unsupported")
    assert len(sockets.attempts) == len(offered)


def test_an_unconfirmed_push_is_said_to_be_one(
    *, mac: Mac, logs: ToolCall, command: ToolCall, online: Online, sockets: FakeSockets, pending: PendingRequests
) -> None:
    online("conn=")
    sockets.failures.extend([ReadTimeoutError(endpoint_url="x"), ReadTimeoutError(endpoint_url="x")])
    assert mac.command(command) == "unconfirmed"
    assert mac.ask(logs, DURABLE, 30) == "unconfirmed"
    assert len(sockets.attempts) == 2
    # It may have arrived: the answer is still welcome.
    assert len(pending.waiting(SESSION)) == 1


def test_withdrawing_closes_the_record(mac: Mac, logs: ToolCall, online: Online, pending: PendingRequests) -> None:
    online("conn=")
    mac.ask(logs, DURABLE, 30)
    mac.withdraw(logs, DURABLE)
    row = pending.get(SESSION, wire_id(DURABLE))
    assert row is not None
    assert row.status is Status.CLOSED
    mac.withdraw(logs, "bmV2ZXItYXNrZWQ=")  # fine too


def test_an_answer_on_its_way_is_not_withdrawn(
    mac: Mac, logs: ToolCall, online: Online, pending: PendingRequests
) -> None:
    online("conn=")
    mac.ask(logs, DURABLE, 30)
    row = pending.get(SESSION, wire_id(DURABLE))
    assert row is not None
    assert pending.claim(row) is None
    mac.withdraw(logs, DURABLE)
    pending.settle(row)
    settled = pending.get(SESSION, wire_id(DURABLE))
    assert settled is not None
    assert settled.status is Status.ANSWERED
