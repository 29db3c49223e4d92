"""Fakes of what the services talk to, and the shapes they are given."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError

from services.delivery import Delivery
from services.stores.connections import Connection, Connections

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from types_boto3_lambda import LambdaClient

REGION = "us-east-1"
CREDENTIALS: dict[str, Any] = {"region_name": REGION, "aws_access_key_id": "test", "aws_secret_access_key": "test"}

SESSION = "0123456789abcdef0123456789abcdef0123"
OTHER_SESSION = "ffffffffffffffffffffffffffffffffffff"


def client_error(code: str, status: int = 400) -> ClientError:
    """A bare error as botocore raises it for codes its model does not know."""
    return ClientError({"Error": {"Code": code, "Message": code}, "ResponseMetadata": cast(Any, {})}, str(status))


class FakeClock:
    """Stands in for the `time` module: time passes only while somebody sleeps."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.sleeps: list[float] = []

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return int(self.now * 1_000_000_000)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


_management: Any = boto3.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9", **CREDENTIALS)
_lambda: Any = boto3.client("lambda", **CREDENTIALS)


class FakeSockets:
    """API Gateway's `@connections`: remembers pushes, fails as told."""

    exceptions = _management.exceptions

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self.pushed: list[tuple[str, dict[str, Any]]] = []
        self.closed: list[str] = []
        self.gone: set[str] = set()
        self.failures: deque[Exception] = deque()
        """Raised by the next pushes, one each."""
        self.close_failure: Exception | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for _, message in self.pushed]

    def throttled(self) -> Exception:
        return self.exceptions.LimitExceededException({"Error": {"Code": "LimitExceededException"}}, "PostToConnection")

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> dict[str, Any]:  # noqa: N803
        self.attempts.append(ConnectionId)
        if self.failures:
            raise self.failures.popleft()
        if ConnectionId in self.gone:
            raise self.exceptions.GoneException({"Error": {"Code": "GoneException"}}, "PostToConnection")
        self.pushed.append((ConnectionId, json.loads(Data)))
        return {}

    def delete_connection(self, *, ConnectionId: str) -> dict[str, Any]:  # noqa: N803
        if self.close_failure is not None:
            raise self.close_failure
        self.closed.append(ConnectionId)
        return {}

    def delivery(self, connections: Connections) -> Delivery:
        return Delivery(connections, self.client)

    @property
    def client(self) -> ApiGatewayManagementApiClient:
        return cast("ApiGatewayManagementApiClient", self)


class FakeLambda:
    """Lambda's durable callbacks: remembers completions, fails as told."""

    exceptions = _lambda.exceptions

    def __init__(self) -> None:
        self.succeeded: list[tuple[str, bytes]] = []
        self.failed: list[tuple[str, dict[str, str]]] = []
        self.failures: deque[Exception] = deque()

    @property
    def untouched(self) -> bool:
        return not self.succeeded and not self.failed

    def callback_timeout(self) -> Exception:
        return self.exceptions.CallbackTimeoutException({"Error": {"Code": "CallbackTimeoutException"}}, "Send")

    def send_durable_execution_callback_success(self, *, CallbackId: str, Result: bytes) -> None:  # noqa: N803
        if self.failures:
            raise self.failures.popleft()
        self.succeeded.append((CallbackId, Result))

    def send_durable_execution_callback_failure(self, *, CallbackId: str, Error: dict[str, str]) -> None:  # noqa: N803
        if self.failures:
            raise self.failures.popleft()
        self.failed.append((CallbackId, Error))

    @property
    def client(self) -> LambdaClient:
        return cast("LambdaClient", self)


class Online:
    """Opens connections the way `$connect` and `hello` do."""

    def __init__(self, connections: Connections, now: float) -> None:
        self._connections = connections
        self._expires_at = int(now) + 3_600

    def __call__(
        self,
        connection_id: str = "conn=",
        session_id: str | None = SESSION,
        *,
        owner: str = "alice",
        expires_at: int | None = None,
        capabilities: frozenset[str] | None = None,
    ) -> str:
        expiry = self._expires_at if expires_at is None else expires_at
        self._connections.open(Connection(connection_id, owner, expiry))
        if session_id is not None:
            assert self._connections.bind(
                connection_id, session_id=session_id, session_name="abc-123", capabilities=capabilities
            )
        return connection_id
