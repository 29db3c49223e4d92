"""The runtime part over real sockets, in front of a fake agent container, through boto3."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiohttp import ClientSession, web
from botocore.config import Config
from yarl import URL

from local.config import RUNTIME_ARN, RUNTIME_QUALIFIER
from local.parts import runtime
from tests.local.parts.processes import PartProcess, configured

SESSION = "session-0123456789-0123456789-0123456789"


class Container:
    """A container that does what the test says and remembers what it was sent."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.status = 200
        self.go_on = asyncio.Event()
        self.dies = False

    async def invocations(self, request: web.Request) -> web.StreamResponse:
        self.headers, self.body = dict(request.headers), await request.read()
        if self.status != 200:
            return web.Response(status=self.status, text="boom")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        await response.write(b'data: "one"\n\n')
        await self.go_on.wait()
        if self.dies:
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(b'data: "two"\n\n')
        return response


async def _start(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def container() -> Container:
    return Container()


@pytest.fixture
async def url(container: Container) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/invocations", container.invocations)
    agent, agent_url = await _start(app)
    front, front_url = await _start(runtime.build_app(agent_url))
    yield front_url
    container.go_on.set()
    await front.cleanup()
    await agent.cleanup()


def agentcore(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, read_timeout=10)
    keys: dict[str, Any] = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client("bedrock-agentcore", endpoint_url=url, config=config, **keys)


async def invoke(client: Any, **changed: Any) -> Any:
    request = {
        "agentRuntimeArn": RUNTIME_ARN,
        "qualifier": RUNTIME_QUALIFIER,
        "runtimeSessionId": SESSION,
        "contentType": "application/json",
        "accept": "text/event-stream",
        "payload": b'{"request_id": "r-1"}',
        **changed,
    }
    request = {name: value for name, value in request.items() if value is not None}
    return await asyncio.to_thread(lambda: client.invoke_agent_runtime(**request))


async def test_streams_bytes_as_they_come(url: str, container: Container) -> None:
    answer = await invoke(agentcore(url), runtimeUserId="jo", traceId="Root=1-2", traceParent="00-a-b-01")
    assert answer["contentType"] == "text/event-stream; charset=utf-8"
    assert answer["runtimeSessionId"] == SESSION
    stream = answer["response"]._raw_stream
    # The container has not written the second event yet.
    assert await asyncio.to_thread(stream.read1, 65536) == b'data: "one"\n\n'
    container.go_on.set()
    assert await asyncio.to_thread(stream.read) == b'data: "two"\n\n'
    sent = {name.lower(): value for name, value in container.headers.items()}
    assert container.body == b'{"request_id": "r-1"}'
    assert sent["accept"] == "text/event-stream"
    assert sent["content-type"] == "application/json"
    assert sent["x-amzn-bedrock-agentcore-runtime-session-id"] == SESSION
    assert sent["x-amzn-bedrock-agentcore-runtime-user-id"] == "jo"
    assert sent["x-amzn-trace-id"] == "Root=1-2"
    assert sent["traceparent"] == "00-a-b-01"
    assert "authorization" not in sent


async def test_custom_headers_are_copied_and_others_not(url: str, container: Container) -> None:
    container.go_on.set()
    path = f"{url}/runtimes/{RUNTIME_ARN.replace(':', '%3A').replace('/', '%2F')}/invocations"
    headers = {"X-Amzn-Bedrock-AgentCore-Runtime-Custom-Color": "blue", "X-Other": "no"}
    async with (
        ClientSession() as client,
        client.post(URL(path, encoded=True), data=b"{}", headers=headers) as response,
    ):
        assert response.status == 200
        # Nobody sent a session id: one is made up and told.
        assert len(response.headers[runtime.SESSION_HEADER]) == 36
    assert container.headers["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Color"] == "blue"
    assert "X-Other" not in container.headers


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_a_failing_container_is_a_runtime_client_error(url: str, container: Container, status: int) -> None:
    container.status = status
    client = agentcore(url)
    with pytest.raises(client.exceptions.RuntimeClientError, match=f"Received error \\({status}\\)") as raised:
        await invoke(client)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


async def test_an_unreachable_container_is_a_runtime_client_error() -> None:
    front, front_url = await _start(runtime.build_app("http://127.0.0.1:9"))
    client = agentcore(front_url)
    with pytest.raises(client.exceptions.RuntimeClientError):
        await invoke(client)
    await front.cleanup()


@pytest.mark.parametrize("changed", [{"agentRuntimeArn": f"{RUNTIME_ARN}x"}, {"qualifier": "nobody"}])
async def test_unknown_targets_are_not_found(url: str, changed: dict[str, str]) -> None:
    client = agentcore(url)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        await invoke(client, **changed)


async def test_without_a_qualifier_the_default_endpoint_answers(url: str, container: Container) -> None:
    container.go_on.set()
    answer = await invoke(agentcore(url), qualifier=None)
    assert answer["statusCode"] == 200


@pytest.mark.parametrize("length", [32, 257])
async def test_session_ids_of_the_wrong_length_are_refused(url: str, container: Container, length: int) -> None:
    path = URL(f"{url}/runtimes/{RUNTIME_ARN.replace('/', '%2F')}/invocations", encoded=True)
    headers = {runtime.SESSION_HEADER: "x" * length}
    async with ClientSession() as client, client.post(path, data=b"{}", headers=headers) as response:
        assert response.status == 400
        assert response.headers["x-amzn-errortype"] == "ValidationException"
    assert container.body == b""


async def test_a_payload_over_the_limit_is_refused(
    url: str, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "MAX_PAYLOAD_BYTES", 100)
    client = agentcore(url)
    with pytest.raises(client.exceptions.ValidationException):
        await invoke(client, payload=b"x" * 101)
    assert container.body == b""
    container.go_on.set()
    assert (await invoke(client, payload=b"x" * 100))["statusCode"] == 200


async def test_a_container_that_dies_breaks_the_stream(url: str, container: Container) -> None:
    answer = await invoke(agentcore(url))
    container.dies = True
    container.go_on.set()
    with pytest.raises(Exception, match=r"(?i)incomplete|connection|broken|ended prematurely"):
        await asyncio.to_thread(answer["response"].read)


async def test_stopping_a_session_cuts_its_stream(url: str) -> None:
    client = agentcore(url)
    answer = await invoke(client)
    stop = {"agentRuntimeArn": RUNTIME_ARN, "qualifier": RUNTIME_QUALIFIER, "runtimeSessionId": SESSION}
    stopped = await asyncio.to_thread(lambda: client.stop_runtime_session(**stop))
    assert stopped["runtimeSessionId"] == SESSION
    with pytest.raises(Exception, match=r"(?i)incomplete|connection|broken|ended prematurely"):
        await asyncio.to_thread(answer["response"].read)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        await asyncio.to_thread(lambda: client.stop_runtime_session(**stop))


async def test_fifty_streams_at_once(url: str, container: Container) -> None:
    path = URL(f"{url}/runtimes/{RUNTIME_ARN.replace('/', '%2F')}/invocations", encoded=True)
    async with ClientSession() as client:

        async def one() -> bytes:
            async with client.post(path, data=b"{}") as response:
                return await response.read()

        waiting = [asyncio.create_task(one()) for _ in range(50)]
        await asyncio.sleep(0.3)
        container.go_on.set()
        assert set(await asyncio.gather(*waiting)) == {b'data: "one"\n\ndata: "two"\n\n'}


def test_process_logs_the_turn_and_stops_at_once(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with PartProcess("runtime", config) as part:
        assert json.loads(part.line())["event"] == "started"
        part.tells_a_taken_port()
        client = agentcore(config.url("runtime"))
        with pytest.raises(client.exceptions.RuntimeClientError):
            asyncio.run(invoke(client))
        told = json.loads(part.line())
        assert told["event"] == "agent_invoked"
        assert (told["session_id"], told["status"], told["request_id"]) == (SESSION, 424, "r-1")
        part.stops_at_once()
