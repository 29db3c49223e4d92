"""Every route, from API Gateway's event to what is pushed to the socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from structlog.testing import capture_logs

from services.contract.errors import MEANINGS, ErrorCode
from services.contract.fixtures import CALLBACK
from services.stores.connections import Connection, Connections
from services.stores.requests import PendingRequests, Status
from services.ws_manager.decode import WebSocketEvent
from services.ws_manager.routes import Routes
from services.ws_manager.sessions import derive_session_id
from tests.services.fakes import FakeClock, FakeLambda, FakeSockets, client_error
from tests.services.ws_manager.conftest import Ask
from tests.services.ws_manager.events import CONNECTION, REQUEST, Events
from tests.services.ws_manager.runtime import FakeRuntime

HELLO: dict[str, Any] = {"action": "hello", "session_id": "abc-123", "protocol_versions": [1]}
CHAT: dict[str, Any] = {"action": "chat", "prompt": "What's my VPN status?", "session_id": "abc-123"}
PING: dict[str, Any] = {"action": "ping"}
ALICES = derive_session_id("alice", "abc-123")


def arrived(event: dict[str, Any]) -> WebSocketEvent:
    return WebSocketEvent.model_validate(event)


class Client:
    """A connected client: says something, gets back what was pushed to it meanwhile."""

    def __init__(self, parts: Routes, sockets: FakeSockets, events: Events) -> None:
        self._parts, self._sockets, self.events = parts, sockets, events

    def says(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        return self.sends(self.events.message(message))

    def sends(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        before = len(self._sockets.pushed)
        assert self._parts.message(arrived(event)) == 200
        pushed = self._sockets.pushed[before:]
        assert {connection_id for connection_id, _ in pushed} <= {self.events.connection_id}
        return [message for _, message in pushed]


@pytest.fixture
def client(parts: Routes, sockets: FakeSockets, events: Events) -> Client:
    assert parts.connect(arrived(events.connect())) == 200
    return Client(parts, sockets, events)


def second_client(parts: Routes, sockets: FakeSockets, clock: FakeClock, owner: str) -> Client:
    events = Events(clock, f"conn-of-{owner}=", owner)
    assert parts.connect(arrived(events.connect())) == 200
    return Client(parts, sockets, events)


def error(code: ErrorCode, **about: Any) -> dict[str, Any]:
    meaning = MEANINGS[code]
    said = {"code": code.value, "message": meaning.message, "retryable": meaning.retryable}
    return {"event": "error", "data": {**said, **about}}


# $connect and $disconnect


def test_connect_records_who_the_authorizer_let_in(
    client: Client, connections: Connections, events: Events, sockets: FakeSockets
) -> None:
    assert connections.get(CONNECTION) == Connection(CONNECTION, "alice", events.expires_at)
    # Nothing can be pushed before the handshake is over.
    assert sockets.attempts == []


def test_connect_without_an_authorizer_is_refused(parts: Routes, clock: FakeClock, connections: Connections) -> None:
    assert parts.connect(arrived(Events(clock, owner=None).connect())) == 401
    assert connections.get(CONNECTION) is None


def test_disconnect_forgets_the_connection(client: Client, parts: Routes, connections: Connections) -> None:
    for _ in range(2):
        assert parts.disconnect(arrived(client.events.disconnect())) == 200
        assert connections.get(CONNECTION) is None


def test_disconnect_says_how_long_the_socket_was_open(client: Client, parts: Routes, clock: FakeClock) -> None:
    event = client.events.disconnect()
    clock.now = event["requestContext"]["connectedAt"] / 1000 + 90.5
    with capture_logs() as lines:
        parts.disconnect(arrived(event))
        del event["requestContext"]["connectedAt"]
        parts.disconnect(arrived(event))
    assert [line["seconds"] for line in lines if line["event"] == "disconnected"] == [90.5, None]


# hello


def test_hello_is_answered_by_ready(client: Client, connections: Connections, clock: FakeClock) -> None:
    [ready] = client.says({**HELLO, "capabilities": ["get_vpn_status"], "protocol_versions": [1, 2, 99]})
    assert ready == {
        "event": "ready",
        "data": {"session_id": "abc-123", "protocol_version": 1, "expires_in": 3_600, "pending": []},
    }
    [row] = connections.of_session(ALICES)
    assert (row.connection_id, row.session_name) == (CONNECTION, "abc-123")
    assert row.capabilities == {"get_vpn_status"}


def test_ready_tells_how_long_the_token_lasts(client: Client, clock: FakeClock) -> None:
    clock.now += 3_000.7
    [ready] = client.says(HELLO)
    assert ready["data"]["expires_in"] == 599


@pytest.mark.parametrize("versions", [[2], [0], [2, 3], [-1]])
def test_no_version_in_common(client: Client, connections: Connections, versions: list[int]) -> None:
    [refused] = client.says({**HELLO, "protocol_versions": versions})
    assert refused == error(ErrorCode.UNSUPPORTED_VERSION, detail="this server speaks [1]")
    assert connections.of_session(ALICES) == []


def test_ready_lists_what_still_waits(client: Client, ask: Ask, pending: PendingRequests, clock: FakeClock) -> None:
    first = ask("analyze_logs", ALICES, "durable-1", 120)
    clock.now += 10
    second = ask("get_vpn_status", ALICES, "durable-2", 30)
    pending.close(ask("get_vpn_status", ALICES, "durable-3"))
    ask("get_vpn_status", derive_session_id("bob", "abc-123"), "durable-4")
    ask("of_an_older_version", ALICES, "durable-5")
    clock.now += 5.25
    [ready] = client.says(HELLO)
    assert ready["data"]["pending"] == [
        {"action": "request_logs", "log_type": "vpn", "callback_id": first.callback_id, "expires_in": 104.8},
        {"action": "get_vpn_status", "callback_id": second.callback_id, "expires_in": 24.8},
    ]
    assert "durable" not in json.dumps(ready)


def test_a_request_opened_in_the_meantime_finds_the_connection(
    client: Client, parts: Routes, ask: Ask, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bound first, read second: otherwise a request between the two would reach nobody."""
    bound_when_read: list[bool] = []
    read = PendingRequests.waiting

    def waiting(store: PendingRequests, session_id: str) -> Any:
        bound_when_read.append(bool(connections.of_session(session_id)))
        return read(store, session_id)

    monkeypatch.setattr(PendingRequests, "waiting", waiting)
    client.says(HELLO)
    assert bound_when_read == [True]


# ping


def test_ping(client: Client) -> None:
    assert client.says(PING) == [{"event": "pong", "data": {}}]
    assert client.sends(client.events.binary(PING)) == [{"event": "pong", "data": {}}]


# chat


def test_a_chat_goes_to_the_agent_which_answers_by_itself(client: Client, runtime: FakeRuntime) -> None:
    client.says(HELLO)
    assert client.says({**CHAT, "request_id": "req-7"}) == []
    assert runtime.calls[0]["runtimeSessionId"] == ALICES
    [turn] = runtime.turns
    assert turn["request_id"] == "req-7"
    assert turn["session_name"] == "abc-123"
    assert turn["prompt"] == "What's my VPN status?"


def test_a_client_that_never_said_hello_is_bound_by_its_chat(
    client: Client, runtime: FakeRuntime, connections: Connections
) -> None:
    """As the original's did: no hello, no request_id."""
    assert client.says(CHAT) == []
    assert runtime.turns[0]["request_id"] == REQUEST
    [row] = connections.of_session(ALICES)
    assert (row.connection_id, row.capabilities) == (CONNECTION, None)


def test_a_chat_in_another_session_moves_the_connection_and_keeps_its_capabilities(
    client: Client, connections: Connections
) -> None:
    client.says({**HELLO, "capabilities": ["request_logs"]})
    client.says({**CHAT, "session_id": "other"})
    assert connections.of_session(ALICES) == []
    [row] = connections.of_session(derive_session_id("alice", "other"))
    assert row.capabilities == {"request_logs"}


def test_nobody_reaches_anothers_session_by_its_name(
    *, client: Client, parts: Routes, sockets: FakeSockets, clock: FakeClock, runtime: FakeRuntime, ask: Ask
) -> None:
    client.says(HELLO)
    asked = ask(session_id=ALICES)
    bob = second_client(parts, sockets, clock, "bob")
    [ready] = bob.says(HELLO)
    assert ready["data"]["pending"] == []
    bob.says(CHAT)
    assert runtime.calls[-1]["runtimeSessionId"] == derive_session_id("bob", "abc-123") != ALICES
    answer = {"action": "async_callback", "callback_id": asked.callback_id, "content": '{"vpn_status": "connected"}'}
    assert bob.says(answer) == [error(ErrorCode.CALLBACK_UNKNOWN, callback_id=asked.callback_id)]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("busy", ErrorCode.AGENT_BUSY),
        ("expired", ErrorCode.AGENT_UNAVAILABLE),
        ("invalid", ErrorCode.INTERNAL_ERROR),
        (ReadTimeoutError(endpoint_url="x"), ErrorCode.TURN_UNCONFIRMED),
        (client_error("RuntimeClientError", 424), ErrorCode.TURN_UNCONFIRMED),
        (client_error("ThrottlingException", 429), ErrorCode.AGENT_UNAVAILABLE),
    ],
)
def test_an_undelivered_prompt_is_reported_with_its_id(
    client: Client, runtime: FakeRuntime, outcome: str | Exception, code: ErrorCode
) -> None:
    runtime.answers(outcome)
    about = {"request_id": "req-7", "session_id": "abc-123"}
    assert client.says({**CHAT, "request_id": "req-7"}) == [error(code, **about)]


# async_callback


def test_an_answer_is_taken_silently(
    client: Client, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests
) -> None:
    client.says(HELLO)
    asked = ask(session_id=ALICES)
    answer = {"action": "async_callback", "callback_id": asked.callback_id, "content": '{"vpn_status": "connected"}'}
    assert client.says(answer) == []
    assert lambda_client.succeeded == [("ZHVyYWJsZQ==", b'{"vpn_status": "connected"}')]
    assert client.says(answer) == [error(ErrorCode.CALLBACK_ANSWERED, callback_id=asked.callback_id)]
    row = pending.get(ALICES, asked.callback_id)
    assert row is not None
    assert row.status is Status.ANSWERED


def test_an_answer_before_any_session_is_unknown(client: Client, ask: Ask, lambda_client: FakeLambda) -> None:
    asked = ask(session_id=ALICES)
    answer = {"action": "async_callback", "callback_id": asked.callback_id, "content": '{"vpn_status": "connected"}'}
    assert client.says(answer) == [error(ErrorCode.CALLBACK_UNKNOWN, callback_id=asked.callback_id)]
    assert lambda_client.untouched


# What is refused


ABOUT: list[tuple[dict[str, Any], dict[str, str]]] = [
    (HELLO, {}),
    (CHAT, {}),
    ({**CHAT, "request_id": "req-7"}, {"request_id": "req-7"}),
    ({**CHAT, "request_id": 7}, {}),
    ({"action": "async_callback", "callback_id": CALLBACK, "content": "{}"}, {"callback_id": CALLBACK}),
    (PING, {}),
    ({"action": "nonsense", "request_id": "req-8"}, {"request_id": "req-8"}),
]
"""What a client says, and what an error about it names."""


@pytest.mark.parametrize(("message", "about"), ABOUT, ids=repr)
def test_an_expired_token_ends_an_open_socket(
    *,
    client: Client,
    clock: FakeClock,
    sockets: FakeSockets,
    connections: Connections,
    runtime: FakeRuntime,
    message: dict[str, Any],
    about: dict[str, str],
) -> None:
    clock.now += 3_600
    assert client.says(message) == [error(ErrorCode.TOKEN_EXPIRED, **about)]
    assert sockets.closed == [CONNECTION]
    assert connections.get(CONNECTION) is None
    assert runtime.calls == []


def test_a_token_is_good_to_its_last_moment(client: Client, clock: FakeClock, sockets: FakeSockets) -> None:
    clock.now += 3_599.9
    assert client.says(PING) == [{"event": "pong", "data": {}}]
    assert sockets.closed == []


@pytest.mark.parametrize(("message", "about"), ABOUT, ids=repr)
def test_an_unknown_connection_is_told_to_connect_again(
    *,
    parts: Routes,
    sockets: FakeSockets,
    events: Events,
    runtime: FakeRuntime,
    message: dict[str, Any],
    about: dict[str, str],
) -> None:
    assert Client(parts, sockets, events).says(message) == [error(ErrorCode.NOT_CONNECTED, **about)]
    assert sockets.closed == [CONNECTION]
    assert runtime.calls == []


@pytest.mark.parametrize("body", [None, "", "{", "[]", "[" * 50_000], ids=lambda body: repr(body)[:20])
def test_what_cannot_be_read_on_an_unknown_connection_names_nothing(
    parts: Routes, sockets: FakeSockets, events: Events, body: str | None
) -> None:
    assert Client(parts, sockets, events).sends(events.raw(body)) == [error(ErrorCode.NOT_CONNECTED)]


@pytest.mark.parametrize("message", [HELLO, {**CHAT, "request_id": "req-7"}], ids=lambda m: str(m["action"]))
def test_a_row_that_vanishes_while_a_message_is_handled(
    client: Client,
    message: dict[str, Any],
    sockets: FakeSockets,
    runtime: FakeRuntime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Connections, "bind", lambda *_, **__: False)
    [refused] = client.says(message)
    assert refused["data"]["code"] == "not_connected"
    assert refused["data"].get("request_id") == message.get("request_id")
    # As the error's meaning promises.
    assert sockets.closed == [CONNECTION]
    assert runtime.calls == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", ErrorCode.BAD_JSON),
        ("[]", ErrorCode.BAD_JSON),
        ('{"action": "dance"}', ErrorCode.UNKNOWN_ACTION),
        ("{}", ErrorCode.UNKNOWN_ACTION),
        ('{"action": "chat"}', ErrorCode.INVALID_MESSAGE),
        (f'{{"action": "async_callback", "callback_id": "{CALLBACK}"}}', ErrorCode.INVALID_MESSAGE),
    ],
)
def test_a_bad_message_is_answered_and_the_socket_stays_open(
    client: Client, sockets: FakeSockets, body: str, code: ErrorCode
) -> None:
    [refused] = client.sends(client.events.raw(body))
    assert refused["data"]["code"] == code.value
    assert sockets.closed == []
    assert client.says(PING) == [{"event": "pong", "data": {}}]


def test_a_reply_that_is_lost_is_not_an_error_of_the_route(
    client: Client, sockets: FakeSockets, connections: Connections
) -> None:
    sockets.failures.append(client_error("InternalServerError", 500))
    assert client.says(PING) == []
    sockets.gone.add(CONNECTION)
    assert client.says(PING) == []
    assert connections.get(CONNECTION) is None
