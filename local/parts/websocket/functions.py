"""Synchronous invocation of the Lambda functions behind the API."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

REUSE_SECONDS = 4
"""How long an idle connection to the Lambda endpoint is kept: less than uvicorn's keep-alive of 5,
so that an invocation never meets a connection the other end is just closing."""


class InvocationError(RuntimeError):
    """There is no usable answer: unreachable, refused by Lambda, or not JSON."""


class FunctionRaisedError(InvocationError):
    """The function itself raised."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvocationTimeoutError(InvocationError):
    """The function took longer than the integration may."""


@dataclass(slots=True)
class Functions:
    """A client of the Lambda Invoke API.

    Args:
        url: the endpoint, without a path.
        timeout: seconds one invocation may take.
    """

    url: str
    timeout: float
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # limit=0: the functions' concurrency is Lambda's to bound, not the connection pool's.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=REUSE_SECONDS)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Invoke a function and return what it returned.

        Raises:
            FunctionRaisedError: with the function's own error message.
            InvocationTimeoutError: when there is no answer in time.
            InvocationError: for everything else that is not an answer.
        """
        assert self._session is not None, "use as a context manager"
        try:
            async with (
                asyncio.timeout(self.timeout),
                self._session.post(
                    f"{self.url}/2015-03-31/functions/{name}/invocations",
                    data=json.dumps(event, separators=(",", ":")).encode(),
                    headers={"Content-Type": "application/json", "X-Amz-Invocation-Type": "RequestResponse"},
                ) as response,
            ):
                payload = await response.read()
                status, raised = response.status, "X-Amz-Function-Error" in response.headers
        except TimeoutError:
            raise InvocationTimeoutError(f"{name} did not answer in {self.timeout} s") from None
        except aiohttp.ClientError as error:
            raise InvocationError(f"{name}: {type(error).__name__}") from None
        if status != 200:
            raise InvocationError(f"{name}: Lambda answered {status}")
        try:
            result = json.loads(payload or b"null")
        except (ValueError, RecursionError):
            raise InvocationError(f"{name}: the answer is not JSON") from None
        if raised:
            raise FunctionRaisedError(str(result.get("errorMessage", "")) if isinstance(result, dict) else "")
        return result
