"""Lambda entry point of ws-manager: one function behind every route of the WebSocket API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import ValidationError

from services import aws
from services.contract.errors import ErrorCode
from services.contract.messages import Error
from services.contract.settings import WsManagerSettings
from services.delivery import Delivery, DeliveryError
from services.logs import bind_contextvars, clear_contextvars, configure, get_logger
from services.stores.connections import Connections
from services.stores.requests import PendingRequests
from services.ws_manager.callbacks import CallbackDesk
from services.ws_manager.decode import WebSocketEvent, cause
from services.ws_manager.routes import Routes
from services.ws_manager.turns import TurnCourier


@cache
def _routes() -> Routes:
    """Built on the first event of a warm process, so that importing needs no environment."""
    settings = WsManagerSettings.from_environment()
    configure("ws-manager", settings.log_level)
    connections = Connections(aws.dynamodb(), settings.connections_table)
    requests = PendingRequests(aws.dynamodb(), settings.requests_table)
    return Routes(
        connections=connections,
        requests=requests,
        delivery=Delivery(connections, aws.management(settings.websocket_management_url)),
        courier=TurnCourier(
            aws.agent_runtime,
            settings.agent_runtime_arn,
            settings.agent_runtime_qualifier,
            settings.accept_seconds,
        ),
        callbacks=CallbackDesk(requests, aws.lambda_()),
    )


def handler(event: Mapping[str, object], context: object) -> dict[str, object]:
    """Answer one WebSocket event.

    Args:
        event: API Gateway's Lambda proxy event.
        context: Lambda's context.

    Returns:
        `{"statusCode": …}`: for `$connect` it decides about the handshake; elsewhere anything
        but 200 only shows in metrics, since the client is answered on the socket.
    """
    clear_contextvars()
    routes = _routes()
    bind_contextvars(aws_request_id=getattr(context, "aws_request_id", None))
    try:
        decoded = WebSocketEvent.model_validate(event)
    except ValidationError as invalid:
        get_logger().error("not_a_websocket_event", faults=invalid.error_count())
        return {"statusCode": 400}
    route, connection_id = decoded.request_context.route_key, decoded.request_context.connection_id
    bind_contextvars(route=route, connection_id=connection_id)
    try:
        match route:
            case "$connect":
                status = routes.connect(decoded)
            case "$disconnect":
                status = routes.disconnect(decoded)
            case _:
                status = routes.message(decoded)
    except Exception:
        get_logger().exception("route_failed")
        status = 500
        if route not in ("$connect", "$disconnect"):
            _apologise(routes, decoded)
    return {"statusCode": status}


def _apologise(routes: Routes, event: WebSocketEvent) -> None:
    error = Error.of(ErrorCode.INTERNAL_ERROR, **cause(event))
    try:
        routes.delivery.send(event.request_context.connection_id, error)
    except DeliveryError as lost:
        get_logger().error("reply_lost", reason=str(lost))
    except Exception:
        get_logger().exception("reply_lost")
