"""What each route of the WebSocket API does."""

from __future__ import annotations

import time
from dataclasses import dataclass

from services.contract.errors import MEANINGS, ErrorCode
from services.contract.messages import (
    SPOKEN_VERSIONS,
    AsyncCallback,
    Chat,
    ClientMessage,
    Error,
    Hello,
    Message,
    Ping,
    Pong,
    Ready,
    ReadyData,
    callback_request,
)
from services.contract.tools import REGISTRY
from services.delivery import Delivery, DeliveryError
from services.logs import bind_contextvars, get_logger
from services.stores.connections import Connection, Connections
from services.stores.requests import PendingRequest, PendingRequests
from services.ws_manager.callbacks import CallbackDesk
from services.ws_manager.decode import ProtocolError, WebSocketEvent, cause, decode_message
from services.ws_manager.sessions import derive_session_id
from services.ws_manager.turns import TurnCourier


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes and what they work with."""

    connections: Connections
    requests: PendingRequests
    delivery: Delivery
    courier: TurnCourier
    callbacks: CallbackDesk

    def connect(self, event: WebSocketEvent) -> int:
        """`$connect`: record who is there. Nothing can be pushed to the socket yet."""
        authorizer = event.request_context.authorizer
        if authorizer is None:
            get_logger().error("connect_without_authorizer")
            return 401
        connection = Connection(event.request_context.connection_id, authorizer.owner, authorizer.token_expires_at)
        self.connections.open(connection)
        get_logger().info("connected", owner=authorizer.owner)
        return 200

    def disconnect(self, event: WebSocketEvent) -> int:
        """`$disconnect`: best effort, so rows also expire by themselves."""
        self.connections.remove(event.request_context.connection_id)
        since = event.request_context.connected_at
        # What API Gateway bills as connection minutes; it publishes no metric of them.
        seconds = None if since is None else max(round(time.time() - since / 1000, 3), 0.0)
        get_logger().info("disconnected", reason=event.request_context.disconnect_reason, seconds=seconds)
        return 200

    def message(self, event: WebSocketEvent) -> int:
        """Every other route: decode, check the connection, act, answer on the socket."""
        connection_id = event.request_context.connection_id
        connection = self.connections.get(connection_id)
        if connection is None:
            return self._turn_away(event, ErrorCode.NOT_CONNECTED)
        if connection.expired(time.time()):
            return self._turn_away(event, ErrorCode.TOKEN_EXPIRED)
        bind_contextvars(session_id=connection.session_id)
        try:
            message = decode_message(event)
        except ProtocolError as fault:
            get_logger().warning("message_refused", code=fault.error.data.code.value, detail=fault.error.data.detail)
            self._reply(connection_id, fault.error)
            return 200
        reply = self._act(connection, message, event.request_context.request_id)
        if reply is not None:
            self._reply(connection_id, reply)
        return 200

    def _act(self, connection: Connection, message: ClientMessage, api_request_id: str) -> Message | None:
        match message:
            case Hello():
                return self.hello(connection, message)
            case Chat():
                return self.chat(connection, message, api_request_id)
            case AsyncCallback():
                return self.async_callback(connection, message)
            case Ping():
                return Pong()

    def hello(self, connection: Connection, message: Hello) -> Message:
        """Agree on a version, bind the session, and tell what still waits for this client."""
        common = SPOKEN_VERSIONS.intersection(message.protocol_versions)
        if not common:
            return Error.of(ErrorCode.UNSUPPORTED_VERSION, detail=f"this server speaks {sorted(SPOKEN_VERSIONS)}")
        session_id = derive_session_id(connection.owner, message.session_id)
        bind_contextvars(session_id=session_id)
        capabilities = None if message.capabilities is None else frozenset(message.capabilities)
        bound = self.connections.bind(
            connection.connection_id,
            session_id=session_id,
            session_name=message.session_id,
            capabilities=capabilities,
        )
        if not bound:
            return Error.of(ErrorCode.NOT_CONNECTED)
        # Read after binding: whatever is opened from now on finds this connection by itself.
        waiting = self.requests.waiting(session_id)
        get_logger().info(
            "hello", client=message.client.name, client_version=message.client.version, waiting=len(waiting)
        )
        now = time.time()
        return Ready(
            data=ReadyData(
                session_id=message.session_id,
                protocol_version=max(common),
                expires_in=max(int(connection.token_expires_at - now), 0),
                pending=[_again(request, now) for request in waiting if _can(capabilities, request)],
            )
        )

    def chat(self, connection: Connection, message: Chat, api_request_id: str) -> Message | None:
        """Hand a prompt to the agent, which acknowledges and answers it by itself."""
        request_id = message.request_id or api_request_id
        session_id = derive_session_id(connection.owner, message.session_id)
        bind_contextvars(session_id=session_id, request_id=request_id)
        if connection.session_id != session_id and not self.connections.bind(
            connection.connection_id,
            session_id=session_id,
            session_name=message.session_id,
            keep_capabilities=True,
        ):
            return Error.of(ErrorCode.NOT_CONNECTED, request_id=request_id)
        failed = self.courier.deliver(session_id, request_id, message.session_id, message.prompt)
        if failed is None:
            return None
        get_logger().error("turn_undelivered", code=failed.value)
        return Error.of(failed, request_id=request_id, session_id=message.session_id)

    def async_callback(self, connection: Connection, message: AsyncCallback) -> Message | None:
        """Take a Mac's answer, if it is this session's to give."""
        bind_contextvars(callback_id=message.callback_id)
        refused = self.callbacks.answer(connection.session_id, message)
        return None if refused is None else Error.of(refused, callback_id=message.callback_id)

    def _turn_away(self, event: WebSocketEvent, code: ErrorCode) -> int:
        get_logger().warning("connection_turned_away", code=code.value)
        self._reply(event.request_context.connection_id, Error.of(code, **cause(event)))
        return 200

    def _reply(self, connection_id: str, reply: Message) -> None:
        try:
            self.delivery.send(connection_id, reply)
        except DeliveryError as error:
            get_logger().error("reply_lost", reason=str(error))
        if isinstance(reply, Error) and MEANINGS[reply.data.code].closes:
            self.delivery.close(connection_id)


def _can(capabilities: frozenset[str] | None, request: PendingRequest) -> bool:
    """Whether this client can be asked, as far as it said."""
    tool = REGISTRY.by_name.get(request.tool)
    return tool is not None and (capabilities is None or tool.action in capabilities)


def _again(request: PendingRequest, now: float) -> dict[str, object]:
    """The push of a request that still waits, with the time that is left."""
    tool = REGISTRY.by_name[request.tool]
    return callback_request(tool, dict(request.arguments), request.callback_id, request.deadline - now)
