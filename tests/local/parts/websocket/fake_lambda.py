"""A Lambda endpoint that records what is invoked and answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local.config import AUTHORIZER, WS_MANAGER

Event = dict[str, Any]


def policy(effect: str = "Allow", resource: str = "*", **context: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "anna", "policyDocument": {"Statement": [statement]}, "context": context}


class RaisedError(Exception):
    """Makes the fake endpoint answer as Lambda does when a function raises."""


@dataclass
class Lambda:
    """The fake endpoint: what was invoked, and what is answered."""

    port: int
    events: list[Event] = field(default_factory=list)
    authorizations: list[Event] = field(default_factory=list)
    authorizer: Callable[[Event], Any] = lambda _event: policy()
    manager: Callable[[Event], Awaitable[Any]] | None = None
    status: int = 200

    async def answer(self, request: web.Request) -> web.Response:
        event = await request.json()
        try:
            if request.match_info["name"] == AUTHORIZER:
                self.authorizations.append(event)
                result = self.authorizer(event)
            else:
                assert request.match_info["name"] == WS_MANAGER
                self.events.append(event)
                result = await self.manager(event) if self.manager else {"statusCode": 200}
        except RaisedError as error:
            return web.json_response({"errorMessage": str(error)}, headers={"X-Amz-Function-Error": "Unhandled"})
        return web.json_response(result, status=self.status)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["requestContext"]["eventType"] == kind]

    async def wait(self, kind: str, count: int = 1) -> Event:
        async with asyncio.timeout(3):
            while len(self.of(kind)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return self.of(kind)[count - 1]
