"""The `/2025-12-01/` routes: the runner's own handlers, with the service model's errors."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from aws_durable_execution_sdk_python.lambda_service import OperationStatus
from aws_durable_execution_sdk_python_testing.exceptions import (
    AwsApiException,
    IllegalStateException,
    UnknownRouteError,
)
from aws_durable_execution_sdk_python_testing.token import CallbackToken
from aws_durable_execution_sdk_python_testing.web import handlers, routes
from aws_durable_execution_sdk_python_testing.web.models import HTTPRequest, HTTPResponse

from local.parts.functions.engine import Engine
from local.parts.functions.errors import LambdaError, callback_closed, invalid_parameter, not_found

PREFIX = "/2025-12-01/"
MAX_RESULT_BYTES = 1024 * 1024
"""Callback result and callback error, from the service model (botocore)."""
MAX_CALLBACK_ID = 1024
CALLBACK_ID = re.compile(r"[A-Za-z0-9+/]+={0,2}")
CALLBACK_ROUTES = (routes.CallbackSuccessRoute, routes.CallbackFailureRoute, routes.CallbackHeartbeatRoute)
HANDLERS: dict[type[routes.Route], type[handlers.EndpointHandler]] = {
    routes.CheckpointDurableExecutionRoute: handlers.CheckpointDurableExecutionHandler,
    routes.GetDurableExecutionRoute: handlers.GetDurableExecutionHandler,
    routes.GetDurableExecutionStateRoute: handlers.GetDurableExecutionStateHandler,
    routes.GetDurableExecutionHistoryRoute: handlers.GetDurableExecutionHistoryHandler,
    routes.ListDurableExecutionsByFunctionRoute: handlers.ListDurableExecutionsByFunctionHandler,
    routes.StopDurableExecutionRoute: handlers.StopDurableExecutionHandler,
    routes.CallbackSuccessRoute: handlers.SendDurableExecutionCallbackSuccessHandler,
    routes.CallbackFailureRoute: handlers.SendDurableExecutionCallbackFailureHandler,
    routes.CallbackHeartbeatRoute: handlers.SendDurableExecutionCallbackHeartbeatHandler,
}


class DurableApi:
    """Serves the durable part of the Lambda API for an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._router = routes.Router()
        self._handlers = {route: handler(engine) for route, handler in HANDLERS.items()}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request.

        Raises:
            LambdaError: any error, in the service model's form.
        """
        # ARNs and callback ids hold slashes: only the raw path can be split at them.
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        try:
            route = self._router.find_route(path, request.method)
            handler = self._handlers[type(route)]
        except (UnknownRouteError, KeyError):
            raise LambdaError("UnknownOperationException", "There is no such operation.", 404) from None
        if isinstance(route, CALLBACK_ROUTES):
            self._check_callback(route.callback_id, body)
        headers, queries = dict(request.headers), parse_qs(query)
        try:
            if isinstance(route, routes.BytesPayloadRoute):
                parsed = HTTPRequest.from_raw_bytes(body, request.method, route, headers, queries)
            else:
                parsed = HTTPRequest.from_bytes(body, None, request.method, route, headers, queries)
            answer = handler.handle(route, parsed)
        except AwsApiException as error:
            answer = HTTPResponse.create_error_from_exception(error)
        if answer.status_code >= 400:
            raise _typed(answer)
        return web.Response(status=answer.status_code, body=answer.body_to_bytes(), content_type="application/json")

    def _check_callback(self, callback_id: str, body: bytes) -> None:
        """Refuse what the runner would accept or name differently: AWS's errors for a callback."""
        if len(callback_id) > MAX_CALLBACK_ID or not CALLBACK_ID.fullmatch(callback_id):
            raise invalid_parameter(f"The callback id must match {CALLBACK_ID.pattern}.")
        try:
            token = CallbackToken.from_str(callback_id)
        except (ValueError, KeyError, TypeError):
            raise invalid_parameter("The callback id is not valid.") from None
        try:
            execution = self._engine.store.load(token.execution_arn)
            _, operation = execution.find_callback_operation(callback_id)
        except (KeyError, TypeError, IllegalStateException):
            raise not_found("The callback does not exist.") from None
        if execution.is_complete or operation.status is not OperationStatus.STARTED:
            raise callback_closed()
        if len(body) > MAX_RESULT_BYTES:
            raise invalid_parameter(f"The payload must not exceed {MAX_RESULT_BYTES} bytes.")


def _typed(answer: HTTPResponse) -> LambdaError:
    """The runner's error answer as the service's."""
    try:
        body: Any = json.loads(answer.body_to_bytes())
    except ValueError:
        body = {}
    code = str(body.get("Type") or "ServiceException")
    message = str(body.get("message") or body.get("Message") or "")
    if code == "ResourceNotFoundException":
        return not_found(message)
    if code in ("CallbackTimeoutException", "ExecutionConflictException"):
        return callback_closed()
    return LambdaError(code, message, answer.status_code)
