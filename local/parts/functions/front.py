"""The Lambda API as boto3 speaks it: Invoke, the durable routes, and our own /health."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re

from aiohttp import web
from aiohttp.typedefs import Handler

from local.config import ACCOUNT, REGION
from local.parts.calls import noted
from local.parts.functions.durable import DurableExecutions
from local.parts.functions.durable_api import PREFIX, DurableApi
from local.parts.functions.errors import (
    LambdaError,
    invalid_content,
    invalid_parameter,
    not_found,
    too_large,
)
from local.parts.functions.invocations import MAX_PAYLOAD_BYTES, Invocation, Outcome
from local.parts.functions.table import Function, function_arn
from local.parts.functions.workers import Pool
from services.logs import get_logger

MAX_EVENT_BYTES = 1024 * 1024
"""Lambda's limit on an asynchronous request."""
MAX_CLIENT_CONTEXT_BYTES = 3583
"""Of base64 text. Source: AWS, Invoke API reference."""
TARGET = re.compile(
    rf"(?:arn:aws:lambda:{REGION}:{ACCOUNT}:function:|{ACCOUNT}:(?:function:)?|function:)?"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)


class Front:
    """The HTTP application.

    Args:
        pools: the functions and their processes.
        durable: the executions of the durable ones.
    """

    def __init__(self, pools: dict[Function, Pool], durable: DurableExecutions) -> None:
        self._pools = pools
        self._functions = {function.name: function for function in pools}
        self._durable = durable
        self._api = DurableApi(durable.engine)
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self.healthy = False

    def application(self) -> web.Application:
        """The routes."""
        # The limits are Lambda's own answers, not the server's.
        application = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[noted, _errors])
        application.add_routes(
            [
                web.get("/health", self._health),
                web.post("/2015-03-31/functions/{target}/invocations", self._invoke),
                web.route("*", PREFIX + "{rest:.*}", self._api.handle),
            ]
        )
        return application

    async def _health(self, _request: web.Request) -> web.Response:
        if not self.healthy:
            return web.json_response({"status": "starting"}, status=503)
        return web.json_response({"status": "ok"})

    def _resolve(self, target: str, qualifier: str | None) -> tuple[Function, str | None]:
        """The function a name, partial ARN or ARN stands for, and the qualifier as given."""
        match = TARGET.fullmatch(target)
        if match is None:
            raise not_found(f"Function not found: {target}")
        inline = match["qualifier"]
        if inline and qualifier and inline != qualifier:
            raise invalid_parameter(
                "The derived qualifier from the function name does not match the specified qualifier."
            )
        qualifier = inline or qualifier
        function = self._functions.get(match["name"])
        if function is None or (qualifier and qualifier not in function.qualifiers):
            raise not_found(f"Function not found: {function_arn(match['name'], qualifier)}")
        return function, qualifier

    async def _invoke(self, request: web.Request) -> web.Response:
        function, qualifier = self._resolve(request.match_info["target"], request.query.get("Qualifier"))
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind not in ("RequestResponse", "Event", "DryRun"):
            raise invalid_parameter(f"There is no invocation type {kind}.")
        if function.durable and qualifier is None:
            raise invalid_parameter("You cannot invoke a durable function using an unqualified ARN.")
        payload = await request.read() or b"{}"
        limit = MAX_EVENT_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
        if len(payload) > limit:
            raise too_large(limit)
        try:
            json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise invalid_content(f"Could not parse request body into json: {error}") from None
        context = _client_context(request.headers.get("X-Amz-Client-Context"))
        if kind == "DryRun":
            return web.Response(status=204)
        # A client context reaches the function in synchronous invocations only.
        context = context if kind == "RequestResponse" else None
        headers = {"X-Amz-Executed-Version": "$LATEST" if qualifier in (None, "$LATEST") else function.version}
        if function.durable:
            assert qualifier
            return await self._invoke_durable(request, function, qualifier, payload, context=context, headers=headers)
        invocation = Invocation(function.name, payload, function.arn(qualifier), context)
        if kind == "Event":
            self._keep(asyncio.create_task(self._pools[function].invoke(invocation)))
            return web.Response(status=202, headers={"x-amzn-RequestId": invocation.request_id})
        return _answer(await self._pools[function].invoke(invocation), headers)

    async def _invoke_durable(
        self,
        request: web.Request,
        function: Function,
        qualifier: str,
        payload: bytes,
        *,
        context: str | None,
        headers: dict[str, str],
    ) -> web.Response:
        waits = request.headers.get("X-Amz-Invocation-Type") != "Event"
        run = self._durable.start(
            function,
            qualifier,
            payload,
            name=request.headers.get("X-Amz-Durable-Execution-Name"),
            client_context=context,
            synchronous=waits,
        )
        headers["X-Amz-Durable-Execution-Arn"] = run.arn
        if not waits:
            return web.Response(status=202, headers=headers)
        # Shielded: a caller that goes away must not end it for others attached to it.
        return _answer(await asyncio.shield(run.ended), headers)

    def _keep(self, task: asyncio.Task[Outcome]) -> None:
        self._tasks.add(task)

        def done(task: asyncio.Task[Outcome]) -> None:
            self._tasks.discard(task)
            # The caller has its 202 already, so a refusal can only be told here.
            if not task.cancelled() and (error := task.exception()):
                get_logger().error("event_dropped", error_message=str(error))

        task.add_done_callback(done)


def _answer(outcome: Outcome, headers: dict[str, str]) -> web.Response:
    headers = {**headers, "x-amzn-RequestId": outcome.request_id}
    if outcome.failed:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return web.Response(body=outcome.payload, content_type="application/json", headers=headers)


def _client_context(header: str | None) -> str | None:
    """The client context as one line of ASCII JSON, which the Runtime API carries in a header."""
    if not header:
        return None
    if len(header) > MAX_CLIENT_CONTEXT_BYTES:
        raise invalid_content(f"Client context must not exceed {MAX_CLIENT_CONTEXT_BYTES} bytes.")
    try:
        document = json.loads(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError):
        document = None
    if not isinstance(document, dict):
        raise invalid_content("Client context must be a valid Base64-encoded JSON object.")
    return json.dumps(document, separators=(",", ":"))


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LambdaError as error:
        return error.response()
    except web.HTTPRequestEntityTooLarge:
        return too_large(MAX_PAYLOAD_BYTES).response()
    except web.HTTPException as error:
        return LambdaError("UnknownOperationException", error.reason, error.status).response()
    except Exception:
        get_logger().exception("request_failed", path=request.path)
        return LambdaError("ServiceException", "Something went wrong in the local Lambda endpoint.", 500).response()
