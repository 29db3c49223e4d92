"""The data plane: who is let in, which route a message takes, what the client sees when it fails."""

from __future__ import annotations

import asyncio
import http
import json
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from local.config import STAGE, WS_MANAGER
from local.parts.websocket.authorizer import RefusedError, authorize
from local.parts.websocket.connection import ABNORMAL, ClientBufferFullError, ClientSocket, Connection, GoneError
from local.parts.websocket.events import EventFactory, Upgrade, milliseconds, new_id
from local.parts.websocket.functions import Functions, InvocationError, InvocationTimeoutError
from local.parts.websocket.limits import Limits
from local.parts.websocket.tracing import decoded, ids_of
from services.contract.messages import CLIENT_MESSAGES
from services.logs import get_logger

DEFAULT_ROUTE = "$default"
INTERNAL_ERROR = "Internal server error"
TIMED_OUT = "Endpoint request timed out"
THROTTLED = "Too Many Requests"


@dataclass(slots=True)
class WebSocketApi:
    """All connections of the API.

    Args:
        functions: where the authorizer and ws-manager are invoked.
        limits: what a connection may do.
    """

    functions: Functions
    limits: Limits
    connections: dict[str, Connection] = field(default_factory=dict[str, Connection])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    # Opening

    async def admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Answer an opening handshake: None accepts it (`process_request` of websockets)."""
        client = cast(ClientSocket, socket)
        target = urlsplit(request.path)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return None  # not a handshake at all: websockets answers 426
        connection_id, request_id = new_id(), new_id()
        try:
            if target.path.rstrip("/") != f"/{STAGE}":
                raise RefusedError(403, "Forbidden")
            address, port = client.remote_address[0], client.local_address[1]
            upgrade = Upgrade.of(request.headers.raw_items(), target.query, address, port)
            events = EventFactory(upgrade, connection_id, milliseconds())
            events.authorizer = await authorize(self.functions, events, request_id)
            await self._connect(events, request_id)
        except RefusedError as refusal:
            get_logger().info("connect_refused", status=refusal.status, connection_id=connection_id)
            return _refusal(refusal, connection_id, request_id)
        client.connection = Connection(client, events, self.limits)
        if client.state is not State.CONNECTING:
            # The client left while $connect ran: nobody will open this, but its row exists.
            self._spawn(self._disconnect(client.connection, 1006, ABNORMAL))
        return None

    async def _connect(self, events: EventFactory, request_id: str) -> None:
        """Run the `$connect` route; RefusedError when it does not answer with a 2xx status."""
        try:
            status = _status(await self.functions.invoke(WS_MANAGER, events.connect(request_id)))
        except InvocationTimeoutError:
            raise RefusedError(504, TIMED_OUT) from None
        except InvocationError as error:
            get_logger().warning("integration_failed", route="$connect", reason=str(error))
            raise RefusedError(502, INTERNAL_ERROR) from None
        if not 200 <= status < 300:
            raise RefusedError(status if 300 <= status < 600 else 502, "Forbidden" if status == 403 else INTERNAL_ERROR)

    # Open

    async def converse(self, socket: ServerConnection) -> None:
        """Serve one open connection until it closes (`handler` of websockets)."""
        connection = cast(ClientSocket, socket).connection
        assert connection is not None
        self.connections[connection.id] = connection
        get_logger().info("connection_opened", connection_id=connection.id)
        watcher = asyncio.create_task(connection.watch())
        try:
            # Ends, without an error, for whatever reason the connection closes.
            async for body in _messages(socket):
                if not connection.bucket.take():
                    self._spawn(self._tell(connection, THROTTLED, new_id()))
                    continue
                # Not reading on is the backpressure: the client's own sends will block.
                await connection.slots.acquire()
                self._spawn(self._deliver(connection, body))
        finally:
            watcher.cancel()
            self.connections.pop(connection.id, None)
            await socket.wait_closed()
            code, reason = connection.ending()
            get_logger().info("connection_closed", connection_id=connection.id, code=code, reason=reason)
            self._spawn(self._disconnect(connection, code, reason))

    async def _deliver(self, connection: Connection, body: str | bytes) -> None:
        """Hand one message to its route; tell the client when that fails."""
        try:
            message = decoded(body) if isinstance(body, str) else {}
            route, request_id = _route(message), new_id()
            get_logger().info(
                "message_received",
                connection_id=connection.id,
                route=route,
                bytes=len(body if isinstance(body, bytes) else body.encode()),
                api_request_id=request_id,
                **ids_of(message),
            )
            await self._run(connection, route, body, request_id)
        finally:
            connection.slots.release()

    async def _run(self, connection: Connection, route: str, body: str | bytes, request_id: str) -> None:
        try:
            # The status of a message's answer means nothing without a route response; its shape does.
            _status(await self.functions.invoke(WS_MANAGER, connection.events.message(route, body, request_id)))
        except InvocationError as error:
            late = isinstance(error, InvocationTimeoutError)
            get_logger().warning(
                "integration_failed",
                connection_id=connection.id,
                route=route,
                api_request_id=request_id,
                reason=type(error).__name__,
            )
            await self._tell(connection, TIMED_OUT if late else INTERNAL_ERROR, request_id)

    async def _tell(self, connection: Connection, message: str, request_id: str) -> None:
        """Send one of API Gateway's own error frames; nobody minds when the client is gone."""
        frame = {"message": message, "connectionId": connection.id, "requestId": request_id}
        try:
            await connection.send(json.dumps(frame).encode())
        except (GoneError, ClientBufferFullError):
            return

    # Closing

    async def _disconnect(self, connection: Connection, code: int, reason: str) -> None:
        """Run `$disconnect`, best effort as on AWS: what comes of it changes nothing."""
        try:
            await self.functions.invoke(WS_MANAGER, connection.events.disconnect(code, reason, new_id()))
        except InvocationError as error:
            get_logger().warning(
                "integration_failed", route="$disconnect", connection_id=connection.id, reason=type(error).__name__
            )

    def close(self, connection: Connection) -> None:
        """Close a connection on behalf of the management API, without waiting for the client."""
        self.connections.pop(connection.id, None)
        self._spawn(connection.socket.close(1000, "Connection Closed Normally"))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        # The loop itself keeps only weak references.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _messages(socket: ServerConnection) -> AsyncIterator[str | bytes]:
    """Whole messages until the connection closes, normally or not."""
    while True:
        try:
            yield await socket.recv()
        except ConnectionClosed:
            return


def _route(message: dict[str, Any]) -> str:
    """`$request.body.action`, or `$default` when that names no route."""
    action = message.get("action")
    return action if isinstance(action, str) and action in CLIENT_MESSAGES else DEFAULT_ROUTE


def _status(answer: Any) -> int:
    """The status of a proxy answer; InvocationError when it is not one."""
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    if isinstance(status, bool) or not isinstance(status, int | str) or not str(status).isdecimal():
        raise InvocationError("the answer has no statusCode")
    return int(status)


def _refusal(refusal: RefusedError, connection_id: str, request_id: str) -> Response:
    body = json.dumps({"message": refusal.message, "connectionId": connection_id, "requestId": request_id}).encode()
    phrases = {status.value: status.phrase for status in http.HTTPStatus}
    headers = Headers(
        {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            "x-amzn-RequestId": request_id,
        }
    )
    return Response(refusal.status, phrases.get(refusal.status, "Refused"), headers, body)
