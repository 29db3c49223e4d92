"""The events API Gateway invokes functions with.

Fields follow AWS's documented examples (local-stack.md 2); none was compared with a capture.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from local.config import ACCOUNT, HOST, REGION, STAGE

API_ID = "local"


def new_id() -> str:
    """An id such as `L0SM9cOFvHcCIhw=`: what connections, requests and messages are named by."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def milliseconds() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values by name, in the order of arrival."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def last_of(values: dict[str, list[str]]) -> dict[str, str]:
    """The last value of each name: what AWS puts into the single-value maps."""
    return {name: items[-1] for name, items in values.items()}


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What a client asked for in its opening handshake."""

    headers: dict[str, list[str]]
    query: dict[str, list[str]]
    source_ip: str
    port: int

    @classmethod
    def of(cls, headers: Iterable[tuple[str, str]], query: str, source_ip: str, port: int) -> Upgrade:
        added = [("X-Forwarded-For", source_ip), ("X-Forwarded-Port", str(port)), ("X-Forwarded-Proto", "http")]
        return cls(
            headers=grouped([*headers, *added]),
            query=grouped(parse_qsl(query, keep_blank_values=True)),
            source_ip=source_ip,
            port=port,
        )

    def header(self, name: str) -> str:
        """The value of a header, however it is spelt; empty when there is none."""
        for spelt, values in self.headers.items():
            if spelt.lower() == name.lower():
                return values[-1]
        return ""

    @property
    def identity(self) -> dict[str, str]:
        agent = self.header("User-Agent")
        return {"sourceIp": self.source_ip, **({"userAgent": agent} if agent else {})}


@dataclass(slots=True)
class EventFactory:
    """Makes the events of one connection."""

    upgrade: Upgrade
    connection_id: str
    connected_at: int
    authorizer: dict[str, Any] | None = None

    def _context(self, route: str, kind: str, request_id: str) -> dict[str, Any]:
        now = milliseconds()
        context: dict[str, Any] = {
            "routeKey": route,
            "eventType": kind,
            "extendedRequestId": request_id,
            "requestTime": datetime.fromtimestamp(now / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "messageDirection": "IN",
            "stage": STAGE,
            "connectedAt": self.connected_at,
            "requestTimeEpoch": now,
            "identity": self.upgrade.identity,
            "requestId": request_id,
            "domainName": f"{HOST}:{self.upgrade.port}",
            "connectionId": self.connection_id,
            "apiId": API_ID,
        }
        if self.authorizer is not None:
            context["authorizer"] = self.authorizer
        return context

    def authorization(self, request_id: str) -> dict[str, Any]:
        """The event of a REQUEST authorizer."""
        return {
            "type": "REQUEST",
            "methodArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{STAGE}/$connect",
            "headers": last_of(self.upgrade.headers),
            "multiValueHeaders": self.upgrade.headers,
            "queryStringParameters": last_of(self.upgrade.query),
            "multiValueQueryStringParameters": self.upgrade.query,
            "stageVariables": {},
            "requestContext": self._context("$connect", "CONNECT", request_id),
        }

    def connect(self, request_id: str) -> dict[str, Any]:
        """The proxy event of `$connect`."""
        event: dict[str, Any] = {
            "headers": last_of(self.upgrade.headers),
            "multiValueHeaders": self.upgrade.headers,
            "requestContext": self._context("$connect", "CONNECT", request_id),
            "isBase64Encoded": False,
        }
        if self.upgrade.query:
            event["queryStringParameters"] = last_of(self.upgrade.query)
            event["multiValueQueryStringParameters"] = self.upgrade.query
        return event

    def message(self, route: str, body: str | bytes, request_id: str) -> dict[str, Any]:
        """The proxy event of a message; a binary one travels as base64."""
        binary = isinstance(body, bytes)
        return {
            "requestContext": {**self._context(route, "MESSAGE", request_id), "messageId": new_id()},
            "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": binary,
        }

    def disconnect(self, code: int, reason: str, request_id: str) -> dict[str, Any]:
        """The proxy event of `$disconnect`."""
        headers = {
            "Host": [f"{HOST}:{self.upgrade.port}"],
            "x-api-key": [""],
            "X-Forwarded-For": [""],
            "x-restapi": [""],
        }
        return {
            "headers": last_of(headers),
            "multiValueHeaders": headers,
            "requestContext": {
                **self._context("$disconnect", "DISCONNECT", request_id),
                "disconnectStatusCode": code,
                "disconnectReason": reason,
            },
            "isBase64Encoded": False,
        }
