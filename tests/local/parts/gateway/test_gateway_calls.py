"""Tools listed and called through strands' MCPClient."""

from __future__ import annotations

import concurrent.futures
import json
import time
from typing import Any

import pytest
from aiohttp import web
from strands.tools.mcp import MCPClient

from local.config import ALIAS, GATEWAY_TARGET, MCP_PROXY
from local.parts import gateway
from services.contract.tools import REGISTRY
from tests.local.parts.gateway.world import IDS, STATUS_CALL, World, call


def test_lists_every_declared_tool(client: MCPClient) -> None:
    listed = {tool.tool_name: tool.tool_spec for tool in client.list_tools_sync()}
    assert set(listed) == {f"{GATEWAY_TARGET}___{tool.name}" for tool in REGISTRY.tools}
    for tool in REGISTRY.tools:
        spec: Any = listed[f"{GATEWAY_TARGET}___{tool.name}"]
        declared: Any = tool.gateway_schema()
        assert spec["description"] == declared["description"]
        assert spec["inputSchema"]["json"]["properties"] == declared["inputSchema"]["properties"]
        assert spec["inputSchema"]["json"]["required"] == declared["inputSchema"]["required"]


def test_invokes_the_alias_with_bare_arguments_and_context(world: World, client: MCPClient) -> None:
    assert call(client, "get_vpn_status", STATUS_CALL) == (
        "success",
        [json.dumps({"got": STATUS_CALL}, separators=(",", ":"))],
    )
    ((function, event, context),) = world.invocations
    assert function == f"{MCP_PROXY}:{ALIAS}"
    assert event == STATUS_CALL
    assert set(context) == {"custom"}
    assert set(context["custom"]) == {
        "bedrockAgentCoreMessageVersion",
        "bedrockAgentCoreAwsRequestId",
        "bedrockAgentCoreMcpMessageId",
        "bedrockAgentCoreGatewayId",
        "bedrockAgentCoreTargetId",
        "bedrockAgentCoreToolName",
    }
    assert context["custom"]["bedrockAgentCoreToolName"] == f"{GATEWAY_TARGET}___get_vpn_status"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ({"content": [{"type": "text", "text": "a"}, {"text": "b"}]}, ("success", ["a", "b"])),
        ({"content": [{"type": "text", "text": "no"}], "isError": True}, ("error", ["no"])),
        ({"content": []}, ("success", ['{"content":[]}'])),
        ({"content": "x", "ä": 1}, ("success", ['{"content":"x","ä":1}'])),
        (["x"], ("success", ['["x"]'])),
        ("x", ("success", ['"x"'])),
    ],
)
def test_lambda_results_become_content(world: World, client: MCPClient, returned: Any, expected: object) -> None:
    world.lambda_answer = lambda _: web.json_response(returned)
    assert call(client, "get_vpn_status", STATUS_CALL) == expected


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.json_response({"errorMessage": "secret"}, headers={"X-Amz-Function-Error": "Unhandled"}),
        lambda: web.json_response({"message": "secret"}, status=429),
        lambda: web.json_response({"message": "secret"}, status=404),
        lambda: web.Response(body=b"secret {"),
    ],
    ids=["function error", "throttle", "no function", "not JSON"],
)
def test_lambda_failures_are_told_in_general_words(world: World, client: MCPClient, answer: Any) -> None:
    world.lambda_answer = lambda _: answer()
    assert call(client, "get_vpn_status", STATUS_CALL) == ("error", [gateway.INTERNAL_ERROR])


def test_unknown_tool(world: World, client: MCPClient) -> None:
    assert call(client, "nothing", STATUS_CALL) == ("error", [f"Unknown tool: {GATEWAY_TARGET}___nothing"])
    assert world.invocations == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"query": "vpn_status"}, "session_id"), ({**STATUS_CALL, "query": 1}, "query"), ({**IDS}, "query")],
)
def test_arguments_are_checked_against_the_schema(
    world: World, client: MCPClient, arguments: dict[str, Any], named: str
) -> None:
    status, (text,) = call(client, "get_vpn_status", arguments)
    assert status == "error"
    assert f"'{named}'" in text
    assert world.invocations == []


def test_allowed_values_are_left_to_the_function(world: World, client: MCPClient) -> None:
    assert call(client, "get_vpn_status", {**STATUS_CALL, "query": "other"})[0] == "success"


def test_fifty_calls_at_once(world: World, client: MCPClient) -> None:
    world.lambda_seconds = 0.5

    def one(number: int) -> bool:
        arguments = {**STATUS_CALL, "tool_call_id": f"t-{number}"}
        return f"t-{number}" in call(client, "get_vpn_status", arguments)[1][0]

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert all(pool.map(one, range(50)))
    # One after the other they would take 25 s.
    assert time.monotonic() - started < 5


def test_too_large_a_result_is_an_error(world: World, client: MCPClient) -> None:
    world.lambda_answer = lambda _: web.json_response({"big": "x" * gateway.MAX_PAYLOAD_BYTES})
    assert call(client, "get_vpn_status", STATUS_CALL) == ("error", [gateway.INTERNAL_ERROR])
