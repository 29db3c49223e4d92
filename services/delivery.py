"""Pushing messages to a session's Mac through API Gateway's `@connections`."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.contract.limits import MAX_MESSAGE_BYTES
from services.contract.messages import Message, encode
from services.logs import get_logger
from services.stores.connections import Connection, Connections

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

SECOND_LOOKS = (0.15, 0.6)
"""Seconds before looking again for a session nobody was found for: the GSI trails the table
by a moment after a reconnect. Our own figures."""

THROTTLED_PAUSES = (0.05, 0.2, 0.6)
"""Seconds, before jitter, between attempts when the account's request rate is exceeded."""


class DeliveryError(RuntimeError):
    """A push failed and may or may not have arrived."""


class UnsupportedByClientError(RuntimeError):
    """The connected client did not offer this capability."""


class Delivery:
    """Sends to one connection, or to the newest connection of a session."""

    def __init__(self, connections: Connections, client: ApiGatewayManagementApiClient) -> None:
        self._connections = connections
        self._client = client

    def send(self, connection_id: str, message: Message | dict[str, object]) -> bool:
        """Push to one connection.

        Returns:
            False when the connection is gone; its row is removed then.

        Raises:
            DeliveryError: when API Gateway did not say whether it took the message.
        """
        data = encode(message)
        if len(data) > MAX_MESSAGE_BYTES:
            raise DeliveryError(f"a message of {len(data)} bytes is over API Gateway's limit")
        for pause in (*THROTTLED_PAUSES, None):
            try:
                self._client.post_to_connection(ConnectionId=connection_id, Data=data)
            except self._client.exceptions.GoneException:
                get_logger().info("connection_gone", connection_id=connection_id)
                self._connections.remove(connection_id)
                return False
            except self._client.exceptions.LimitExceededException as error:
                if pause is None:
                    raise DeliveryError("API Gateway throttles pushes") from error
                time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            except (ClientError, BotoCoreError) as error:
                raise DeliveryError(type(error).__name__) from error
            else:
                return True
        return False

    def newest(self, session_id: str) -> Connection | None:
        """The newest connection of a session whose token is still good."""
        return next(iter(self._connections.of_session(session_id)), None)

    def push(
        self, session_id: str, message: Message | dict[str, object], requires: str | None = None
    ) -> Connection | None:
        """Push to the newest live connection of a session.

        Args:
            session_id: the session AWS sees.
            message: what to push.
            requires: a capability the client must not have left out of its `hello`.

        Returns:
            The connection that took it, or None when the person is offline.

        Raises:
            UnsupportedByClientError: when the newest client cannot do it.
            DeliveryError: as `send`.
        """
        for pause in (*SECOND_LOOKS, None):
            for connection in self._connections.of_session(session_id):
                if requires and connection.capabilities is not None and requires not in connection.capabilities:
                    raise UnsupportedByClientError(requires)
                if self.send(connection.connection_id, message):
                    return connection
            if pause is not None:
                time.sleep(pause)
        return None

    def close(self, connection_id: str) -> None:
        """Close a connection from our side and forget it."""
        try:
            self._client.delete_connection(ConnectionId=connection_id)
        except (ClientError, BotoCoreError) as error:
            get_logger().info("connection_close_failed", connection_id=connection_id, reason=type(error).__name__)
        self._connections.remove(connection_id)
