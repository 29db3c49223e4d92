"""`python -m local.parts.runtime`: AgentCore Runtime's data plane in front of the one agent container.

Sources: botocore's bedrock-agentcore model (paths, headers, errors), the developer guide's quotas
and HTTP contract. On AWS each session has a container of its own; here all share one.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast
from urllib.parse import unquote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector, web

from local.config import RUNTIME_ARN, RUNTIME_QUALIFIER, LocalConfig
from local.parts.calls import noted
from local.parts.listening import BACKLOG, claim
from services.logs import configure, get_logger

MAX_PAYLOAD_BYTES = 100_000_000
"""Of one invocation: the length of `Body` in botocore's bedrock-agentcore model."""

SESSION_ID_LENGTH = (33, 256)
"""Characters of a session id: `SessionType` in the same model."""

MAX_STREAM_SECONDS = 60 * 60
"""Quota "streaming maximum duration"; a synchronous answer is cut at 15 minutes on AWS, not here."""

CONNECT_SECONDS = 5.0
"""To reach the container. Our own figure: it is on this machine."""

MAX_KNOWN_SESSIONS = 5_000
"""Quota "active session workloads"; the oldest are forgotten first."""

DEFAULT_QUALIFIER = "DEFAULT"
"""The endpoint that every runtime has and that a call without a qualifier reaches."""

STOPPING_SECONDS = 0.1
"""What a running stream may still take when this part is stopped."""

_PREFIX = "X-Amzn-Bedrock-AgentCore-Runtime-"
SESSION_HEADER = f"{_PREFIX}Session-Id"
_COPIED = frozenset(
    name.lower()
    for name in (
        *("Content-Type", "Accept", SESSION_HEADER, f"{_PREFIX}User-Id"),
        *("X-Amzn-Trace-Id", "traceparent", "tracestate", "baggage"),
        *("Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name"),
    )
)
_RETURNED = ("Mcp-Session-Id", "Mcp-Protocol-Version", "X-Amzn-Trace-Id", "traceparent", "tracestate", "baggage")
_PATH = re.compile(r"^/runtimes/(?P<arn>[^/?]+)/(?P<operation>invocations|stopruntimesession)/?(?:\?|$)")


class RefusalError(Exception):
    """An error of the data plane, typed for boto3."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message

    def response(self) -> web.Response:
        body: dict[str, object] = {"message": self.message}
        if self.kind == "ValidationException":
            body["reason"] = "FieldValidationFailed"
        return web.json_response(body, status=self.status, headers={"x-amzn-errortype": self.kind})


class Runtime:
    """The data plane of one runtime.

    Args:
        agent_url: where the container serves `POST /invocations`.
        client: makes the calls to it.
    """

    def __init__(self, agent_url: str, client: ClientSession) -> None:
        self._agent_url = agent_url
        self._client = client
        self._sessions: OrderedDict[str, set[asyncio.Task[Any]]] = OrderedDict()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request; the ARN holds an encoded slash, so the raw path decides."""
        path = _PATH.match(request.raw_path)
        if path is None or request.method != "POST":
            return RefusalError(404, "UnknownOperationException", "There is no such operation.").response()
        try:
            _check_target(unquote(path["arn"]), request.query.get("qualifier", DEFAULT_QUALIFIER))
            session_id = _session_id(request)
            if path["operation"] == "stopruntimesession":
                return self._stop(session_id)
        except RefusalError as refusal:
            get_logger().warning("agent_refused", error=refusal.kind, reason=refusal.message)
            return refusal.response()
        return await self._invoke(request, session_id)

    async def _invoke(self, request: web.Request, session_id: str) -> web.StreamResponse:
        started, status, told = time.monotonic(), 500, {}
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        running = self._sessions.setdefault(session_id, set())
        self._sessions.move_to_end(session_id)
        running.add(task)
        self._forget_oldest()
        try:
            payload = await _payload(request)
            told = _request_id(payload)
            response = await self._forward(request, session_id, payload)
            status = response.status
        except RefusalError as refusal:
            status = refusal.status
            response = refusal.response()
        except asyncio.CancelledError:
            # The session was stopped: on AWS its container is gone and so is the stream.
            status = 499
            raise
        finally:
            running.discard(task)
            duration = round((time.monotonic() - started) * 1000, 1)
            get_logger().info("agent_invoked", session_id=session_id, status=status, duration_ms=duration, **told)
        return response

    async def _forward(self, request: web.Request, session_id: str, payload: bytes) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if _is_copied(name)}
        headers[SESSION_HEADER] = session_id
        try:
            answer = await self._client.post(
                f"{self._agent_url}/invocations", data=payload, headers=headers, allow_redirects=False
            )
        except (ClientError, TimeoutError, OSError):
            raise RefusalError(
                424,
                "RuntimeClientError",
                "An error occurred when starting the runtime. Please check your CloudWatch logs for more information.",
            ) from None
        async with answer:
            if answer.status >= 400:
                raise RefusalError(
                    424,
                    "RuntimeClientError",
                    f"Received error ({answer.status}) from runtime. "
                    "Please check your CloudWatch logs for more information.",
                )
            return await _pass_on(request, answer, session_id)

    def _stop(self, session_id: str) -> web.Response:
        """End a session: what runs in it is cut off."""
        running = self._sessions.pop(session_id, None)
        if running is None:
            raise RefusalError(404, "ResourceNotFoundException", "There is no such session.")
        for task in running:
            task.cancel()
        get_logger().info("session_stopped", session_id=session_id, cut_off=len(running))
        return web.json_response({}, headers={SESSION_HEADER: session_id})

    def _forget_oldest(self) -> None:
        idle = [name for name, running in self._sessions.items() if not running]
        for name in idle[: max(len(self._sessions) - MAX_KNOWN_SESSIONS, 0)]:
            del self._sessions[name]


_RUNTIME = web.AppKey("runtime", Runtime)


def build_app(agent_url: str) -> web.Application:
    """The HTTP application of this part."""
    app = web.Application(client_max_size=MAX_PAYLOAD_BYTES + 1, middlewares=[noted])

    async def running(app: web.Application) -> AsyncIterator[None]:
        timeout = ClientTimeout(total=MAX_STREAM_SECONDS, sock_connect=CONNECT_SECONDS)
        # No limit: every open stream holds a connection, and a queue here would look like a slow agent.
        async with ClientSession(timeout=timeout, connector=TCPConnector(limit=0), auto_decompress=False) as client:
            app[_RUNTIME] = Runtime(agent_url, client)
            yield

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def handle(request: web.Request) -> web.StreamResponse:
        return await request.app[_RUNTIME].handle(request)

    app.cleanup_ctx.append(running)
    app.router.add_get("/health", health)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def _check_target(arn: str, qualifier: str) -> None:
    if arn != RUNTIME_ARN:
        raise RefusalError(404, "ResourceNotFoundException", "No agent runtime was found with this ARN.")
    if qualifier not in (RUNTIME_QUALIFIER, DEFAULT_QUALIFIER):
        raise RefusalError(
            404, "ResourceNotFoundException", f"No endpoint or agent found with qualifier '{qualifier}'."
        )


def _session_id(request: web.Request) -> str:
    # AWS makes one up for a caller that sends none, and returns it.
    session_id = request.headers.get(SESSION_HEADER) or str(uuid.uuid4())
    shortest, longest = SESSION_ID_LENGTH
    if not shortest <= len(session_id) <= longest:
        raise RefusalError(
            400,
            "ValidationException",
            f"Value at 'runtimeSessionId' must have a length of {shortest} to {longest} characters.",
        )
    return session_id


async def _payload(request: web.Request) -> bytes:
    refusal = RefusalError(400, "ValidationException", f"The payload is over {MAX_PAYLOAD_BYTES} bytes.")
    if (request.content_length or 0) > MAX_PAYLOAD_BYTES:
        raise refusal
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise refusal from None


def _request_id(payload: bytes) -> dict[str, str]:
    """The id of our own turn, where the payload names it."""
    try:
        decoded: object = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    value = cast(Mapping[str, object], decoded).get("request_id") if isinstance(decoded, dict) else None
    return {"request_id": value} if isinstance(value, str) else {}


def _is_copied(name: str) -> bool:
    return name.lower() in _COPIED or name.lower().startswith(f"{_PREFIX}Custom-".lower())


async def _pass_on(request: web.Request, answer: ClientResponse, session_id: str) -> web.StreamResponse:
    """Stream the container's bytes to the caller as they come."""
    response = web.StreamResponse(status=answer.status)
    response.headers["Content-Type"] = answer.headers.get("Content-Type", "application/octet-stream")
    response.headers[SESSION_HEADER] = session_id
    for name in _RETURNED:
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    try:
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except (ClientError, TimeoutError, ConnectionError):
        # Either end went away in the middle. The caller must see a broken stream, not a complete one.
        if request.transport is not None:
            request.transport.abort()
    return response


def main() -> None:
    configure("runtime")
    config = LocalConfig.from_environment()
    listener = claim(config.port("runtime"))
    app = build_app(config.url("agent"))
    get_logger().info("started")
    web.run_app(app, sock=listener, backlog=BACKLOG, print=None, access_log=None, shutdown_timeout=STOPPING_SECONDS)


if __name__ == "__main__":
    main()
