"""`POST /model/{id}/converse-stream` and `/converse` as Bedrock's runtime endpoint serves them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local.parts.calls import noted
from local.parts.model import brain, conversation, eventstream, hooks, validation
from local.parts.model.brain import Reply, ToolCall
from services.logs import get_logger

MAX_REQUEST_BYTES = 25_000_000
"""Bedrock's request size limit for Converse is 25 MB, from general knowledge; not checked."""

CHARACTERS_PER_TOKEN = 4
"""The rule of thumb for English; counts are plausible, not real."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How the model behaves on the wire.

    Args:
        delay: seconds between two chunks of text (DESKSIDE_MODEL_DELAY_MS, default 15).
        with_hooks: obey the marks of `hooks` (DESKSIDE_MODEL_HOOKS=1).
    """

    delay: float = 0.015
    with_hooks: bool = False

    @classmethod
    def from_environment(cls) -> ModelOptions:
        """Read both variables."""
        delay = float(os.environ.get("DESKSIDE_MODEL_DELAY_MS", "15")) / 1000
        return cls(max(delay, 0.0), os.environ.get("DESKSIDE_MODEL_HOOKS") == "1")


class ModelError(Exception):
    """A refusal that the client sees as a typed exception."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with all that the wire adds to it."""

    reply: Reply
    breaks: bool
    input_tokens: int
    started: float

    @property
    def stop_reason(self) -> str:
        return "tool_use" if isinstance(self.reply, ToolCall) else "end_turn"

    @property
    def usage(self) -> dict[str, int]:
        said = self.reply.arguments if isinstance(self.reply, ToolCall) else self.reply.text
        output = _tokens(json.dumps(said, ensure_ascii=False, default=dict))
        return {
            "inputTokens": self.input_tokens,
            "outputTokens": output,
            "totalTokens": self.input_tokens + output,
        }

    @property
    def metrics(self) -> dict[str, int]:
        return {"latencyMs": round((time.monotonic() - self.started) * 1000)}


def build_app(options: ModelOptions) -> web.Application:
    """The HTTP application of this part."""
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[noted])

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def converse_stream(request: web.Request) -> web.StreamResponse:
        return await _typed(lambda: _stream(request, options))

    async def converse(request: web.Request) -> web.StreamResponse:
        return await _typed(lambda: _whole(request, options))

    app.router.add_get("/health", health)
    app.router.add_post("/model/{model}/converse-stream", converse_stream)
    app.router.add_post("/model/{model}/converse", converse)
    return app


async def _typed(serve: Callable[[], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """Turn a ModelError into the response that boto3 raises as its typed exception."""
    try:
        return await serve()
    except ModelError as error:
        get_logger().warning("model_refused", error=error.kind, status=error.status, reason=error.message)
        headers = {"x-amzn-errortype": error.kind}
        return web.json_response({"message": error.message}, status=error.status, headers=headers)


async def _think(request: web.Request, options: ModelOptions) -> Answer:
    started = time.monotonic()
    try:
        raw = await request.text()
        body = json.loads(raw)
    except web.HTTPRequestEntityTooLarge:
        raise ModelError(400, "ValidationException", "Input is too long for requested model.") from None
    except (ValueError, RecursionError):
        raise ModelError(400, "ValidationException", "The request body is not JSON.") from None
    if reason := validation.fault(body):
        raise ModelError(400, "ValidationException", reason)
    if not options.with_hooks:
        return Answer(brain.decide(body), False, _tokens(raw), started)
    talk = conversation.read(body)
    orders = hooks.read(talk.prompt)
    if orders.fail:
        raise ModelError(429, "ThrottlingException", "Too many requests, please wait before trying again.")
    if orders.sleep and not talk.calls:
        await asyncio.sleep(orders.sleep)
    reply = hooks.reply(orders, talk) if orders.rest != talk.prompt.strip() else brain.decide(body)
    return Answer(reply, orders.breaks, _tokens(raw), started)


async def _stream(request: web.Request, options: ModelOptions) -> web.StreamResponse:
    answer = await _think(request, options)
    response = web.StreamResponse(headers={"x-amzn-requestid": str(uuid.uuid4())})
    response.content_type = eventstream.CONTENT_TYPE
    events = list(_events(answer))
    stop_reason = answer.stop_reason
    # The client hanging up is its right: nothing is left to be told to it.
    try:
        await response.prepare(request)
        for number, (kind, payload) in enumerate(events):
            if answer.breaks and number == len(events) // 2:
                stop_reason = "modelStreamErrorException"
                await response.write(eventstream.exception(stop_reason, "The model stopped in the middle."))
                break
            await response.write(eventstream.event(kind, payload))
            if options.delay and "text" in payload.get("delta", {}):
                await asyncio.sleep(options.delay)
        else:
            metadata = {"usage": answer.usage, "metrics": answer.metrics}
            await response.write(eventstream.event("metadata", metadata))
        await response.write_eof()
    except ConnectionError:
        stop_reason = "client_closed"
    _log(request, answer, stop_reason)
    return response


async def _whole(request: web.Request, options: ModelOptions) -> web.Response:
    answer = await _think(request, options)
    if answer.breaks:
        raise ModelError(424, "ModelErrorException", "The model stopped in the middle.")
    if isinstance(answer.reply, ToolCall):
        use = {"toolUseId": _tool_use_id(), "name": answer.reply.name, "input": dict(answer.reply.arguments)}
        block: dict[str, Any] = {"toolUse": use}
    else:
        block = {"text": answer.reply.text}
    _log(request, answer, answer.stop_reason)
    return web.json_response(
        {
            "output": {"message": {"role": "assistant", "content": [block]}},
            "stopReason": answer.stop_reason,
            "usage": answer.usage,
            "metrics": answer.metrics,
        }
    )


def _events(answer: Answer) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The events of a reply, in the order and form in which Bedrock sends them."""
    yield "messageStart", {"role": "assistant"}
    if isinstance(answer.reply, ToolCall):
        start = {"toolUse": {"toolUseId": _tool_use_id(), "name": answer.reply.name}}
        yield "contentBlockStart", {"contentBlockIndex": 0, "start": start}
        # In two pieces, because the real model's input arrives in pieces that are not JSON by themselves.
        written = json.dumps(dict(answer.reply.arguments), ensure_ascii=False)
        for piece in (written[: len(written) // 2], written[len(written) // 2 :]):
            yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": piece}}}
    else:
        # A text block has no contentBlockStart on Bedrock: its first delta opens it.
        for chunk in re.findall(r"\S+\s*|\s+", answer.reply.text):
            yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": chunk}}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": answer.stop_reason}


def _tool_use_id() -> str:
    return f"tooluse_{uuid.uuid4().hex[:22]}"


def _tokens(text: str) -> int:
    return max(1, len(text) // CHARACTERS_PER_TOKEN)


def _log(request: web.Request, answer: Answer, stop_reason: str) -> None:
    told = {"tool": answer.reply.name} if isinstance(answer.reply, ToolCall) else {}
    get_logger().info(
        "model_called",
        model=request.match_info["model"],
        stop_reason=stop_reason,
        duration_ms=answer.metrics["latencyMs"],
        **told,
    )
