"""Decoding what API Gateway and clients send, once, at the edge."""

from __future__ import annotations

import base64
import binascii
import json
from typing import cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from services.contract.errors import ErrorCode
from services.contract.messages import CLIENT_MESSAGES, Cause, ClientMessage, Error

CAMEL = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class Authorized(BaseModel):
    """What the authorizer bound the connection to."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    owner: str
    token_expires_at: int


class RequestContext(BaseModel):
    """The fields of API Gateway's WebSocket request context that are used."""

    model_config = CAMEL

    route_key: str
    connection_id: str
    request_id: str = ""
    authorizer: Authorized | None = None
    disconnect_reason: str | None = None
    connected_at: int | None = None
    """Milliseconds since the epoch."""


class WebSocketEvent(BaseModel):
    """A Lambda proxy event of a WebSocket API."""

    model_config = CAMEL

    request_context: RequestContext
    body: str | None = None
    is_base64_encoded: bool = False


class ProtocolError(Exception):
    """A message that is not one of the protocol's; carries the error for its sender."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.data.code)
        self.error = error


def cause(event: WebSocketEvent) -> Cause:
    """The ids in a message, for an error about it; none where it cannot be read."""
    try:
        return _cause(_fields(event))
    except ProtocolError:
        return Cause()


def decode_message(event: WebSocketEvent) -> ClientMessage:
    """The client's message; raise ProtocolError saying what is wrong with it."""
    fields = _fields(event)
    about = _cause(fields)
    action = fields.get("action")
    model = CLIENT_MESSAGES.get(action) if isinstance(action, str) else None
    if model is None:
        raise ProtocolError(Error.of(ErrorCode.UNKNOWN_ACTION, **about))
    try:
        return model.model_validate(fields)
    except ValidationError as invalid:
        # Where and what, never the input: it may hold anything.
        detail = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'message'}: {fault['msg']}"
            for fault in invalid.errors(include_input=False, include_url=False)[:5]
        )
        raise ProtocolError(Error.of(ErrorCode.INVALID_MESSAGE, detail=detail[:500], **about)) from None


def _fields(event: WebSocketEvent) -> dict[str, object]:
    """The JSON object a client sent."""
    body = event.body or ""
    if event.is_base64_encoded:
        try:
            body = base64.b64decode(body, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ProtocolError(Error.of(ErrorCode.BAD_JSON)) from None
    try:
        decoded: object = json.loads(body)
    except (ValueError, RecursionError):
        raise ProtocolError(Error.of(ErrorCode.BAD_JSON)) from None
    if not isinstance(decoded, dict):
        raise ProtocolError(Error.of(ErrorCode.BAD_JSON))
    return cast(dict[str, object], decoded)


def _cause(fields: dict[str, object]) -> Cause:
    return Cause(request_id=_id(fields.get("request_id")), callback_id=_id(fields.get("callback_id")))


def _id(value: object) -> str | None:
    """An id echoed back to whoever sent it, if it can be one."""
    return value if isinstance(value, str) and len(value) <= 64 and value.isascii() and value.isprintable() else None
