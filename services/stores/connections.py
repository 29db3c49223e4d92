"""The `ws-connections` table: one row for each open WebSocket.

Key `connection_id`; GSI `session_id` (sparse: a row has it once a session is bound);
TTL `expires_at`, because `$disconnect` is best effort. A GSI is read eventually consistent,
so a caller that finds nobody may have to look again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.contract.limits import CONNECTION_ROW_LIFETIME
from services.contract.settings import SESSION_INDEX

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UniversalAttributeValueTypeDef


@dataclass(frozen=True, slots=True)
class Connection:
    """One open WebSocket. Owner and expiry come from its verified token."""

    connection_id: str
    owner: str
    token_expires_at: int
    """Seconds since the epoch."""
    session_id: str | None = None
    """The session AWS sees, derived from the owner and `session_name`."""
    session_name: str | None = None
    """The client's own name for it."""
    bound_at: int = 0
    """Milliseconds since the epoch; the newest connection of a session wins."""
    capabilities: frozenset[str] | None = None
    """Push actions the client can carry out; None means all."""

    def expired(self, now: float) -> bool:
        return self.token_expires_at <= now


class Connections:
    """Reads and writes of the connections table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def open(self, connection: Connection) -> None:
        """Record a connection that `$connect` has let in."""
        self._client.put_item(
            TableName=self._table,
            Item={
                "connection_id": {"S": connection.connection_id},
                "owner": {"S": connection.owner},
                "token_expires_at": {"N": str(connection.token_expires_at)},
                "expires_at": {"N": str(int(time.time()) + CONNECTION_ROW_LIFETIME)},
            },
        )

    def get(self, connection_id: str) -> Connection | None:
        """The connection, read consistently, or None."""
        found = self._client.get_item(
            TableName=self._table, Key={"connection_id": {"S": connection_id}}, ConsistentRead=True
        )
        item = found.get("Item")
        return _decode(item) if item else None

    def bind(
        self,
        connection_id: str,
        *,
        session_id: str,
        session_name: str,
        capabilities: frozenset[str] | None = None,
        keep_capabilities: bool = False,
    ) -> bool:
        """Make this the newest connection of a session. False when the row is gone."""
        names = {"#session": SESSION_INDEX}
        values: dict[str, UniversalAttributeValueTypeDef] = {
            ":session": {"S": session_id},
            ":name": {"S": session_name},
            ":now": {"N": str(time.time_ns() // 1_000_000)},
        }
        update = "SET #session = :session, session_name = :name, bound_at = :now"
        if capabilities is not None:
            update += ", capabilities = :capabilities"
            values[":capabilities"] = {"L": [{"S": name} for name in sorted(capabilities)]}
        elif not keep_capabilities:
            update += " REMOVE capabilities"
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression=update,
                ConditionExpression="attribute_exists(connection_id)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def of_session(self, session_id: str) -> list[Connection]:
        """Connections of a session whose token is still valid, newest first."""
        found = self._client.query(
            TableName=self._table,
            IndexName=SESSION_INDEX,
            KeyConditionExpression="#session = :session",
            ExpressionAttributeNames={"#session": SESSION_INDEX},
            ExpressionAttributeValues={":session": {"S": session_id}},
        )
        now = time.time()
        live = [row for row in map(_decode, found["Items"]) if not row.expired(now)]
        return sorted(live, key=lambda row: row.bound_at, reverse=True)

    def remove(self, connection_id: str) -> None:
        """Forget a connection; unknown ids are fine."""
        self._client.delete_item(TableName=self._table, Key={"connection_id": {"S": connection_id}})


def _decode(item: Mapping[str, AttributeValueTypeDef]) -> Connection:
    capabilities = item.get("capabilities", {}).get("L")
    return Connection(
        connection_id=item["connection_id"].get("S", ""),
        owner=item["owner"].get("S", ""),
        token_expires_at=int(item["token_expires_at"].get("N", "0")),
        session_id=item.get("session_id", {}).get("S"),
        session_name=item.get("session_name", {}).get("S"),
        bound_at=int(item.get("bound_at", {}).get("N", "0")),
        capabilities=None if capabilities is None else frozenset(name.get("S", "") for name in capabilities),
    )
