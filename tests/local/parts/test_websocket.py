"""The WebSocket part over real sockets, with a Lambda endpoint that records and answers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from aiohttp import ClientSession, web
from botocore.config import Config
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.config import AUTHORIZER, HOST, STAGE, WS_MANAGER, LocalConfig
from local.parts.listening import claim
from local.parts.websocket.limits import Limits
from local.parts.websocket.serving import running

TOKEN = "header.body.signature"
Event = dict[str, Any]


def policy(effect: str = "Allow", resource: str = "*", **context: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "anna", "policyDocument": {"Statement": [statement]}, "context": context}


class RaisedError(Exception):
    """Makes the fake endpoint answer as Lambda does when a function raises."""


@dataclass
class Lambda:
    """The fake endpoint: what was invoked, and what is answered."""

    port: int
    events: list[Event] = field(default_factory=list)
    authorizations: list[Event] = field(default_factory=list)
    authorizer: Callable[[Event], Any] = lambda _event: policy()
    manager: Callable[[Event], Awaitable[Any]] | None = None
    status: int = 200

    async def answer(self, request: web.Request) -> web.Response:
        event = await request.json()
        try:
            if request.match_info["name"] == AUTHORIZER:
                self.authorizations.append(event)
                result = self.authorizer(event)
            else:
                assert request.match_info["name"] == WS_MANAGER
                self.events.append(event)
                result = await self.manager(event) if self.manager else {"statusCode": 200}
        except RaisedError as error:
            return web.json_response({"errorMessage": str(error)}, headers={"X-Amz-Function-Error": "Unhandled"})
        return web.json_response(result, status=self.status)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["requestContext"]["eventType"] == kind]

    async def wait(self, kind: str, count: int = 1) -> Event:
        async with asyncio.timeout(3):
            while len(self.of(kind)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return self.of(kind)[count - 1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@pytest.fixture
async def functions() -> AsyncIterator[Lambda]:
    fake = Lambda(free_port())
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_post("/2015-03-31/functions/{name}/invocations", fake.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, fake.port).start()
    yield fake
    await runner.cleanup()


@dataclass
class Stack:
    """A running API."""

    port: int
    management_port: int

    def connect(self, path: str = f"/{STAGE}", token: str | None = TOKEN, **options: Any) -> connect:
        headers = {"Authorization": token} if token is not None else {}
        url = f"ws://{HOST}:{self.port}{path}"
        options = {"ping_interval": None, "compression": None, **options}
        return connect(url, additional_headers=headers, **options)

    def client(self) -> Any:
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=f"http://{HOST}:{self.management_port}/{STAGE}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )


class Running:
    """Starts APIs and stops them after the test."""

    def __init__(self, functions: Lambda, stack: contextlib.AsyncExitStack) -> None:
        self._functions = functions
        self._stack = stack

    async def __call__(self, **limits: Any) -> Stack:
        data, management = claim(free_port()), claim(free_port())
        url = f"http://{HOST}:{self._functions.port}"
        await self._stack.enter_async_context(running(Limits(**limits), url, data, management))
        return Stack(data.getsockname()[1], management.getsockname()[1])


@pytest.fixture
async def start(functions: Lambda) -> AsyncIterator[Running]:
    async with contextlib.AsyncExitStack() as stack:
        yield Running(functions, stack)


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """The lines logged during a test."""
    with capture_logs() as lines:
        yield lines


def logged(log: list[Any], event: str) -> list[Any]:
    return [line for line in log if line["event"] == event]


async def refused(stack: Stack, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as caught:
        await stack.connect(**options)
    return caught.value.response.status_code


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Read until the server has closed; its status and reason."""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await client.recv()
    return client.close_code or 0, client.close_reason or ""


async def connection_id(functions: Lambda, count: int = 1) -> str:
    return (await functions.wait("CONNECT", count))["requestContext"]["connectionId"]


# Opening


async def test_events_have_the_fields_of_aws(functions: Lambda, start: Running) -> None:
    stack = await start()
    functions.authorizer = lambda _event: policy(tenant="acme", level=3, admin=True)
    async with stack.connect(f"/{STAGE}?a=1&a=2&b=", user_agent_header="test/1") as client:
        await client.send('{"action":"ping"}')
        message = await functions.wait("MESSAGE")
        await client.close(1000, "done")
    disconnect = await functions.wait("DISCONNECT")
    connected = functions.of("CONNECT")[0]

    authorization = functions.authorizations[0]
    assert authorization["type"] == "REQUEST"
    assert authorization["methodArn"] == f"arn:aws:execute-api:us-east-1:123456789012:local/{STAGE}/$connect"
    assert authorization["headers"]["Authorization"] == TOKEN
    assert authorization["multiValueHeaders"]["Authorization"] == [TOKEN]
    assert authorization["queryStringParameters"] == {"a": "2", "b": ""}
    assert authorization["stageVariables"] == {}
    assert "authorizer" not in authorization["requestContext"]

    common = {
        *("routeKey", "eventType", "extendedRequestId", "requestTime", "messageDirection", "stage", "connectedAt"),
        *("requestTimeEpoch", "identity", "requestId", "domainName", "connectionId", "apiId", "authorizer"),
    }
    assert set(connected) == {
        *("headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters"),
        *("requestContext", "isBase64Encoded"),
    }
    assert set(connected["requestContext"]) == common
    assert connected["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert set(message) == {"requestContext", "body", "isBase64Encoded"}
    assert set(message["requestContext"]) == common | {"messageId"}
    assert set(disconnect) == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}
    assert set(disconnect["requestContext"]) == common | {"disconnectStatusCode", "disconnectReason"}

    for event, route in ((connected, "$connect"), (message, "ping"), (disconnect, "$disconnect")):
        context = event["requestContext"]
        assert context["routeKey"] == route
        assert context["connectionId"] == connected["requestContext"]["connectionId"]
        assert context["connectedAt"] == connected["requestContext"]["connectedAt"]
        assert context["identity"] == {"sourceIp": HOST, "userAgent": "test/1"}
        assert context["stage"] == STAGE
        latency = context["authorizer"]["integrationLatency"]
        assert isinstance(latency, int)
        expected = {"principalId": "anna", "tenant": "acme", "level": "3", "admin": "true"}
        assert context["authorizer"] == {**expected, "integrationLatency": latency}
    assert (message["body"], message["isBase64Encoded"]) == ('{"action":"ping"}', False)
    assert disconnect["requestContext"]["disconnectStatusCode"] == 1000
    assert disconnect["requestContext"]["disconnectReason"] == "done"
    identifier = connected["requestContext"]["connectionId"]
    assert len(identifier) == 16
    assert len(base64.urlsafe_b64decode(identifier)) == 11


@pytest.mark.parametrize("token", [None, "", " "])
async def test_missing_identity_source_is_401_without_invoking(
    functions: Lambda, start: Running, token: str | None
) -> None:
    assert await refused(await start(), token=token) == 401
    assert functions.authorizations == []
    assert functions.events == []


def _raise(message: str) -> Callable[[Event], Any]:
    def authorizer(_event: Event) -> Any:
        raise RaisedError(message)

    return authorizer


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        (_raise("Unauthorized"), 401),
        (_raise("KeyError"), 500),
        (lambda _: policy("Deny"), 403),
        (lambda _: policy(resource="arn:aws:execute-api:us-east-1:123456789012:other/*"), 403),
        (lambda _: {"principalId": "anna"}, 500),
        (lambda _: {**policy(), "principalId": None}, 500),
        (lambda _: policy(nested={"a": 1}), 500),
        (lambda _: policy(large="x" * 9000), 500),
        (lambda _: "allow", 500),
    ],
)
async def test_authorizer_refusals(
    functions: Lambda,
    start: Running,
    log: list[Any],
    authorizer: Callable[[Event], Any],
    status: int,
) -> None:
    functions.authorizer = authorizer
    assert await refused(await start()) == status
    assert functions.events == []
    assert [line["status"] for line in logged(log, "connect_refused")] == [status]


async def test_policy_for_exactly_this_route_allows(functions: Lambda, start: Running) -> None:
    functions.authorizer = lambda event: policy(resource=event["methodArn"])
    async with (await start()).connect():
        await functions.wait("CONNECT")


async def test_explicit_deny_wins(functions: Lambda, start: Running) -> None:
    answer = policy()
    answer["policyDocument"]["Statement"].append(policy("Deny")["policyDocument"]["Statement"][0])
    functions.authorizer = lambda _event: answer
    assert await refused(await start()) == 403


@pytest.mark.parametrize(("answer", "status"), [({"statusCode": 403}, 403), ({"statusCode": 503}, 503), ("x", 502)])
async def test_connect_answer_refuses_the_handshake(
    functions: Lambda, start: Running, answer: Any, status: int
) -> None:
    async def manager(_event: Event) -> Any:
        return answer

    functions.manager = manager
    stack = await start()
    assert await refused(stack) == status
    client = stack.client()
    with pytest.raises(client.exceptions.GoneException):
        await asyncio.to_thread(client.get_connection, ConnectionId=await connection_id(functions))


async def test_connect_that_raises_or_hangs_is_refused(functions: Lambda, start: Running) -> None:
    async def raises(_event: Event) -> Any:
        raise RaisedError("KeyError")

    async def hangs(_event: Event) -> Any:
        await asyncio.sleep(5)

    functions.manager = raises
    stack = await start(integration_seconds=0.2)
    assert await refused(stack) == 502
    functions.manager = hangs
    assert await refused(stack) == 504


@pytest.mark.parametrize("path", ["/", "/prod", f"/{STAGE}/more", f"/{STAGE}x"])
async def test_wrong_stage_is_403(functions: Lambda, start: Running, path: str) -> None:
    assert await refused(await start(), path=path) == 403
    assert functions.authorizations == []


async def test_client_that_leaves_during_connect_is_disconnected(functions: Lambda, start: Running) -> None:
    gate = asyncio.Event()

    async def manager(event: Event) -> Any:
        if event["requestContext"]["eventType"] == "CONNECT":
            await gate.wait()
        return {"statusCode": 200}

    functions.manager = manager
    stack = await start()
    attempt = asyncio.ensure_future(stack.connect().__aenter__())
    await functions.wait("CONNECT")
    attempt.cancel()
    await asyncio.sleep(0.1)
    gate.set()
    disconnect = await functions.wait("DISCONNECT")
    assert disconnect["requestContext"]["connectionId"] == await connection_id(functions)


# Messages


@pytest.mark.parametrize(
    ("body", "route"),
    [
        ('{"action":"hello"}', "hello"),
        ('{"action":"chat","prompt":"é"}', "chat"),
        ('{"action":"async_callback"}', "async_callback"),
        ('{"action":"ping"}', "ping"),
        ('{"action":"$connect"}', "$default"),
        ('{"action":"other"}', "$default"),
        ('{"action":["ping"]}', "$default"),
        ("{}", "$default"),
        ("[1]", "$default"),
        ("{bad", "$default"),
        ("[" * 20_000, "$default"),
    ],
)
async def test_routes(functions: Lambda, start: Running, body: str, route: str) -> None:
    async with (await start()).connect() as client:
        await client.send(body)
        event = await functions.wait("MESSAGE")
    assert event["requestContext"]["routeKey"] == route
    assert event["body"] == body


async def test_binary_message_travels_as_base64(functions: Lambda, start: Running) -> None:
    async with (await start()).connect() as client:
        await client.send(b'\x00{"action":"ping"}')
        event = await functions.wait("MESSAGE")
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b'\x00{"action":"ping"}'
    assert event["requestContext"]["routeKey"] == "$default"


async def test_failed_integration_is_told_to_the_client(functions: Lambda, start: Running) -> None:
    answers: list[Any] = [RaisedError("boom"), None, {"body": "no status"}]

    async def manager(event: Event) -> Any:
        if event["requestContext"]["eventType"] != "MESSAGE":
            return {"statusCode": 200}
        answer = answers.pop(0)
        if isinstance(answer, RaisedError):
            raise answer
        return answer

    functions.manager = manager
    async with (await start()).connect() as client:
        for number in (1, 2, 3):
            await client.send('{"action":"ping"}')
            frame = json.loads(await asyncio.wait_for(client.recv(), 3))
            context = (await functions.wait("MESSAGE", number))["requestContext"]
            assert frame == {
                "message": "Internal server error",
                "connectionId": context["connectionId"],
                "requestId": context["requestId"],
            }


async def test_answer_of_a_message_is_not_sent_and_its_status_not_minded(functions: Lambda, start: Running) -> None:
    async def manager(event: Event) -> Any:
        return {"statusCode": 500 if event["requestContext"]["eventType"] == "MESSAGE" else 200, "body": "x"}

    functions.manager = manager
    async with (await start()).connect() as client:
        await client.send('{"action":"ping"}')
        await functions.wait("MESSAGE")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.2)


async def test_slow_integration_times_out_and_the_connection_stays(functions: Lambda, start: Running) -> None:
    async def manager(event: Event) -> Any:
        if event.get("body") == "slow":
            await asyncio.sleep(5)
        return {"statusCode": 200}

    functions.manager = manager
    async with (await start(integration_seconds=0.2)).connect() as client:
        await client.send("slow")
        frame = json.loads(await asyncio.wait_for(client.recv(), 3))
        assert frame["message"] == "Endpoint request timed out"
        assert frame["connectionId"] == await connection_id(functions)
        await client.send('{"action":"ping"}')
        await functions.wait("MESSAGE", 2)


async def test_unreachable_lambda_is_500_and_lambda_error_502(functions: Lambda, start: Running) -> None:
    stack = await start()
    functions.status = 429
    assert await refused(stack) == 500
    functions.status = 200
    async with stack.connect() as client:
        functions.status = 500
        await client.send('{"action":"ping"}')
        assert json.loads(await asyncio.wait_for(client.recv(), 3))["message"] == "Internal server error"


async def test_deliveries_of_one_connection_run_at_once_but_bounded(functions: Lambda, start: Running) -> None:
    gate, running_now, most = asyncio.Event(), 0, 0

    async def manager(event: Event) -> Any:
        nonlocal running_now, most
        if event["requestContext"]["eventType"] == "MESSAGE":
            running_now += 1
            most = max(most, running_now)
            await gate.wait()
            running_now -= 1
        return {"statusCode": 200}

    functions.manager = manager
    async with (await start(in_flight=4)).connect() as client:
        for _ in range(12):
            await client.send('{"action":"ping"}')
        await functions.wait("MESSAGE", 4)
        await asyncio.sleep(0.2)
        assert len(functions.of("MESSAGE")) == 4
        gate.set()
        await functions.wait("MESSAGE", 12)
    assert most == 4


async def test_throttled_message_is_told_and_not_delivered(functions: Lambda, start: Running) -> None:
    async with (await start(rate=0.001, burst=2)).connect() as client:
        for _ in range(3):
            await client.send('{"action":"ping"}')
        assert json.loads(await asyncio.wait_for(client.recv(), 3))["message"] == "Too Many Requests"
        await functions.wait("MESSAGE", 2)
        await asyncio.sleep(0.1)
    assert len(functions.of("MESSAGE")) == 2


# Limits


def _sized(size: int) -> str:
    return '{"action":"ping","x":"' + "x" * (size - 24) + '"}'


async def test_frame_of_32_kb_passes_and_a_larger_one_closes_with_1009(functions: Lambda, start: Running) -> None:
    async with (await start()).connect() as client:
        await client.send(_sized(32 * 1024))
        assert len((await functions.wait("MESSAGE"))["body"]) == 32 * 1024
        await client.send(_sized(32 * 1024 + 1))
        assert (await closed(client))[0] == 1009
    assert (await functions.wait("DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1009
    assert len(functions.of("MESSAGE")) == 1


async def test_message_of_128_kb_in_frames_passes_and_a_larger_one_closes(functions: Lambda, start: Running) -> None:
    def frames(size: int) -> list[str]:
        text = _sized(size)
        return [text[at : at + 16_384] for at in range(0, size, 16_384)]

    async with (await start()).connect() as client:
        await client.send(frames(128 * 1024))
        event = await functions.wait("MESSAGE")
        assert len(event["body"]) == 128 * 1024
        assert event["requestContext"]["routeKey"] == "ping"
        with contextlib.suppress(ConnectionClosed):
            await client.send(frames(128 * 1024 + 1))
        assert (await closed(client))[0] == 1009
    assert len(functions.of("MESSAGE")) == 1


async def test_idle_connection_is_closed_with_1001(functions: Lambda, start: Running) -> None:
    began = time.monotonic()
    async with (await start(idle_seconds=0.3)).connect() as client:
        assert await closed(client) == (1001, "Going away")
    assert 0.3 <= time.monotonic() - began < 1
    context = (await functions.wait("DISCONNECT"))["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")


@pytest.mark.parametrize("traffic", ["message", "ping", "push"])
async def test_any_traffic_restarts_the_idle_clock(functions: Lambda, start: Running, traffic: str) -> None:
    stack = await start(idle_seconds=0.4)
    url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/"
    async with ClientSession() as http, stack.connect() as client:
        identifier = await connection_id(functions)
        for _ in range(5):
            await asyncio.sleep(0.2)
            if traffic == "message":
                await client.send('{"action":"ping"}')
            elif traffic == "ping":
                await asyncio.wait_for(await client.ping(), 1)
            else:
                async with http.post(url + quote(identifier, safe=""), data=b"{}") as response:
                    assert response.status == 200
        assert client.state.name == "OPEN"
        assert (await closed(client))[0] == 1001


async def test_connection_is_closed_at_its_lifetime_despite_traffic(functions: Lambda, start: Running) -> None:
    began = time.monotonic()
    async with (await start(idle_seconds=5, lifetime_seconds=0.4)).connect() as client:
        with contextlib.suppress(ConnectionClosed):
            while time.monotonic() - began < 3:
                await client.send('{"action":"ping"}')
                await asyncio.sleep(0.05)
        assert await closed(client) == (1001, "Going away")
    assert time.monotonic() - began < 1


async def test_server_sends_no_pings_of_its_own(start: Running) -> None:
    async with (await start()).connect() as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        assert "Server" not in client.response.headers


@pytest.mark.parametrize(("code", "reason"), [(1000, "bye"), (4000, "own")])
async def test_disconnect_carries_the_clients_close(
    functions: Lambda, start: Running, code: int, reason: str, log: list[Any]
) -> None:
    async with (await start()).connect() as client:
        await client.close(code, reason)
    context = (await functions.wait("DISCONNECT"))["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
    line = logged(log, "connection_closed")[0]
    assert (line["code"], line["reason"]) == (code, reason)


async def test_lost_connection_is_disconnected_with_1006(functions: Lambda, start: Running) -> None:
    client = await (await start()).connect()
    await functions.wait("CONNECT")
    client.transport.abort()
    assert (await functions.wait("DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1006


async def test_failing_disconnect_changes_nothing(functions: Lambda, start: Running) -> None:
    async def manager(event: Event) -> Any:
        if event["requestContext"]["eventType"] == "DISCONNECT":
            raise RaisedError("boom")
        return {"statusCode": 200}

    functions.manager = manager
    stack = await start()
    async with stack.connect():
        pass
    await functions.wait("DISCONNECT")
    async with stack.connect():
        await functions.wait("CONNECT", 2)


# Management


async def test_push_get_and_delete_with_boto3(functions: Lambda, start: Running) -> None:
    stack = await start()
    api = stack.client()
    async with stack.connect(user_agent_header="test/1") as client:
        identifier = await connection_id(functions)
        posted = await asyncio.to_thread(api.post_to_connection, ConnectionId=identifier, Data='{"é":1}'.encode())
        assert posted["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert await asyncio.wait_for(client.recv(), 2) == '{"é":1}'
        found = await asyncio.to_thread(api.get_connection, ConnectionId=identifier)
        assert found["ConnectedAt"] <= found["LastActiveAt"]
        assert abs(found["LastActiveAt"].timestamp() - time.time()) < 5
        assert found["Identity"] == {"SourceIp": HOST, "UserAgent": "test/1"}
        deleted = await asyncio.to_thread(api.delete_connection, ConnectionId=identifier)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert (await closed(client))[0] == 1000
    for call in (api.get_connection, api.delete_connection):
        with pytest.raises(api.exceptions.GoneException):
            await asyncio.to_thread(call, ConnectionId=identifier)
    with pytest.raises(api.exceptions.GoneException):
        await asyncio.to_thread(api.post_to_connection, ConnectionId="L0SM9cOFvHcCIhw=", Data=b"{}")


async def test_push_before_the_connection_is_established_is_gone(functions: Lambda, start: Running) -> None:
    stack = await start()
    statuses: list[int] = []

    async def manager(event: Event) -> Any:
        context = event["requestContext"]
        if context["eventType"] == "CONNECT":
            url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{quote(context['connectionId'])}"
            async with ClientSession() as http, http.post(url, data=b"{}") as response:
                statuses.append(response.status)
                assert response.headers["x-amzn-errortype"] == "GoneException"
        return {"statusCode": 200}

    functions.manager = manager
    async with stack.connect():
        await functions.wait("CONNECT")
    assert statuses == [410]


@pytest.mark.parametrize("extra", [1, 2 * 1024 * 1024])
async def test_push_over_128_kb_is_too_large(functions: Lambda, start: Running, extra: int) -> None:
    stack = await start()
    api = stack.client()
    async with stack.connect(max_size=None) as client:
        identifier = await connection_id(functions)
        data = b"x" * (128 * 1024)
        await asyncio.to_thread(api.post_to_connection, ConnectionId=identifier, Data=data)
        assert len(await asyncio.wait_for(client.recv(), 3)) == 128 * 1024
        with pytest.raises(api.exceptions.PayloadTooLargeException):
            await asyncio.to_thread(api.post_to_connection, ConnectionId=identifier, Data=data + b"x" * extra)


@pytest.mark.parametrize(("size", "fragments"), [(32 * 1024, 1), (100 * 1024, 4)])
async def test_large_push_is_sent_in_frames_of_at_most_32_kb(
    functions: Lambda, start: Running, size: int, fragments: int
) -> None:
    stack = await start()
    text = ("é" * size)[: size // 2]
    # A client that takes no larger frame proves it.
    async with stack.connect(max_size=(None, 32 * 1024)) as client, ClientSession() as http:
        path = quote(await connection_id(functions), safe="")
        url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{path}"
        async with http.post(url, data=text.encode()) as response:
            assert response.status == 200
        received = [part async for part in client.recv_streaming(decode=False)]
    assert b"".join(received).decode() == text
    assert len([part for part in received if part]) == fragments


async def test_client_that_does_not_read_is_limited(functions: Lambda, start: Running) -> None:
    stack = await start(client_buffer_bytes=256 * 1024)
    async with ClientSession() as http, stack.connect(close_timeout=0.1) as client:
        client.transport.pause_reading()
        path = quote(await connection_id(functions), safe="")
        url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{path}"
        statuses: list[int] = []
        for _ in range(200):
            async with http.post(url, data=b"x" * 128 * 1024) as response:
                statuses.append(response.status)
                if response.status != 200:
                    assert response.headers["x-amzn-errortype"] == "LimitExceededException"
                    break
        assert statuses[-1] == 429
        client.transport.abort()


async def test_other_paths_are_forbidden_and_health_is_not(start: Running) -> None:
    stack = await start()
    async with ClientSession() as http:
        for path, status in (("/health", 200), ("/prod/@connections/a%3D", 403), ("/", 403)):
            async with http.get(f"http://{HOST}:{stack.management_port}{path}") as response:
                assert response.status == status


# Logs


async def test_every_hop_is_logged_with_ids_but_without_bodies_or_tokens(
    functions: Lambda, start: Running, log: list[Any]
) -> None:
    stack = await start()
    async with ClientSession() as http, stack.connect() as client:
        identifier = await connection_id(functions)
        await client.send(json.dumps({"action": "chat", "request_id": "r-1", "prompt": "private words"}))
        event = await functions.wait("MESSAGE")
        url = f"http://{HOST}:{stack.management_port}/{STAGE}/@connections/{quote(identifier, safe='')}"
        for push in (
            {"event": "answer", "data": {"request_id": "r-1", "text": "private words"}},
            {"action": "get_vpn_status", "callback_id": "cb-1"},
        ):
            async with http.post(url, json=push) as response:
                assert response.status == 200
    await functions.wait("DISCONNECT")
    output = json.dumps(log)
    assert "private words" not in output
    assert TOKEN not in output
    by_event = {name: logged(log, name) for name in {line["event"] for line in log}}
    assert {"connection_opened", "message_received", "message_pushed", "connection_closed"} <= set(by_event)
    assert all(line["connection_id"] == identifier for line in log)
    received = by_event["message_received"][0]
    assert (received["route"], received["event_name"], received["request_id"]) == ("chat", "chat", "r-1")
    assert received["api_request_id"] == event["requestContext"]["requestId"]
    assert received["bytes"] == len(event["body"])
    answer, request = by_event["message_pushed"]
    assert (answer["event_name"], answer["request_id"]) == ("answer", "r-1")
    assert (request["event_name"], request["callback_id"]) == ("get_vpn_status", "cb-1")


# Process


def _free_base() -> int:
    """Ten consecutive free ports."""
    while True:
        base = free_port()
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(base, base + 10):
                stack.enter_context(socket.create_server((HOST, port)))
            return base


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_is_ready_tells_a_taken_port_and_stops_at_once(tmp_path: Path, number: int) -> None:
    config = LocalConfig(state=tmp_path, base_port=_free_base())
    command = [sys.executable, "-m", "local.parts.websocket"]
    environment = {**os.environ, **config.to_environment()}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        async with ClientSession() as http, asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    async with http.get(f"{config.url('management')}/health") as response:
                        assert response.status == 200
                        break
                await asyncio.sleep(0.02)
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10, check=False)  # noqa: ASYNC221
        assert second.returncode == 98
        (line,) = [json.loads(line) for line in second.stdout.splitlines()]
        assert (line["event"], line["port"], line["level"]) == ("port_in_use", config.port("websocket"), "error")
        assert second.stderr == ""
        process.send_signal(number)
        began = time.monotonic()
        assert process.wait(5) == 0
        assert time.monotonic() - began < 1
    finally:
        process.kill()
