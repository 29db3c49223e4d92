"""Decoding at the edge."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from pydantic import ValidationError

from services.contract.errors import ErrorCode
from services.contract.fixtures import client_fixtures
from services.contract.messages import CLIENT_MESSAGES, ErrorData
from services.ws_manager.decode import ProtocolError, WebSocketEvent, cause, decode_message
from tests.services.fakes import FakeClock
from tests.services.ws_manager.events import CONNECTION, REQUEST, Events

CALLBACK = "cb-00112233445566778899aabbccddeeff"


@pytest.fixture
def events() -> Events:
    return Events(FakeClock())


def decode(event: dict[str, Any]) -> Any:
    return decode_message(WebSocketEvent.model_validate(event))


def fault(event: dict[str, Any]) -> ErrorData:
    with pytest.raises(ProtocolError) as caught:
        decode(event)
    return caught.value.error.data


def test_the_events_of_api_gateway(events: Events) -> None:
    for made in (events.connect(), events.message({"action": "ping"}), events.disconnect()):
        context = WebSocketEvent.model_validate(made).request_context
        assert context.connection_id == CONNECTION
        assert context.request_id == REQUEST
        assert context.authorizer is not None
        assert (context.authorizer.owner, context.authorizer.token_expires_at) == ("alice", events.expires_at)
    assert WebSocketEvent.model_validate(events.disconnect()).request_context.disconnect_reason == "Going away"


def test_without_an_authorizer_there_is_nobody() -> None:
    event = Events(FakeClock(), owner=None).connect()
    assert WebSocketEvent.model_validate(event).request_context.authorizer is None


@pytest.mark.parametrize("change", [{"owner": None}, {"token_expires_at": "soon"}, {"token_expires_at": None}])
def test_an_incomplete_authorizer_context_is_no_event(events: Events, change: dict[str, Any]) -> None:
    event = events.connect()
    event["requestContext"]["authorizer"].update(change)
    with pytest.raises(ValidationError):
        WebSocketEvent.model_validate(event)


@pytest.mark.parametrize("name", client_fixtures())
def test_the_golden_messages_as_text_and_as_binary(events: Events, name: str) -> None:
    message: dict[str, Any] = client_fixtures()[name]
    expected = CLIENT_MESSAGES[message["action"]].model_validate(message)
    assert decode(events.message(message)) == expected
    assert decode(events.binary(message)) == expected


@pytest.mark.parametrize(
    "body",
    ["", None, "{", "hello", "null", "1", '"chat"', "[]", '[{"action": "ping"}]', "[" * 50_000, "9" * 5_000],
    ids=lambda body: repr(body)[:20],
)
def test_what_is_no_json_object(events: Events, body: str | None) -> None:
    assert fault(events.raw(body)).code is ErrorCode.BAD_JSON


@pytest.mark.parametrize(
    "body", ["%%%", "e30", base64.b64encode(b"\xff\xfe").decode(), base64.b64encode(b"{").decode()]
)
def test_what_is_no_base64_of_json(events: Events, body: str) -> None:
    assert fault(events.raw(body, isBase64Encoded=True)).code is ErrorCode.BAD_JSON


@pytest.mark.parametrize("action", [None, 5, [], {}, "", "Chat", "chat ", "__class__", "x" * 10_000])
def test_an_unknown_action(events: Events, action: object) -> None:
    data = fault(events.raw(json.dumps({"action": action, "request_id": "req-1", "callback_id": CALLBACK})))
    assert data.code is ErrorCode.UNKNOWN_ACTION
    assert (data.request_id, data.callback_id, data.detail) == ("req-1", CALLBACK, None)


def test_no_action_at_all(events: Events) -> None:
    assert fault(events.raw("{}")).code is ErrorCode.UNKNOWN_ACTION


def test_an_invalid_message_tells_where_and_names_its_cause(events: Events) -> None:
    data = fault(events.message({"action": "chat", "session_id": "abc", "request_id": "req-1"}))
    assert data.code is ErrorCode.INVALID_MESSAGE
    assert data.request_id == "req-1"
    assert data.detail == "prompt: Field required"
    both = {"action": "async_callback", "callback_id": CALLBACK, "content": "x", "error": {"code": "failed"}}
    data = fault(events.message(both))
    assert data.callback_id == CALLBACK
    assert "exactly one of content and error" in str(data.detail)


def test_the_input_is_never_told_back(events: Events) -> None:
    secret = "hunter2 " * 2_000
    for message in (
        {"action": "chat", "prompt": secret, "session_id": secret, "request_id": secret},
        {"action": "hello", "session_id": secret, "protocol_versions": [secret] * 40},
        {"action": secret},
    ):
        data = fault(events.message(message))
        assert "hunter2" not in data.model_dump_json()
        assert len(data.detail or "") <= 500


@pytest.mark.parametrize("odd", [5, None, ["a"], "x" * 65, "a\nb", "ü", "\ud800", "\x00"], ids=repr)
def test_only_what_can_be_an_id_is_echoed(events: Events, odd: object) -> None:
    body = json.dumps({"action": "nothing", "request_id": odd, "callback_id": odd})
    data = fault(events.raw(body))
    assert (data.request_id, data.callback_id) == (None, None)


def test_the_cause_is_read_from_what_is_no_valid_message(events: Events) -> None:
    both = {"action": "chat", "request_id": "req-1", "callback_id": CALLBACK}
    for event in (events.message(both), events.binary(both)):
        assert cause(WebSocketEvent.model_validate(event)) == {"request_id": "req-1", "callback_id": CALLBACK}
    for body in (None, "", "{", "[]", "[" * 50_000, "9" * 5_000):
        assert cause(WebSocketEvent.model_validate(events.raw(body))) == {}
    assert cause(WebSocketEvent.model_validate(events.raw("%%%", isBase64Encoded=True))) == {}


def test_text_that_is_no_unicode_is_an_invalid_message(events: Events) -> None:
    """JSON can spell half a surrogate pair; nothing after us could encode it."""
    for body in (
        f'{{"action": "async_callback", "callback_id": "{CALLBACK}", "content": "\\ud83d"}}',
        '{"action": "chat", "prompt": "\\ud83d", "session_id": "abc"}',
        '{"action": "hello", "session_id": "abc", "protocol_versions": [1], "client": {"name": "\\ud83d"}}',
    ):
        data = fault(events.raw(body))
        assert data.code is ErrorCode.INVALID_MESSAGE
        data.model_dump_json().encode()
