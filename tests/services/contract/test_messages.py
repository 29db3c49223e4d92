"""The wire messages: the original's shapes to the letter, strict about what is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from services.contract.errors import ErrorCode
from services.contract.limits import MAX_PROMPT_CHARACTERS, MAX_REASON_CHARACTERS
from services.contract.messages import (
    CLIENT_MESSAGES,
    PUSHES,
    SERVER_EVENTS,
    SPOKEN_VERSIONS,
    AsyncCallback,
    Chat,
    Error,
    Hello,
    Ping,
    Pong,
    Refusal,
    callback_request,
    client_action,
    encode,
)
from services.contract.tools import REGISTRY

CALLBACK = "cb-00112233445566778899aabbccddeeff"
CHAT = {"action": "chat", "prompt": "What's my VPN status?", "session_id": "abc-123"}
ANSWER = {"action": "async_callback", "callback_id": CALLBACK, "content": '{"vpn_status": "connected"}'}
HELLO = {"action": "hello", "session_id": "abc-123", "protocol_versions": [1]}


# The original's shapes


def test_the_original_chat() -> None:
    chat = Chat.model_validate({"action": "chat", "prompt": "What's my VPN status?", "session_id": "abc-123"})
    assert (chat.prompt, chat.session_id, chat.request_id) == ("What's my VPN status?", "abc-123", None)


def test_the_original_async_callback() -> None:
    answer = AsyncCallback.model_validate({"action": "async_callback", "callback_id": CALLBACK, "content": "{...}"})
    assert (answer.callback_id, answer.content, answer.error) == (CALLBACK, "{...}", None)


@pytest.mark.parametrize(
    ("tool", "push"),
    [
        (
            "run_client_command",
            {"event": "client_action", "data": {"action": "run_client_command", "command": "connect_vpn"}},
        ),
        ("get_vpn_status", {"action": "get_vpn_status", "callback_id": CALLBACK}),
        ("analyze_logs", {"action": "request_logs", "log_type": "vpn", "callback_id": CALLBACK}),
    ],
)
def test_the_original_pushes(tool: str, push: dict[str, Any]) -> None:
    model = PUSHES[tool].model_validate(push)
    assert model.model_dump(exclude_none=True) == push


def test_what_was_added_to_the_pushes() -> None:
    command, status = REGISTRY.by_name["run_client_command"], REGISTRY.by_name["get_vpn_status"]
    assert client_action(command, {"command": "connect_vpn"}, "call-1") == {
        "event": "client_action",
        "data": {"action": "run_client_command", "command": "connect_vpn", "action_id": "call-1"},
    }
    assert callback_request(status, {"query": "vpn_status"}, CALLBACK, 29.96) == {
        "action": "get_vpn_status",
        "callback_id": CALLBACK,
        "expires_in": 30.0,
    }
    assert callback_request(status, {}, CALLBACK, -3.0)["expires_in"] == 0.0


def test_every_tool_has_a_push_and_every_name_a_model() -> None:
    assert set(PUSHES) == set(REGISTRY.by_name)
    assert set(CLIENT_MESSAGES) == {"hello", "chat", "async_callback", "ping"}
    assert set(SERVER_EVENTS) == {"ready", "pong", "chat_accepted", "activity", "answer_delta", "answer", "error"}
    for name, model in SERVER_EVENTS.items():
        assert model.model_fields["event"].default == name
    assert frozenset({1}) == SPOKEN_VERSIONS


# Unknown fields


@pytest.mark.parametrize("message", [HELLO, CHAT, ANSWER, {"action": "ping"}], ids=lambda m: str(m["action"]))
def test_unknown_fields_of_a_client_are_ignored(message: dict[str, Any]) -> None:
    model = CLIENT_MESSAGES[message["action"]]
    grown = {**message, "from_the_future": {"a": [1, None]}, "event": "x"}
    assert model.model_validate(grown) == model.model_validate(message)


def test_unknown_fields_inside_are_ignored_too() -> None:
    client = {"name": "Mac", "version": "1"}
    known = Hello.model_validate({**HELLO, "client": client})
    assert Hello.model_validate({**HELLO, "client": {**client, "os": "26"}}) == known
    refusal = {"action": "async_callback", "callback_id": CALLBACK, "error": {"code": "declined"}}
    grown = {**refusal, "error": {"code": "declined", "when": 1}}
    assert AsyncCallback.model_validate(grown) == AsyncCallback.model_validate(refusal)


# What is refused


@pytest.mark.parametrize(
    ("good", "change"),
    [
        (CHAT, {"prompt": ""}),
        (CHAT, {"prompt": " \n\t"}),
        (CHAT, {"prompt": "x" * (MAX_PROMPT_CHARACTERS + 1)}),
        (CHAT, {"prompt": 5}),
        (CHAT, {"prompt": None}),
        (CHAT, {"prompt": "x\ud83d"}),
        (CHAT, {"session_id": ""}),
        (CHAT, {"session_id": "a" * 129}),
        (CHAT, {"session_id": "abc\n"}),
        (CHAT, {"session_id": "a b"}),
        (CHAT, {"session_id": "ü"}),
        (CHAT, {"session_id": 7}),
        (CHAT, {"request_id": ""}),
        (CHAT, {"request_id": "a/b"}),
        (CHAT, {"request_id": "x" * 65}),
        (ANSWER, {"callback_id": "cb-1"}),
        (ANSWER, {"callback_id": CALLBACK.upper()}),
        (ANSWER, {"callback_id": CALLBACK + "0"}),
        (ANSWER, {"callback_id": CALLBACK + "\n"}),
        (ANSWER, {"content": None}),
        (ANSWER, {"content": {"vpn_status": "connected"}}),
        (ANSWER, {"content": "\ud800"}),
        (ANSWER, {"error": {"code": "declined"}}),
        (HELLO, {"protocol_versions": []}),
        (HELLO, {"protocol_versions": ["1"]}),
        (HELLO, {"protocol_versions": [True]}),
        (HELLO, {"protocol_versions": 1}),
        (HELLO, {"protocol_versions": [1] * 17}),
        (HELLO, {"capabilities": "get_vpn_status"}),
        (HELLO, {"capabilities": ["x"] * 65}),
        (HELLO, {"capabilities": ["x" * 65]}),
        (HELLO, {"client": {"name": "x" * 65}}),
        (HELLO, {"client": None}),
    ],
)
def test_a_wrong_field_is_refused(good: dict[str, Any], change: dict[str, Any]) -> None:
    model = CLIENT_MESSAGES[good["action"]]
    assert model.model_validate(good)
    with pytest.raises(ValidationError):
        model.model_validate({**good, **change})


@pytest.mark.parametrize("message", [HELLO, CHAT, ANSWER, {"action": "ping"}], ids=lambda m: str(m["action"]))
def test_every_field_of_the_minimal_messages_is_needed(message: dict[str, Any]) -> None:
    model = CLIENT_MESSAGES[message["action"]]
    for name in message:
        with pytest.raises(ValidationError):
            model.model_validate({key: value for key, value in message.items() if key != name})


def test_what_is_just_acceptable() -> None:
    assert Chat.model_validate({**CHAT, "prompt": "🙂" * MAX_PROMPT_CHARACTERS})
    assert Chat.model_validate({**CHAT, "session_id": "a" * 128, "request_id": "A-z_9=" + "x" * 58})
    assert AsyncCallback.model_validate({**ANSWER, "content": ""}).content == ""
    assert Hello.model_validate({**HELLO, "capabilities": []}).capabilities == []
    assert Hello.model_validate(HELLO).capabilities is None


@pytest.mark.parametrize("code", ["declined", "not_installed", "failed", "timed_out"])
def test_the_refusals(code: str) -> None:
    refusal = {"action": "async_callback", "callback_id": CALLBACK, "error": {"code": code}}
    answer = AsyncCallback.model_validate(refusal)
    assert answer.error is not None
    assert (answer.error.code, answer.error.message) == (Refusal(code), "")


@pytest.mark.parametrize(
    "error",
    [
        {"code": "other"},
        {"code": None},
        {"message": "no code"},
        {"code": "failed", "message": "x" * (MAX_REASON_CHARACTERS + 1)},
        "declined",
    ],
)
def test_a_wrong_refusal(error: object) -> None:
    with pytest.raises(ValidationError):
        AsyncCallback.model_validate({"action": "async_callback", "callback_id": CALLBACK, "error": error})


@pytest.mark.parametrize(
    ("tool", "push"),
    [
        ("get_vpn_status", {"action": "request_logs", "callback_id": CALLBACK}),
        ("get_vpn_status", {"action": "get_vpn_status"}),
        ("analyze_logs", {"action": "request_logs", "callback_id": CALLBACK}),
        ("analyze_logs", {"action": "request_logs", "log_type": "keychain", "callback_id": CALLBACK}),
        (
            "run_client_command",
            {"event": "client_action", "data": {"action": "run_client_command", "command": "erase_disk"}},
        ),
        ("run_client_command", {"event": "client_action", "data": {"action": "run_client_command"}}),
    ],
)
def test_a_wrong_push_is_refused(tool: str, push: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PUSHES[tool].model_validate(push)


# Encoding


def test_messages_are_compact_utf8_without_empty_fields() -> None:
    assert encode(Pong()) == b'{"event":"pong","data":{}}'
    assert encode({"a": "grüße 🙂"}) == '{"a":"grüße 🙂"}'.encode()
    decoded = json.loads(encode(Error.of(ErrorCode.BAD_JSON)))
    assert decoded["data"].keys() == {"code", "message", "retryable"}


def test_messages_cannot_be_changed() -> None:
    ping = Ping(action="ping")
    with pytest.raises(ValidationError):
        ping.action = "ping"  # type: ignore[misc]
