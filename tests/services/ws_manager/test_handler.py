"""The Lambda entry point: routing, and what it answers when something breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from local.config import CONNECTIONS_TABLE, REQUESTS_TABLE
from services import aws
from services.contract.settings import SettingsError
from services.stores.connections import Connections
from services.ws_manager import handler as module
from services.ws_manager.sessions import derive_session_id
from tests.services.fakes import FakeClock, FakeLambda, FakeSockets, client_error
from tests.services.ws_manager.events import CONNECTION, Events
from tests.services.ws_manager.runtime import FakeRuntime
from tests.services.ws_manager.test_authorizer import ENVIRONMENT

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HELLO = {"action": "hello", "session_id": "abc-123", "protocol_versions": [1]}
CONTEXT = SimpleNamespace(aws_request_id="lambda-1")
OK = {"statusCode": 200}


@pytest.fixture(autouse=True)
def _process(
    monkeypatch: pytest.MonkeyPatch,
    dynamodb: DynamoDBClient,
    sockets: FakeSockets,
    runtime: FakeRuntime,
    lambda_client: FakeLambda,
) -> Iterator[None]:
    """A fresh process whose AWS clients are the fakes."""
    tables = {"CONNECTIONS_TABLE": CONNECTIONS_TABLE, "REQUESTS_TABLE": REQUESTS_TABLE}
    for name, value in (ENVIRONMENT | tables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "dynamodb", lambda: dynamodb)
    monkeypatch.setattr(aws, "management", lambda url: sockets)
    monkeypatch.setattr(aws, "lambda_", lambda: lambda_client)
    monkeypatch.setattr(aws, "agent_runtime", runtime.client)
    module._routes.cache_clear()
    yield
    module._routes.cache_clear()


def handle(event: dict[str, Any]) -> dict[str, object]:
    return module.handler(event, CONTEXT)


def test_a_whole_connection(
    events: Events, sockets: FakeSockets, runtime: FakeRuntime, connections: Connections
) -> None:
    assert handle(events.connect()) == OK
    assert sockets.messages == []
    assert handle(events.message(HELLO)) == OK
    assert sockets.messages[0]["event"] == "ready"
    chat = {"action": "chat", "prompt": "Hi", "session_id": "abc-123", "request_id": "req-1"}
    assert handle(events.message(chat)) == OK
    assert runtime.turns[0]["request_id"] == "req-1"
    assert handle(events.message({"action": "ping"})) == OK
    assert handle(events.message({"action": "dance"})) == OK
    assert [message["event"] for message in sockets.messages[1:]] == ["pong", "error"]
    assert handle(events.disconnect()) == OK
    assert connections.get(CONNECTION) is None


@pytest.mark.parametrize("route", ["hello", "chat", "async_callback", "ping", "$default", "anything"])
def test_the_message_counts_and_not_the_name_of_its_route(events: Events, sockets: FakeSockets, route: str) -> None:
    handle(events.connect())
    assert handle(events.raw('{"action": "ping"}', route)) == OK
    assert sockets.messages == [{"event": "pong", "data": {}}]


def test_connect_without_authorizer_is_refused(clock: FakeClock) -> None:
    assert handle(Events(clock, owner=None).connect()) == {"statusCode": 401}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"requestContext": {}},
        {"requestContext": {"http": {"method": "GET"}, "routeKey": "GET /"}},
        {"requestContext": {"routeKey": "$connect", "connectionId": 5}},
        {"Records": [{"eventSource": "aws:sqs"}]},
    ],
)
def test_an_event_of_something_else(event: dict[str, Any], sockets: FakeSockets) -> None:
    assert handle(event) == {"statusCode": 400}
    assert sockets.attempts == []


def test_an_unreadable_authorizer_context_keeps_the_socket_shut(events: Events, connections: Connections) -> None:
    event = events.connect()
    event["requestContext"]["authorizer"]["token_expires_at"] = "soon"
    assert handle(event) == {"statusCode": 400}
    assert connections.get(CONNECTION) is None


# When something breaks


def broken(*_: object, **__: object) -> Any:
    raise client_error("ProvisionedThroughputExceededException", 400)


@pytest.mark.parametrize(
    ("body", "about"),
    [
        (json.dumps(HELLO), {}),
        ('{"action": "ping"}', {}),
        ('{"action": "chat", "prompt": "Hi", "session_id": "a", "request_id": "req-1"}', {"request_id": "req-1"}),
        ('{"action": "async_callback", "callback_id": "cb-1"}', {"callback_id": "cb-1"}),
        ('{"action": "chat", "request_id": 7}', {}),
        ("{", {}),
        ("[" * 50_000, {}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_internal_error_is_apologised_for(
    *,
    events: Events,
    sockets: FakeSockets,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    about: dict[str, str],
) -> None:
    handle(events.connect())
    monkeypatch.setattr(Connections, "get", broken)
    assert handle(events.raw(body)) == {"statusCode": 500}
    [(connection_id, apology)] = sockets.pushed
    assert connection_id == CONNECTION
    assert apology == {
        "event": "error",
        "data": {"code": "internal_error", "message": "Something went wrong on our side.", "retryable": True, **about},
    }


@pytest.mark.parametrize("kind", ["connect", "disconnect"])
def test_there_is_nobody_to_apologise_to_outside_of_messages(
    events: Events, sockets: FakeSockets, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(Connections, "open", broken)
    monkeypatch.setattr(Connections, "remove", broken)
    event = events.connect() if kind == "connect" else events.disconnect()
    assert handle(event) == {"statusCode": 500}
    assert sockets.attempts == []


@pytest.mark.parametrize("failure", [client_error("InternalServerError", 500), RuntimeError("odd")])
def test_even_the_apology_may_fail(
    events: Events, sockets: FakeSockets, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    handle(events.connect())
    monkeypatch.setattr(Connections, "get", broken)
    sockets.failures.append(failure)
    assert handle(events.message({"action": "ping"})) == {"statusCode": 500}


def test_an_incomplete_environment_is_an_error_of_the_deployment(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_TABLE")
    with pytest.raises(SettingsError, match="REQUESTS_TABLE"):
        handle(events.connect())


# Logs


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_every_line_says_whose_it_is(events: Events, capfd: pytest.CaptureFixture[str]) -> None:
    handle(events.connect())
    handle(events.message({**HELLO, "client": {"name": "Deskside", "version": "1.0"}}))
    handle(events.message({"action": "chat", "prompt": "my password is hunter2", "session_id": "abc-123"}))
    seen = lines(capfd)
    assert [line["event"] for line in seen] == ["connected", "hello", "turn_delivered"]
    for line in seen:
        assert line["service"] == "ws-manager"
        assert line["connection_id"] == CONNECTION
        assert line["aws_request_id"] == "lambda-1"
    assert [line["route"] for line in seen] == ["$connect", "hello", "chat"]
    assert seen[1]["session_id"] == seen[2]["session_id"] == derive_session_id("alice", "abc-123")
    assert "hunter2" not in json.dumps(seen)
    assert "secret-token" not in json.dumps(seen)


def test_the_ids_of_one_event_are_not_on_the_lines_of_the_next(
    events: Events, clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    handle(events.connect())
    handle(events.message(HELLO))
    handle(Events(clock, "other=", "bob").connect())
    handle({})
    *_, bobs, nobodys = lines(capfd)
    assert (bobs["connection_id"], bobs.get("session_id")) == ("other=", None)
    assert (nobodys.get("connection_id"), nobodys.get("session_id")) == (None, None)
