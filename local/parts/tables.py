"""The two DynamoDB tables, once for the local stack and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.config import CONNECTIONS_TABLE, REQUESTS_TABLE
from services.contract.settings import SESSION_INDEX

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TTL_ATTRIBUTE = "expires_at"
"""Both tables forget their rows by it; AWS does so within days, nothing does so locally."""

TABLES: tuple[dict[str, Any], ...] = (
    {
        "TableName": CONNECTIONS_TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "connection_id", "AttributeType": "S"},
            {"AttributeName": SESSION_INDEX, "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "connection_id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": SESSION_INDEX,
                "KeySchema": [{"AttributeName": SESSION_INDEX, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    },
    {
        "TableName": REQUESTS_TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "session_id", "AttributeType": "S"},
            {"AttributeName": "callback_id", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "session_id", "KeyType": "HASH"},
            {"AttributeName": "callback_id", "KeyType": "RANGE"},
        ],
    },
)
"""`create_table` arguments; the deployment's own definitions must agree with them."""


def create_tables(dynamodb: DynamoDBClient) -> None:
    """Create both tables, with their time to live, through any DynamoDB client."""
    for definition in TABLES:
        dynamodb.create_table(**definition)
        dynamodb.update_time_to_live(
            TableName=definition["TableName"],
            TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE},
        )
