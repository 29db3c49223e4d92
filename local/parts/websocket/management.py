"""The `@connections` API: what boto3's `apigatewaymanagementapi` client talks to."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from aiohttp import web

from local.config import STAGE
from local.parts.calls import noted
from local.parts.websocket.api import WebSocketApi
from local.parts.websocket.connection import ClientBufferFullError, Connection, GoneError
from local.parts.websocket.tracing import decoded, ids_of
from services.logs import get_logger

READ_LIMIT = 1024 * 1024
"""What is read of a body at all; between the message limit and this the answer is 413 as well."""


def application(api: WebSocketApi) -> web.Application:
    """The management API of a data plane, with `/health` beside it."""
    app = web.Application(client_max_size=READ_LIMIT, middlewares=[noted])
    management = Management(api)
    app.router.add_get("/health", _health)
    path = f"/{STAGE}/@connections/{{id:.+}}"
    app.router.add_post(path, management.post)
    app.router.add_get(path, management.get, allow_head=False)
    app.router.add_delete(path, management.delete)
    app.router.add_route("*", "/{rest:.*}", _forbidden)
    return app


class Management:
    """The three operations on a connection."""

    def __init__(self, api: WebSocketApi) -> None:
        self._api = api

    async def post(self, request: web.Request) -> web.Response:
        """PostToConnection."""
        connection = self._find(request)
        if connection is None:
            return _gone()
        limit = self._api.limits.message_bytes
        if (request.content_length or 0) > limit:
            return _error(413, "PayloadTooLargeException", "Payload too large")
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "PayloadTooLargeException", "Payload too large")
        if len(data) > limit:
            return _error(413, "PayloadTooLargeException", "Payload too large")
        try:
            await connection.send(data)
        except GoneError:
            return _gone()
        except ClientBufferFullError:
            return _error(429, "LimitExceededException", "Client buffer full")
        get_logger().info("message_pushed", connection_id=connection.id, bytes=len(data), **ids_of(decoded(data)))
        return web.Response(status=200)

    async def get(self, request: web.Request) -> web.Response:
        """GetConnection."""
        connection = self._find(request)
        if connection is None:
            return _gone()
        description = connection.description()
        for name in ("connectedAt", "lastActiveAt"):
            moment = datetime.fromtimestamp(description[name] / 1000, UTC)
            description[name] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return web.json_response(description)

    async def delete(self, request: web.Request) -> web.Response:
        """DeleteConnection."""
        connection = self._find(request)
        if connection is None:
            return _gone()
        self._api.close(connection)
        return web.Response(status=204)

    def _find(self, request: web.Request) -> Connection | None:
        """The open connection a request is about; aiohttp has decoded the id already."""
        connection = self._api.connections.get(request.match_info["id"])
        return connection if connection is not None and connection.open else None


def _gone() -> web.Response:
    return _error(410, "GoneException", "Gone")


async def _forbidden(_request: web.Request) -> web.Response:
    return _error(403, "ForbiddenException", "Forbidden")


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _error(status: int, kind: str, message: str) -> web.Response:
    """An error that botocore turns into its typed exception by the header."""
    return web.Response(
        status=status,
        headers={"x-amzn-errortype": kind},
        content_type="application/json",
        body=json.dumps({"message": message}).encode(),
    )
