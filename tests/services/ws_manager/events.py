"""Events as API Gateway sends them to the function of a WebSocket API."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.services.fakes import FakeClock

CONNECTION = "L0SM9cOFvHcCIhw="
REQUEST = "GXLKJfX4FiAFb8g="
METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3/prod/$connect"


def _context(route: str, kind: str, connection_id: str, owner: str | None, expires_at: float) -> dict[str, Any]:
    context: dict[str, Any] = {
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": REQUEST,
        "requestTime": "15/Jan/2027:08:00:00 +0000",
        "messageDirection": "IN",
        "stage": "prod",
        "connectedAt": 1_800_000_000_000,
        "requestTimeEpoch": 1_800_000_000_000,
        "identity": {"sourceIp": "203.0.113.9", "userAgent": "Deskside/1.0"},
        "requestId": REQUEST,
        "domainName": "a1b2c3.execute-api.us-east-1.amazonaws.com",
        "connectionId": connection_id,
        "apiId": "a1b2c3",
    }
    if owner is not None:
        # API Gateway hands on the authorizer's context as strings, with fields of its own.
        context["authorizer"] = {
            "principalId": owner,
            "owner": owner,
            "token_expires_at": str(int(expires_at)),
            "integrationLatency": 12,
        }
    return context


class Events:
    """The events of one connection."""

    def __init__(self, clock: FakeClock, connection_id: str = CONNECTION, owner: str | None = "alice") -> None:
        self.connection_id = connection_id
        self.owner = owner
        self.expires_at = int(clock.now) + 3_600

    def _event(self, route: str, kind: str, **context: Any) -> dict[str, Any]:
        made = _context(route, kind, self.connection_id, self.owner, self.expires_at)
        return {"requestContext": {**made, **context}, "isBase64Encoded": False}

    def connect(self) -> dict[str, Any]:
        headers = {"Host": "a1b2c3.execute-api.us-east-1.amazonaws.com", "Authorization": "Bearer secret-token"}
        return {
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            **self._event("$connect", "CONNECT"),
        }

    def disconnect(self) -> dict[str, Any]:
        why = {"disconnectStatusCode": 1001, "disconnectReason": "Going away"}
        return {"headers": {}, "multiValueHeaders": {}, **self._event("$disconnect", "DISCONNECT", **why)}

    def raw(self, body: str | None, route: str = "$default", **fields: Any) -> dict[str, Any]:
        return {**self._event(route, "MESSAGE", messageId="GXLKIcX4FiACFhQ="), "body": body, **fields}

    def message(self, message: dict[str, Any]) -> dict[str, Any]:
        known = message.get("action") in ("hello", "chat", "async_callback", "ping")
        return self.raw(json.dumps(message), message["action"] if known else "$default")

    def binary(self, message: dict[str, Any]) -> dict[str, Any]:
        return self.raw(base64.b64encode(json.dumps(message).encode()).decode(), isBase64Encoded=True)


def authorizer_event(headers: Any) -> dict[str, Any]:
    """The event of a REQUEST authorizer."""
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "stageVariables": {},
        "requestContext": _context("$connect", "CONNECT", CONNECTION, None, 0),
    }
