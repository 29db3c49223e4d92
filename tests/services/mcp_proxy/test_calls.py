"""Decoding a tool call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.contract.answers import TextAnswer
from services.contract.tools import REGISTRY, TRUSTED_ARGUMENTS, Argument, Pattern, Registry, Risk, Tool
from services.mcp_proxy.calls import InvalidCallError, ToolCall, decode_call, tool_name

TRUSTED = {"session_id": "s", "request_id": "r", "tool_call_id": "t"}
LOGS = {"log_type": "vpn", **TRUSTED}


@pytest.mark.parametrize("name", [None, "mac___analyze_logs", "analyze_logs"])
def test_a_call_with_and_without_its_name(name: str | None) -> None:
    call = decode_call(LOGS, name)
    assert call == ToolCall(REGISTRY.by_name["analyze_logs"], {"log_type": "vpn"}, "s", "r", "t")


@pytest.mark.parametrize("tool", REGISTRY.tools, ids=lambda tool: tool.name)
def test_every_tool_can_be_called(tool: Tool) -> None:
    call = decode_call({**tool.example, **TRUSTED}, None)
    assert (call.tool, call.arguments) == (tool, dict(tool.example))


def test_only_declared_arguments_go_further() -> None:
    call = decode_call({**LOGS, "extra": "x", "callback_id": "cb-1", "action": "chat"}, None)
    assert call.arguments == {"log_type": "vpn"}


@pytest.mark.parametrize("event", [None, "x", 5, [], [LOGS]])
def test_arguments_must_be_an_object(event: object) -> None:
    with pytest.raises(InvalidCallError, match="must be an object"):
        decode_call(event, None)


@pytest.mark.parametrize("name", list(TRUSTED_ARGUMENTS))
@pytest.mark.parametrize("value", [None, "", 5, ["s"]])
def test_every_trusted_argument_is_needed(name: str, value: object) -> None:
    with pytest.raises(InvalidCallError, match=f"^{name} is missing$"):
        decode_call({**LOGS, name: value}, None)
    with pytest.raises(InvalidCallError, match=f"^{name} is missing$"):
        decode_call({key: kept for key, kept in LOGS.items() if key != name}, None)


@pytest.mark.parametrize(
    ("event", "name", "reason"),
    [
        (TRUSTED, None, "exactly one of these arguments is needed: command, query, log_type"),
        ({**LOGS, "query": "vpn_status"}, None, "exactly one of these arguments is needed"),
        ({**LOGS, "query": "vpn_status"}, "t___analyze_logs", "the arguments are not those of analyze_logs"),
        (LOGS, "t___get_vpn_status", "the arguments are not those of get_vpn_status"),
        (LOGS, "t___erase_disk", "there is no tool of that name"),
        (TRUSTED, "t___analyze_logs", "log_type is missing"),
        ({**LOGS, "log_type": "keychain"}, None, "log_type must be one of: vpn, network, system"),
        ({**LOGS, "log_type": 5}, None, "log_type must be of type string"),
        ({**LOGS, "log_type": None}, "t___analyze_logs", "log_type must be of type string"),
        ({**TRUSTED, "command": "erase"}, None, "command must be one of: connect_vpn, disconnect_vpn"),
    ],
)
def test_a_call_that_is_refused(event: dict[str, Any], name: str | None, reason: str) -> None:
    with pytest.raises(InvalidCallError) as caught:
        decode_call(event, name)
    assert str(caught.value).startswith(reason)


def test_another_registry() -> None:
    tool = Tool(
        name="read_file",
        description="d",
        arguments=(Argument("path", "p"), Argument("lines", "l", type="integer", required=False)),
        identified_by="path",
        pattern=Pattern.CALLBACK,
        risk=Risk.COLLECT,
        action="read_file",
        activity="Reading",
        callback_timeout=5,
        answer=TextAnswer("text", "read", "m"),
    )
    call = decode_call({"path": "/x", "lines": 3, **TRUSTED}, None, Registry([tool]))
    assert call.arguments == {"path": "/x", "lines": 3}
    with pytest.raises(InvalidCallError, match="lines must be of type integer"):
        decode_call({"path": "/x", "lines": "3", **TRUSTED}, None, Registry([tool]))


@pytest.mark.parametrize(
    ("context", "name"),
    [
        (SimpleNamespace(client_context=SimpleNamespace(custom={"bedrockAgentCoreToolName": "t___x"})), "t___x"),
        (SimpleNamespace(client_context=SimpleNamespace(custom={"bedrockAgentCoreToolName": 5})), None),
        (SimpleNamespace(client_context=SimpleNamespace(custom={})), None),
        (SimpleNamespace(client_context=SimpleNamespace(custom=None)), None),
        (SimpleNamespace(client_context=SimpleNamespace()), None),
        (SimpleNamespace(client_context=None), None),
        (SimpleNamespace(client_context={"custom": {}}), None),
        (SimpleNamespace(), None),
        (None, None),
    ],
)
def test_the_tool_name_where_lambda_delivers_it(context: object, name: str | None) -> None:
    assert tool_name(context) == name
