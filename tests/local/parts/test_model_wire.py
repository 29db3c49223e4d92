"""The model part over real sockets: boto3, strands and the process itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiohttp import ClientSession, web
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from strands import Agent, tool
from strands.models.bedrock import BedrockModel

from local.parts.model.server import ModelOptions, build_app
from tests.local.parts.processes import PartProcess, configured

MODEL = "us.anthropic.claude-sonnet-4-6"
KEYS: dict[str, Any] = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[ModelOptions], Any]]:
    runners: list[web.AppRunner] = []

    async def start(options: ModelOptions) -> str:
        runner = web.AppRunner(build_app(options), shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


def bedrock(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client("bedrock-runtime", endpoint_url=url, region_name="us-east-1", config=config, **KEYS)


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text}]}]


LAMP: dict[str, Any] = {
    "tools": [
        {
            "toolSpec": {
                "name": "house___switch_lamp",
                "description": "Switch a lamp of the house on or off.",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"lamp": {"type": "string", "description": "Which. One of: kitchen, hall."}},
                        "required": ["lamp"],
                    }
                },
            }
        }
    ]
}


async def events(url: str, **request: Any) -> list[dict[str, Any]]:
    response = await asyncio.to_thread(bedrock(url).converse_stream, modelId=MODEL, **request)
    return await asyncio.to_thread(lambda: list(response["stream"]))


async def test_a_text_is_streamed_in_words(serve: Any) -> None:
    got = await events(await serve(ModelOptions(delay=0)), messages=user("hello there"))
    kinds = [next(iter(event)) for event in got]
    assert kinds[0] == "messageStart"
    assert kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    words = [event["contentBlockDelta"]["delta"]["text"] for event in got if "contentBlockDelta" in event]
    assert len(words) > 5
    assert "".join(words).startswith("I have no tools here")
    assert got[-2]["messageStop"]["stopReason"] == "end_turn"
    usage = got[-1]["metadata"]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 10


async def test_a_tool_call_is_streamed(serve: Any) -> None:
    url = await serve(ModelOptions(delay=0))
    got = await events(url, messages=user("switch the hall lamp"), toolConfig=LAMP)
    start = got[1]["contentBlockStart"]["start"]["toolUse"]
    assert start["name"] == "house___switch_lamp"
    pieces = [event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in got if "contentBlockDelta" in event]
    assert json.loads("".join(pieces)) == {"lamp": "hall"}
    assert {"messageStop": {"stopReason": "tool_use"}} in got


async def test_converse_answers_whole(serve: Any) -> None:
    client = bedrock(await serve(ModelOptions(delay=0)))
    request = {"modelId": MODEL, "messages": user("switch the hall lamp"), "toolConfig": LAMP}
    answer = await asyncio.to_thread(lambda: client.converse(**request))
    assert answer["stopReason"] == "tool_use"
    assert answer["output"]["message"]["content"][0]["toolUse"]["input"] == {"lamp": "hall"}


@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
async def test_a_history_without_a_tool_result_is_refused(serve: Any, operation: str) -> None:
    client = bedrock(await serve(ModelOptions(delay=0)))
    use = {"toolUse": {"toolUseId": "t1", "name": "house___switch_lamp", "input": {}}}
    broken = [*user("switch the lamp"), {"role": "assistant", "content": [use]}, *user("hello?")]
    call = getattr(client, operation)
    with pytest.raises(client.exceptions.ValidationException, match=r"Expected toolResult blocks at messages\.2"):
        await asyncio.to_thread(lambda: call(modelId=MODEL, messages=broken, toolConfig=LAMP))


async def test_a_body_that_is_not_json_is_refused(serve: Any) -> None:
    url = await serve(ModelOptions())
    async with ClientSession() as client, client.post(f"{url}/model/x/converse-stream", data=b"{") as response:
        assert response.status == 400
        assert response.headers["x-amzn-errortype"] == "ValidationException"


async def test_unmodified_strands_uses_a_tool(serve: Any) -> None:
    url = await serve(ModelOptions(delay=0))
    seen: list[str] = []

    @tool
    def get_door_status(door: str) -> str:
        """Tell whether a door is open.

        Args:
            door: Which door. One of: front, garage.
        """
        seen.append(door)
        return json.dumps({"status": "open"})

    session = boto3.Session(region_name="us-east-1", **KEYS)
    model = BedrockModel(model_id=MODEL, endpoint_url=url, boto_session=session)
    agent = Agent(model=model, tools=[get_door_status], callback_handler=None)
    chunks = [event["data"] async for event in agent.stream_async("Is the garage door open?") if "data" in event]
    assert seen == ["garage"]
    assert "".join(chunks) == "Your door is open."
    assert len(chunks) == 4
    # The history that strands now holds must be one that the model accepts.
    assert "I cannot help" in str(await agent.invoke_async("Sing a song."))


async def test_hooks_only_where_allowed(serve: Any) -> None:
    prompt = '[[tool switch_lamp {"lamp": "cellar", "session_id": "s"}]]'
    hooked = await events(await serve(ModelOptions(0, True)), messages=user(prompt), toolConfig=LAMP)
    assert hooked[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "house___switch_lamp"
    written = "".join(e["contentBlockDelta"]["delta"]["toolUse"]["input"] for e in hooked if "contentBlockDelta" in e)
    assert json.loads(written) == {"lamp": "cellar", "session_id": "s"}
    plain = await events(await serve(ModelOptions(0, False)), messages=user("[[say 3]]"))
    assert "word1" not in json.dumps(plain)


async def test_say_and_sleep_and_delay(serve: Any) -> None:
    url = await serve(ModelOptions(0.01, True))
    started = time.monotonic()
    got = await events(url, messages=user("[[sleep 0.2]] [[say 20]]"))
    assert time.monotonic() - started >= 0.2 + 20 * 0.01
    words = [event["contentBlockDelta"]["delta"]["text"] for event in got if "contentBlockDelta" in event]
    assert words == [*(f"word{number} " for number in range(1, 20)), "word20"]


async def test_fail_and_break(serve: Any) -> None:
    url = await serve(ModelOptions(0, True))
    with pytest.raises(ClientError) as failed:
        await events(url, messages=user("[[fail]]"))
    refused: Any = failed.value.response
    assert refused["Error"]["Code"] == "ThrottlingException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 429
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        await events(url, messages=user("[[break]] [[say 10]]"))


async def test_fifty_at_once(serve: Any) -> None:
    url = await serve(ModelOptions(0.001))
    body = {"messages": user("hello")}
    async with ClientSession() as client:

        async def one() -> bytes:
            async with client.post(f"{url}/model/m/converse-stream", json=body) as response:
                return await response.read()

        answers = await asyncio.gather(*(one() for _ in range(50)))
    assert all(b"end_turn" in answer for answer in answers)


def test_process_starts_logs_and_stops(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with PartProcess("model", config, DESKSIDE_MODEL_DELAY_MS="0") as part:
        assert json.loads(part.line())["event"] == "started"
        assert part.tells_a_taken_port()["service"] == "model"
        bedrock(config.url("model")).converse(modelId=MODEL, messages=user("my secret hello"))
        logged = part.line()
        told = json.loads(logged)
        assert (told["event"], told["model"], told["stop_reason"]) == ("model_called", MODEL, "end_turn")
        assert "secret" not in logged
        part.stops_at_once()
