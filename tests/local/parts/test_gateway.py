"""The gateway part over real sockets: a small issuer, a fake Lambda endpoint, strands' MCPClient."""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from aiohttp import ClientSession, web
from joserfc import jwt
from joserfc.jwk import RSAKey
from strands.tools.mcp import MCPClient

from local.config import ALIAS, GATEWAY_TARGET, MACHINE_CLIENT_ID, MACHINE_SCOPE, MCP_PROXY, USER_POOL, LocalConfig
from local.parts import gateway
from services.contract.tools import REGISTRY

ROOT = Path(__file__).parents[3]
IDS = {"session_id": "s-1", "request_id": "r-1", "tool_call_id": "t-1"}
STATUS_CALL = {"query": "vpn_status", **IDS}


def free_base() -> int:
    """The first of ten free ports in a row."""
    while True:
        base = random.randrange(20_000, 30_000, 10)
        with closing(socket.socket()) as probe:
            try:
                for number in range(10):
                    with closing(socket.socket()) as other:
                        other.bind(("127.0.0.1", base + number))
                probe.bind(("127.0.0.1", base))
                return base
            except OSError:
                continue


class World:
    """What stands around the gateway, in one thread with one event loop."""

    def __init__(self, config: LocalConfig, *, with_gateway: bool = True) -> None:
        self.config = config
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.published = [self.key]
        self.key_fetches = 0
        self.invocations: list[tuple[str, Any, dict[str, Any]]] = []
        self.lambda_answer: Callable[[Any], web.Response] = lambda event: web.json_response({"got": event})
        self.lambda_seconds = 0.0
        self._with_gateway = with_gateway
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()), daemon=True)

    def __enter__(self) -> World:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def token(self, key: RSAKey | None = None, **changed: Any) -> str:
        now, signer = int(time.time()), key or self.key
        claims = {
            "iss": self.config.issuer,
            "sub": MACHINE_CLIENT_ID,
            "client_id": MACHINE_CLIENT_ID,
            "token_use": "access",
            "scope": MACHINE_SCOPE,
            "iat": now,
            "exp": now + 300,
            **changed,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": signer.kid}, claims, signer)

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        app = web.Application()
        app.router.add_get(f"/{USER_POOL}/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_post("/2015-03-31/functions/{function}/invocations", self._invoked)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        for part in ("identity", "functions"):
            await web.TCPSite(runner, "127.0.0.1", self.config.port(part)).start()
        async with ClientSession() as client:
            if self._with_gateway:
                serve = uvicorn.Config(
                    gateway.build_app(self.config, client), port=self.config.port("gateway"), log_config=None
                )
                server = uvicorn.Server(serve)
                running = asyncio.create_task(server.serve())
                while not server.started:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                self._ready.set()
                await self._stop.wait()
                server.force_exit = server.should_exit = True
                await running
            self._ready.set()
            await self._stop.wait()
        await runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.config.issuer, "jwks_uri": f"{self.config.url('identity')}/jwks"})

    async def _jwks(self, _: web.Request) -> web.Response:
        self.key_fetches += 1
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.published]})

    async def _invoked(self, request: web.Request) -> web.Response:
        event = await request.json()
        context = json.loads(base64.b64decode(request.headers["X-Amz-Client-Context"]))
        self.invocations.append((request.match_info["function"], event, context))
        await asyncio.sleep(self.lambda_seconds)
        return self.lambda_answer(event)


class Bearer(httpx.Auth):
    """As the agent does it: the token is set on every request."""

    def __init__(self, token: str) -> None:
        self.token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(LocalConfig(state=tmp_path_factory.mktemp("state"), base_port=free_base())) as world:
        yield world


@pytest.fixture
def world(around: World) -> World:
    around.invocations.clear()
    around.lambda_seconds = 0.0
    around.lambda_answer = lambda event: web.json_response({"got": event})
    return around


@pytest.fixture(scope="module")
def client(around: World) -> Iterator[MCPClient]:
    with MCPClient(url=around.config.gateway_url, auth_provider=Bearer(around.token())) as connected:
        yield connected


def call(client: MCPClient, tool: str, arguments: dict[str, Any]) -> tuple[str, list[str]]:
    result = client.call_tool_sync("use-1", f"{GATEWAY_TARGET}___{tool}", arguments)
    return result["status"], [block.get("text", "") for block in result["content"]]


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


def post(world: World, token: str | None) -> httpx.Response:
    headers = {"Accept": "application/json, text/event-stream"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    return httpx.post(world.config.gateway_url, json=body, headers=headers)


def unsigned(world: World) -> str:
    """A token that asks not to be checked."""
    _, claims, _ = world.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": world.key.kid}).encode()).rstrip(b"=").decode()
    return f"{header}.{claims}."


REFUSED = [
    ("none", lambda world: None),
    ("garbage", lambda world: "x.y.z"),
    ("expired", lambda world: world.token(exp=int(time.time()) - 1)),
    ("no expiry", lambda world: world.token(exp=None)),
    ("other issuer", lambda world: world.token(iss="http://127.0.0.1:1/other")),
    ("other client", lambda world: world.token(client_id="someone")),
    ("id token", lambda world: world.token(token_use="id")),
    ("other key, same kid", lambda world: world.token(RSAKey.generate_key(2048, {"kid": world.key.kid}))),
    ("unsigned", unsigned),
]


@pytest.mark.parametrize("make", [make for _, make in REFUSED], ids=[name for name, _ in REFUSED])
def test_bad_tokens_are_refused(world: World, make: Callable[[World], str | None]) -> None:
    response = post(world, make(world))
    assert response.status_code == 401
    pointer = f"{world.config.url('gateway')}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{pointer}"' in response.headers["WWW-Authenticate"]
    assert httpx.get(pointer).json()["authorization_servers"] == [world.config.issuer]


def test_a_token_without_the_scope_is_refused(world: World) -> None:
    response = post(world, world.token(scope="deskside-tools/other"))
    assert response.status_code == 403
    assert "insufficient_scope" in response.headers["WWW-Authenticate"]


def test_a_good_token_is_accepted(world: World) -> None:
    assert post(world, world.token()).status_code == 200


def test_a_new_key_is_found_but_unknown_ones_do_not_flood_the_issuer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "KEY_REFRESH_SECONDS", 60.0)
    with World(LocalConfig(state=tmp_path, base_port=free_base())) as world:
        _rotate(world, monkeypatch)


def _rotate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(world, world.token()).status_code == 200
    assert world.key_fetches == 1
    strangers = [world.token(RSAKey.generate_key(2048, auto_kid=True)) for _ in range(3)]
    assert {post(world, token).status_code for token in strangers} == {401}
    assert world.key_fetches == 1
    fresh = RSAKey.generate_key(2048, auto_kid=True)
    world.published.append(fresh)
    assert post(world, world.token(fresh)).status_code == 401
    monkeypatch.setattr(gateway, "KEY_REFRESH_SECONDS", 0.0)
    assert post(world, world.token(fresh)).status_code == 200
    assert world.key_fetches == 2


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}},
        {"type": "object", "additionalProperties": False},
        {"type": "array", "items": {"type": "null"}},
        {"properties": {}},
    ],
)
def test_schemas_beyond_the_subset_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(gateway.UnsupportedSchemaError):
        gateway.check_schema(schema)


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("integer", 1, True),
        ("integer", 1.0, True),
        ("integer", 1.5, False),
        ("integer", True, False),
        ("number", 1, True),
        ("boolean", False, True),
        ("string", None, False),
        ("array", ["x"], True),
        ("array", [1], False),
    ],
)
def test_json_types(kind: str, value: object, fits: bool) -> None:
    schema: dict[str, Any] = {"type": kind, "items": {"type": "string"}} if kind == "array" else {"type": kind}
    assert (gateway.argument_fault({"type": "object", "properties": {"a": schema}}, {"a": value}) is None) == fits


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The process of the part, which does not outlive a failed test."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_process_logs_calls_without_values_and_stops_with_one_pending(tmp_path: Path) -> None:
    config = LocalConfig(state=tmp_path, base_port=free_base())
    command = [sys.executable, "-m", "local.parts.gateway"]
    environment = {**os.environ, **config.to_environment()}
    with (
        World(config, with_gateway=False) as world,
        started(command, environment) as process,
    ):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "started"
        second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert second.returncode == 98
        (line,) = [json.loads(line) for line in second.stdout.splitlines()]
        assert (line["event"], line["port"]) == ("port_in_use", config.port("gateway"))
        while httpx.get(f"{config.url('gateway')}/health").status_code != 200:
            time.sleep(0.01)
        token = world.token()
        with MCPClient(url=config.gateway_url, auth_provider=Bearer(token)) as connected:
            call(connected, "get_vpn_status", {**STATUS_CALL, "query": "private words"})
            lines = [process.stdout.readline() for _ in range(2)]
            before, after = (json.loads(line) for line in lines)
            assert before["event"] == "tool_called"
            assert after["event"] == "tool_returned"
            assert after["status"] == "ok"
            assert after["duration_ms"] > 0
            assert {name: after[name] for name in IDS} == IDS
            assert after["tool"] == f"{GATEWAY_TARGET}___get_vpn_status"
            assert not any("private words" in line or token in line for line in lines)

            world.lambda_seconds = 5.0
            body = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": f"{GATEWAY_TARGET}___get_vpn_status", "arguments": STATUS_CALL},
            }
            headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                pending = pool.submit(httpx.post, config.gateway_url, json=body, headers=headers, timeout=10)
                assert json.loads(process.stdout.readline())["event"] == "tool_called"
                stopped = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=5) == 0
                assert time.monotonic() - stopped < 1
                pending.exception(timeout=5)
