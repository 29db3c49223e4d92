"""The Gateway client, against a real MCP server of the SDK on a loopback port."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp_types import CallToolResult
from strands.types.exceptions import MCPClientInitializationError

from services.agent import gateway as gateway_module
from services.agent.gateway import Gateway
from services.contract.tools import REGISTRY
from tests.services.agent.fakes import eventually
from tests.services.agent.servers import STATUS, McpGateway, TokenServer, text_result
from tests.services.fakes import client_error

# MCPClient leaves a coroutine behind when it is stopped after its connection has died.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine 'MCPClient.stop:RuntimeWarning")

TOOL = "mac___get_vpn_status"
ARGUMENTS: dict[str, Any] = {"query": "vpn_status", "session_id": "s", "request_id": "r", "tool_call_id": "c"}


@pytest.fixture
async def connect(token_server: TokenServer) -> AsyncIterator[Callable[..., Gateway]]:
    """Builds gateways and closes them."""
    opened: list[Gateway] = []

    def build(server: McpGateway, seconds: float = 5.0) -> Gateway:
        opened.append(Gateway(server.url, token_server.token(), seconds))
        return opened[-1]

    yield build
    for gateway in opened:
        client = gateway._client  # pyright: ignore[reportPrivateUsage]
        if client is not None:
            await asyncio.to_thread(client.stop, None, None, None)


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Fail when this takes longer."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


async def test_tools_are_listed_with_their_target_and_schema(
    connect: Callable[..., Gateway], stateless: McpGateway
) -> None:
    tools = await connect(stateless).tools()
    assert [tool.name for tool in tools] == [f"mac___{tool.name}" for tool in REGISTRY.tools]
    for tool, declared in zip(tools, REGISTRY.tools, strict=True):
        assert tool.spec["inputSchema"]["json"]["required"] == declared.gateway_schema()["inputSchema"]["required"]  # type: ignore[index]
        assert tool.spec["description"] == declared.description


async def test_every_page_of_tools_is_read(connect: Callable[..., Gateway], stateless: McpGateway) -> None:
    stateless.pages = 3
    assert len(await connect(stateless).tools()) == 3


@pytest.mark.parametrize("kind", ["stateless", "stateful"])
async def test_one_session_serves_all_calls(
    connect: Callable[..., Gateway], kind: str, request: pytest.FixtureRequest, token_server: TokenServer
) -> None:
    server: McpGateway = request.getfixturevalue(kind)
    gateway = connect(server)
    results = await asyncio.gather(*(gateway.call(TOOL, f"call-{n}", ARGUMENTS | {"n": n}) for n in range(20)))
    assert results == [STATUS] * 20
    assert Counter(arguments["n"] for _, arguments in server.calls) == Counter(range(20))
    assert server.listed == 1
    assert len(token_server.requests) == 1


async def test_a_result_is_understood_bare_and_wrapped(connect: Callable[..., Gateway], stateless: McpGateway) -> None:
    gateway = connect(stateless)
    inner = json.dumps(STATUS)
    for shape in (
        STATUS,
        {"content": [{"type": "text", "text": inner}]},
        {"content": [{"text": inner}], "isError": False},
    ):
        stateless.answers(json.dumps(shape))
        assert await gateway.call(TOOL, "call-1", ARGUMENTS) == STATUS


GARBAGE = (
    "",
    "not json",
    "null",
    "[]",
    '"connected"',
    "{}",
    '{"status": 7}',
    '{"content": []}',
    '{"content": ["text"]}',
    '{"content": [{"type": "image"}]}',
    '{"content": [{"type": "text", "text": "garbage"}]}',
    '{"errorMessage": "boom"}',
    "[" * 100_000,
)


async def test_garbage_is_a_typed_failure(connect: Callable[..., Gateway], stateless: McpGateway) -> None:
    gateway = connect(stateless)
    for made, text in enumerate(GARBAGE, 1):
        stateless.answers(text)
        result = await gateway.call(TOOL, "call-1", ARGUMENTS)
        assert (result["status"], result["reason"]) == ("failed", "unreadable_result"), text[:50]
        assert len(stateless.calls) == made


async def test_unknown_fields_of_a_result_survive(connect: Callable[..., Gateway], stateless: McpGateway) -> None:
    stateless.answers(json.dumps(STATUS | {"since": 7, "content": "kept"}))
    assert await connect(stateless).call(TOOL, "call-1", ARGUMENTS) == STATUS | {"since": 7, "content": "kept"}


# The second and third read like a lost session: only the transport may say that.
@pytest.mark.parametrize("text", ["An internal error occurred.", "Session terminated", "Session not found"])
async def test_an_error_result_is_a_typed_failure_and_not_repeated(
    connect: Callable[..., Gateway], stateless: McpGateway, text: str
) -> None:
    stateless.answers(text, is_error=True)
    gateway = connect(stateless)
    result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("failed", "gateway_error")
    assert len(stateless.calls) == 1


async def test_the_error_of_one_call_does_not_disturb_another(
    connect: Callable[..., Gateway], stateful: McpGateway
) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def answer(_: str, arguments: dict[str, Any]) -> CallToolResult:
        if arguments["query"] == "slow":
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(release.wait(), loop))
            return text_result(json.dumps(STATUS))
        return text_result("boom", is_error=True)

    stateful.answer = answer
    gateway = connect(stateful)
    slow = asyncio.create_task(gateway.call(TOOL, "call-1", ARGUMENTS | {"query": "slow"}))
    await eventually(lambda: stateful.calls)
    assert (await gateway.call(TOOL, "call-2", ARGUMENTS))["status"] == "failed"
    release.set()
    assert await slow == STATUS
    assert stateful.listed == 1


async def test_a_server_that_never_answers_is_a_timeout_and_the_next_call_works(
    connect: Callable[..., Gateway], stateless: McpGateway
) -> None:
    async def never(_: str, __: dict[str, Any]) -> CallToolResult:
        await asyncio.sleep(60)
        raise AssertionError

    gateway = connect(stateless, 0.3)
    await gateway.tools()
    stateless.answer = never
    async with within(1.5):
        result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("timed_out", "gateway_timeout")
    assert len(stateless.calls) == 1
    stateless.answers(json.dumps(STATUS))
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS


async def test_a_forgotten_session_is_reopened_and_the_call_made_exactly_once(
    connect: Callable[..., Gateway], stateful: McpGateway
) -> None:
    gateway = connect(stateful)
    assert await gateway.call(TOOL, "call-1", ARGUMENTS) == STATUS
    stateful.restart()
    assert await gateway.call(TOOL, "call-2", ARGUMENTS | {"n": 2}) == STATUS
    assert [arguments.get("n") for _, arguments in stateful.calls] == [None, 2]
    assert stateful.listed == 2


async def test_a_bare_404_is_a_forgotten_session_too(connect: Callable[..., Gateway], stateful: McpGateway) -> None:
    gateway = connect(stateful)
    await gateway.tools()
    stateful.instead.append(404)
    assert await gateway.call(TOOL, "call-1", ARGUMENTS) == STATUS
    assert len(stateful.calls) == 1


async def test_calls_at_once_on_a_forgotten_session_are_each_made_at_most_once(
    connect: Callable[..., Gateway], stateful: McpGateway
) -> None:
    gateway = connect(stateful)
    await gateway.tools()
    stateful.restart()
    results = await asyncio.gather(*(gateway.call(TOOL, f"call-{n}", ARGUMENTS | {"n": n}) for n in range(5)))
    assert results == [STATUS] * 5
    assert stateful.listed == 2, "calls gave up the session that another had just opened"
    assert max(Counter(arguments["n"] for _, arguments in stateful.calls).values()) == 1


async def test_a_stateless_server_may_restart_between_calls(
    connect: Callable[..., Gateway], stateless: McpGateway
) -> None:
    gateway = connect(stateless)
    assert await gateway.call(TOOL, "call-1", ARGUMENTS) == STATUS
    stateless.restart()
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS
    assert len(stateless.calls) == 2


@pytest.mark.parametrize("kind", ["stateless", "stateful"])
async def test_a_call_cut_off_by_the_servers_death_is_not_repeated(
    connect: Callable[..., Gateway], kind: str, request: pytest.FixtureRequest
) -> None:
    server: McpGateway = request.getfixturevalue(kind)

    async def never(_: str, __: dict[str, Any]) -> CallToolResult:
        await asyncio.sleep(60)
        raise AssertionError

    server.answer = never
    gateway = connect(server, 2.0)
    cut_off = asyncio.create_task(gateway.call(TOOL, "call-1", ARGUMENTS))
    await eventually(lambda: server.calls)
    await asyncio.to_thread(server.restart)
    async with within(4):
        result = await cut_off
    assert result["status"] in ("failed", "timed_out")
    assert len(server.calls) == 1
    server.answers(json.dumps(STATUS))
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS


async def test_an_http_error_is_a_typed_failure_and_not_repeated(
    connect: Callable[..., Gateway], stateful: McpGateway
) -> None:
    gateway = connect(stateful)
    await gateway.tools()
    stateful.instead.append(500)
    result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("failed", "gateway_error")
    assert stateful.calls == []
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS


@pytest.mark.parametrize("kind", ["stateless", "stateful"])
async def test_a_token_that_expires_in_mid_session_is_replaced_within_it(
    connect: Callable[..., Gateway], kind: str, request: pytest.FixtureRequest, token_server: TokenServer
) -> None:
    server: McpGateway = request.getfixturevalue(kind)
    server.accepted = {"token-1"}
    gateway = connect(server)
    assert await gateway.call(TOOL, "call-1", ARGUMENTS) == STATUS
    server.accepted = {"token-2"}
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS
    assert len(server.calls) == 2
    assert server.listed == 1
    assert len(token_server.requests) == 2


async def test_a_token_endpoint_that_fails_in_mid_session_is_a_typed_failure(
    connect: Callable[..., Gateway], stateful: McpGateway, token_server: TokenServer
) -> None:
    stateful.accepted = {"token-1"}
    gateway = connect(stateful, 2.0)
    await gateway.tools()
    stateful.accepted = {"token-2"}
    token_server.instead.extend([(500, "{}")] * 50)
    async with within(4):
        result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert result["status"] in ("failed", "timed_out")
    token_server.instead.clear()
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS
    assert len(stateful.calls) == 1


@pytest.mark.parametrize("kind", ["stateless", "stateful"])
@pytest.mark.parametrize("why", ["expired", "rejected"])
async def test_a_refresh_that_fails_is_one_calls_failure_and_no_other_ones(
    connect: Callable[..., Gateway], kind: str, why: str, request: pytest.FixtureRequest, token_server: TokenServer
) -> None:
    server: McpGateway = request.getfixturevalue(kind)
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def answer(_: str, arguments: dict[str, Any]) -> CallToolResult:
        if arguments["query"] == "slow":
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(release.wait(), loop))
        return text_result(json.dumps(STATUS))

    server.answer = answer
    token_server.lifetime = 0.5 if why == "expired" else 3_600
    gateway = connect(server)
    await gateway.tools()
    slow = asyncio.create_task(gateway.call(TOOL, "call-1", ARGUMENTS | {"query": "slow"}))
    await eventually(lambda: server.calls)
    listed = server.listed
    token_server.instead.extend([(503, "{}")] * 50)
    if why == "expired":
        await asyncio.sleep(0.6)
    else:
        server.accepted = {"token-2"}
    result = await gateway.call(TOOL, "call-2", ARGUMENTS)
    assert result["status"] == "failed"
    if why == "expired":
        assert result["reason"] == "gateway_unreachable"
    assert not slow.done()
    release.set()
    assert await slow == STATUS
    token_server.instead.clear()
    server.accepted = None
    assert await gateway.call(TOOL, "call-3", ARGUMENTS) == STATUS
    assert len(server.calls) == 2, "the failed call was made"
    if why == "expired":
        assert server.listed == listed, "the session was given up"


async def test_a_secret_that_cannot_be_read_is_a_typed_failure(
    stateless: McpGateway, token_server: TokenServer
) -> None:
    def secret() -> str:
        raise client_error("AccessDeniedException", 403)

    gateway = Gateway(stateless.url, token_server.token(secret), 5.0)
    result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("failed", "gateway_unreachable")
    assert stateless.calls == []


async def test_an_unreachable_server_is_a_typed_failure(connect: Callable[..., Gateway], stateless: McpGateway) -> None:
    stateless.stop()
    gateway = connect(stateless)
    with pytest.raises(MCPClientInitializationError):
        await gateway.tools()
    result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("failed", "gateway_unreachable")
    stateless.start()
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS


async def test_a_server_that_dies_after_the_session_was_opened_is_a_typed_failure(
    connect: Callable[..., Gateway], stateful: McpGateway
) -> None:
    gateway = connect(stateful, 2.0)
    await gateway.tools()
    await asyncio.to_thread(stateful.stop)
    async with within(5):
        assert (await gateway.call(TOOL, "call-1", ARGUMENTS))["status"] in ("failed", "timed_out")
    stateful.start()
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS
    assert len(stateful.calls) == 1


async def test_a_refused_token_is_a_typed_failure(connect: Callable[..., Gateway], stateless: McpGateway) -> None:
    stateless.accepted = set()
    with pytest.raises(MCPClientInitializationError):
        await connect(stateless).tools()
    result = await connect(stateless).call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("failed", "gateway_unreachable")
    assert stateless.calls == []


async def test_a_server_that_never_opens_the_session_is_a_typed_failure(
    connect: Callable[..., Gateway], stateless: McpGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "STARTUP_SECONDS", 0.3)
    stateless.stuck = True
    gateway = connect(stateless)
    async with within(3):
        with pytest.raises(MCPClientInitializationError):
            await gateway.tools()
    stateless.stuck = False
    assert await gateway.call(TOOL, "call-1", ARGUMENTS) == STATUS


async def test_a_server_that_fails_to_list_its_tools_is_a_typed_failure(
    connect: Callable[..., Gateway], stateless: McpGateway
) -> None:
    stateless.pages = 99
    gateway = connect(stateless)
    with pytest.raises(MCPClientInitializationError):
        await gateway.tools()
    result = await gateway.call(TOOL, "call-1", ARGUMENTS)
    assert (result["status"], result["reason"]) == ("failed", "gateway_unreachable")
    stateless.pages = None
    assert await gateway.call(TOOL, "call-2", ARGUMENTS) == STATUS
