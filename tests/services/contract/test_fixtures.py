"""The golden messages, against the models and against the published JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.contract.errors import ErrorCode
from services.contract.fixtures import client_fixtures, server_fixtures
from services.contract.messages import CLIENT_MESSAGES, PUSHES, SERVER_EVENTS, Message, Refusal
from services.contract.tools import REGISTRY

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[3] / "protocol/v1.schema.json").read_text("utf-8"))
CLIENT: dict[str, Any] = {**client_fixtures()}
SERVER: dict[str, Any] = {**server_fixtures()}
UNKNOWN_EVENT = "event_from_the_future"
KNOWN_SERVER = {name: message for name, message in SERVER.items() if name != UNKNOWN_EVENT}


def against(side: str) -> Draft202012Validator:
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{side}"})


def model_of(message: dict[str, Any]) -> type[Message]:
    if message.get("event") == "client_action":
        return PUSHES[REGISTRY.by_action[message["data"]["action"]].name]
    if "event" in message:
        return SERVER_EVENTS[message["event"]]
    return PUSHES[REGISTRY.by_action[message["action"]].name]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", CLIENT)
def test_client_fixtures_are_valid(name: str) -> None:
    message: dict[str, Any] = CLIENT[name]
    assert CLIENT_MESSAGES[message["action"]].model_validate(message)
    against("ClientMessage").validate(message)


@pytest.mark.parametrize("name", KNOWN_SERVER)
def test_server_fixtures_are_valid(name: str) -> None:
    message: dict[str, Any] = SERVER[name]
    decoded = model_of(message).model_validate_json(json.dumps(message))
    against("ServerMessage").validate(message)
    if "unknown" not in name:
        assert decoded.model_dump(mode="json", exclude_none=True) == message


@pytest.mark.parametrize("name", KNOWN_SERVER)
def test_the_schema_ignores_unknown_fields(name: str) -> None:
    against("ServerMessage").validate({**SERVER[name], "from_the_future": [1]})


@pytest.mark.parametrize("name", CLIENT)
def test_the_schema_ignores_unknown_fields_of_clients(name: str) -> None:
    against("ClientMessage").validate({**CLIENT[name], "from_the_future": [1]})


@pytest.mark.parametrize("name", [*CLIENT, *KNOWN_SERVER])
def test_the_schema_does_not_take_just_anything(name: str) -> None:
    side, message = ("ClientMessage", CLIENT[name]) if name in CLIENT else ("ServerMessage", SERVER[name])
    validator = against(side)
    tag = "event" if "event" in message else "action"
    assert not validator.is_valid({**message, tag: "other"})
    assert not validator.is_valid({key: value for key, value in message.items() if key != tag})
    # `pong` alone has nothing else that is needed.
    needed = [key for key in message if key in ("data", "session_id", "callback_id", "prompt")]
    for key in needed if message.get("event") != "pong" else []:
        assert not validator.is_valid({**message, key: 5}), key


def test_an_event_from_the_future_is_no_message_of_this_version() -> None:
    assert not against("ServerMessage").is_valid(SERVER[UNKNOWN_EVENT])


def test_every_message_has_a_fixture() -> None:
    assert {message["action"] for message in CLIENT.values()} == set(CLIENT_MESSAGES)
    events = {message["event"] for message in KNOWN_SERVER.values() if "event" in message}
    assert events == {*SERVER_EVENTS, "client_action"}
    assert {name for name in SERVER if name.startswith("error_")} == {f"error_{code.value}" for code in ErrorCode}
    for tool in REGISTRY.tools:
        assert f"push_{tool.name}" in SERVER
        assert f"push_{tool.name}_original" in SERVER
    for refusal in Refusal:
        assert f"async_callback_{refusal.value}" in CLIENT


def test_the_original_fixtures_to_the_letter() -> None:
    callback = "cb-00112233445566778899aabbccddeeff"
    assert CLIENT["chat"] == {"action": "chat", "prompt": "What's my VPN status?", "session_id": "abc-123"}
    assert CLIENT["async_callback_get_vpn_status"] == {
        "action": "async_callback",
        "callback_id": callback,
        "content": '{"vpn_status": "connected"}',
    }
    assert SERVER["push_run_client_command_original"] == {
        "event": "client_action",
        "data": {"action": "run_client_command", "command": "connect_vpn"},
    }
    assert SERVER["push_get_vpn_status_original"] == {"action": "get_vpn_status", "callback_id": callback}
    assert SERVER["push_analyze_logs_original"] == {
        "action": "request_logs",
        "log_type": "vpn",
        "callback_id": callback,
    }
