"""The declared tools: no two can be confused, and the Gateway can express all of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from services.contract.answers import StatusAnswer, TextAnswer
from services.contract.limits import TIMEOUTS
from services.contract.tools import (
    REGISTRY,
    TOOLS,
    TRUSTED_ARGUMENTS,
    Argument,
    Pattern,
    Registry,
    Risk,
    Tool,
    UnroutableCallError,
)

TRUSTED = dict.fromkeys(TRUSTED_ARGUMENTS, "x")
SCHEMA_WORDS = {"type", "properties", "required", "items", "description"}
PAIRS = list(itertools.permutations(TOOLS, 2))
NAMES = [tool.name for tool in TOOLS]


def declare(name: str = "a", /, *arguments: Argument, **change: Any) -> Tool:
    """A fire-and-forget tool; `arguments` come after the one that identifies it."""
    own = Argument(f"{name}_id", "Identifies it.")
    fields: dict[str, Any] = {
        "name": name,
        "description": "d",
        "arguments": (own, *arguments),
        "identified_by": own.name,
        "pattern": Pattern.FIRE_AND_FORGET,
        "risk": Risk.STATUS,
        "action": f"do_{name}",
        "activity": "Doing",
    }
    return Tool(**{**fields, **change})


# The original's shapes


def test_the_tools_of_the_original() -> None:
    assert [(tool.name, tool.action, tool.pattern.value) for tool in TOOLS] == [
        ("run_client_command", "run_client_command", "fire_and_forget"),
        ("get_vpn_status", "get_vpn_status", "callback"),
        ("analyze_logs", "request_logs", "callback"),
    ]


@pytest.mark.parametrize("command", ["connect_vpn", "disconnect_vpn"])
def test_push_of_a_command_to_the_letter(command: str) -> None:
    assert REGISTRY.by_name["run_client_command"].push({"command": command}) == {
        "event": "client_action",
        "data": {"action": "run_client_command", "command": command},
    }


def test_push_of_a_status_request_to_the_letter() -> None:
    assert REGISTRY.by_name["get_vpn_status"].push({"query": "vpn_status"}, "cb-1") == {
        "action": "get_vpn_status",
        "callback_id": "cb-1",
    }


@pytest.mark.parametrize("log_type", ["vpn", "network", "system"])
def test_push_of_a_log_request_to_the_letter(log_type: str) -> None:
    assert REGISTRY.by_name["analyze_logs"].push({"log_type": log_type}, "cb-1") == {
        "action": "request_logs",
        "log_type": log_type,
        "callback_id": "cb-1",
    }


def test_a_callback_push_without_its_id_is_impossible() -> None:
    with pytest.raises(ValueError, match="needs a callback_id"):
        REGISTRY.by_name["get_vpn_status"].push({"query": "vpn_status"})


# Routing: which tool a call is for


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
@pytest.mark.parametrize("prefix", [None, "mac-tools___", "a___b___", ""])
def test_a_call_reaches_its_tool_with_and_without_its_name(tool: Tool, prefix: str | None) -> None:
    name = None if prefix is None else prefix + tool.name
    assert REGISTRY.route({**tool.example, **TRUSTED}, name) is tool


@pytest.mark.parametrize(("tool", "other"), PAIRS, ids=lambda tool: tool.name)
def test_no_two_tools_can_be_confused(tool: Tool, other: Tool) -> None:
    """Neither by arguments nor by name nor by both together, whatever else a call carries."""
    assert tool.identified_by not in {argument.name for argument in other.arguments}
    mine, both = {**tool.example, **TRUSTED}, {**tool.example, **other.example, **TRUSTED}
    with pytest.raises(UnroutableCallError, match="exactly one of these arguments"):
        REGISTRY.route(both)
    for name in (tool.name, other.name, f"t___{tool.name}", f"t___{other.name}"):
        with pytest.raises(UnroutableCallError, match="arguments are not those of"):
            REGISTRY.route(both, name)
    with pytest.raises(UnroutableCallError, match=f"arguments are not those of {other.name}"):
        REGISTRY.route(mine, f"t___{other.name}")


@pytest.mark.parametrize("arguments", [{}, TRUSTED, {"unknown": 1}, {"Command": "connect_vpn"}])
def test_a_call_that_fits_no_tool(arguments: dict[str, object]) -> None:
    with pytest.raises(UnroutableCallError) as caught:
        REGISTRY.route(arguments)
    assert all(tool.identified_by in str(caught.value) for tool in TOOLS)


@pytest.mark.parametrize("name", ["", "t___", "t___other", "get_vpn_status ", "get_vpn_status___t"])
def test_an_unknown_name_is_refused_even_with_good_arguments(name: str) -> None:
    with pytest.raises(UnroutableCallError, match="no tool of that name"):
        REGISTRY.route({"query": "vpn_status"}, name)


def test_a_name_is_enough_to_tell_what_is_missing() -> None:
    tool = REGISTRY.route(TRUSTED, "t___analyze_logs")
    assert tool.fault(TRUSTED) == "log_type is missing"


# Registry and declarations


@pytest.mark.parametrize("required", [True, False])
def test_confusable_declarations_are_refused(required: bool) -> None:
    one, two = declare("a"), declare("b", Argument("a_id", "The other's.", required=required))
    for tools in ([one, two], [two, one]):
        with pytest.raises(ValueError, match="b accepts a_id, which identifies a"):
            Registry(tools)


def test_a_shared_identifying_argument_is_refused() -> None:
    shared = Argument("query", "q")
    one = declare("a", arguments=(shared,), identified_by="query")
    two = declare("b", arguments=(shared,), identified_by="query")
    with pytest.raises(ValueError, match="which identifies"):
        Registry([one, two])


@pytest.mark.parametrize("change", [{"name": "a"}, {"action": "do_a"}])
def test_a_shared_name_or_action_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="share a name or an action"):
        Registry([declare("a"), declare("b", **change)])


def test_tools_may_share_an_argument_that_identifies_neither() -> None:
    shared = Argument("verbose", "v", type="boolean", required=False)
    registry = Registry([declare("a", shared), declare("b", shared)])
    assert registry.route({"a_id": "1", "verbose": True}).name == "a"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"identified_by": "other"}, "identified_by"),
        ({"arguments": (Argument("a_id", "x", required=False),)}, "identified_by"),
        ({"forwards": ("a_id", "nothing")}, r"forwards unknown arguments \['nothing'\]"),
        ({"callback_timeout": 5}, "a callback tool, and only that"),
        ({"answer": TextAnswer("f", "s", "m")}, "a callback tool, and only that"),
        ({"pattern": Pattern.CALLBACK}, "a callback tool, and only that"),
        ({"pattern": Pattern.CALLBACK, "callback_timeout": 5}, "a callback tool, and only that"),
        ({"pattern": Pattern.CALLBACK, "callback_timeout": 0, "answer": TextAnswer("f", "s", "m")}, "within 1"),
        (
            {
                "pattern": Pattern.CALLBACK,
                "callback_timeout": TIMEOUTS.callback + 1,
                "answer": TextAnswer("f", "s", "m"),
            },
            "within 1",
        ),
        *[
            ({"arguments": (Argument("a_id", "x"), Argument(name, "x"))}, f"'{name}'.* are set by the agent")
            for name in ("session_id", "request_id", "tool_call_id")
        ],
    ],
)
def test_a_wrong_declaration_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        declare("a", **change)


# The Gateway's schema


def schema_nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    nodes = [node]
    for child in [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]:
        nodes.extend(schema_nodes(child))
    return nodes


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_the_schema_stays_within_the_gateways_subset(tool: Tool) -> None:
    schema: dict[str, Any] = tool.gateway_schema()
    assert schema.keys() == {"name", "description", "inputSchema"}
    nodes = schema_nodes(schema["inputSchema"])
    assert len(nodes) == 1 + len(tool.arguments) + len(TRUSTED_ARGUMENTS)
    for node in nodes:
        assert node.keys() <= SCHEMA_WORDS
        assert node["type"] in {"object", "string", "integer", "number", "boolean", "array"}


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_the_schema_asks_for_the_trusted_arguments(tool: Tool) -> None:
    schema: dict[str, Any] = tool.gateway_schema()["inputSchema"]  # type: ignore[assignment]
    assert set(schema["required"]) == {"session_id", "request_id", "tool_call_id", *tool.example}
    assert all(schema["properties"][name]["type"] == "string" for name in TRUSTED_ARGUMENTS)


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_what_the_schema_cannot_say_is_in_the_description(tool: Tool) -> None:
    schema: dict[str, Any] = tool.gateway_schema()["inputSchema"]  # type: ignore[assignment]
    for argument in tool.arguments:
        assert all(str(value) in schema["properties"][argument.name]["description"] for value in argument.allowed)


def test_optional_arguments_are_not_required() -> None:
    tool = declare("a", Argument("verbose", "v", type="boolean", required=False))
    schema: dict[str, Any] = tool.gateway_schema()["inputSchema"]  # type: ignore[assignment]
    assert schema["properties"]["verbose"] == {"type": "boolean", "description": "v"}
    assert "verbose" not in schema["required"]


# Arguments


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_the_examples_are_valid(tool: Tool) -> None:
    assert tool.fault(tool.example) is None
    if tool.answer is not None:
        assert tool.answer.result(tool.example_content)["status"]


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
@pytest.mark.parametrize("value", ["", "rm -rf /", "CONNECT_VPN", " vpn", None, 1, True, ["vpn"], {"a": 1}])
def test_values_that_are_not_allowed(tool: Tool, value: object) -> None:
    fault = tool.fault({tool.identified_by: value})
    assert fault is not None
    assert tool.identified_by in fault
    assert "rm -rf" not in fault


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["", "x"], [1, True, None, []]),
        ("integer", [0, -1], [1.0, True, "1", None]),
        ("number", [0, 1.5], [True, "1", None]),
        ("boolean", [True, False], [0, 1, "true", None]),
    ],
)
def test_argument_types(kind: Any, good: list[object], bad: list[object]) -> None:
    argument = Argument("n", "d", type=kind)
    assert [argument.fault(value) for value in good] == [None] * len(good)
    assert [argument.fault(value) for value in bad] == [f"n must be of type {kind}"] * len(bad)


def test_an_optional_argument_is_checked_when_given() -> None:
    tool = declare("a", Argument("depth", "d", (1, 2), type="integer", required=False))
    assert tool.fault({"a_id": "x"}) is None
    assert tool.fault({"a_id": "x", "depth": 2}) is None
    assert tool.fault({"a_id": "x", "depth": 3}) == "depth must be one of: 1, 2"


def test_only_forwarded_arguments_leave_for_the_mac() -> None:
    tool = declare("a", Argument("secret", "s", required=False), forwards=("a_id",))
    assert tool.push({"a_id": "1", "secret": "2"}) == {
        "event": "client_action",
        "data": {"action": "do_a", "a_id": "1"},
    }


def test_the_vpn_states() -> None:
    answer = REGISTRY.by_name["get_vpn_status"].answer
    assert isinstance(answer, StatusAnswer)
    assert answer.allowed == ("connected", "disconnected", "connecting", "disconnecting", "reconnecting", "unknown")


def test_an_array_holds_strings_of_the_allowed_ones() -> None:
    argument = Argument("volumes", "Which volumes.", allowed=("system", "data"), type="array")
    assert argument.schema() == {
        "type": "array",
        "items": {"type": "string"},
        "description": "Which volumes. One of: system, data.",
    }
    assert argument.fault(["data", "system"]) is None
    assert argument.fault([]) is None
    for wrong in ("data", [1], [["data"]], ["other"], {"data": 1}, None):
        assert argument.fault(wrong), wrong
