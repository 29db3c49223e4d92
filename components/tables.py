"""The two DynamoDB tables. `local/parts/tables.py` declares the same ones for the local stack."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from services.contract.settings import SESSION_INDEX

TTL_ATTRIBUTE = "expires_at"


class TablesArgs(TypedDict):
    """Inputs of Tables."""

    protect: bool


class Tables(pulumi.ComponentResource):
    """Open connections, and requests that wait for an answer.

    Paid by request. Encrypted with DynamoDB's own key: it is always on and free, and a key of our own
    would add a price and a permission for each caller while keeping nobody out who has those.
    """

    connections_name: pulumi.Output[str]
    connections_arn: pulumi.Output[str]
    session_index_arn: pulumi.Output[str]
    """Of the index of the connections table."""
    requests_name: pulumi.Output[str]
    requests_arn: pulumi.Output[str]

    def __init__(self, name: str, args: TablesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:Tables", name, {}, opts)
        protect = args["protect"]
        child = pulumi.ResourceOptions(parent=self, protect=protect)
        connections = aws.dynamodb.Table(
            f"{name}-connections",
            billing_mode="PAY_PER_REQUEST",
            hash_key="connection_id",
            attributes=[{"name": "connection_id", "type": "S"}, {"name": SESSION_INDEX, "type": "S"}],
            global_secondary_indexes=[
                {
                    "name": SESSION_INDEX,
                    "key_schemas": [{"attribute_name": SESSION_INDEX, "key_type": "HASH"}],
                    "projection_type": "ALL",
                }
            ],
            ttl={"attribute_name": TTL_ATTRIBUTE, "enabled": True},
            point_in_time_recovery={"enabled": protect},
            deletion_protection_enabled=protect,
            opts=child,
        )
        requests = aws.dynamodb.Table(
            f"{name}-requests",
            billing_mode="PAY_PER_REQUEST",
            hash_key="session_id",
            range_key="callback_id",
            attributes=[{"name": "session_id", "type": "S"}, {"name": "callback_id", "type": "S"}],
            ttl={"attribute_name": TTL_ATTRIBUTE, "enabled": True},
            point_in_time_recovery={"enabled": protect},
            deletion_protection_enabled=protect,
            opts=child,
        )
        self.connections_name = connections.name
        self.connections_arn = connections.arn
        self.session_index_arn = pulumi.Output.concat(connections.arn, f"/index/{SESSION_INDEX}")
        self.requests_name = requests.name
        self.requests_arn = requests.arn
        self.register_outputs(
            {
                "connections_name": self.connections_name,
                "connections_arn": self.connections_arn,
                "session_index_arn": self.session_index_arn,
                "requests_name": self.requests_name,
                "requests_arn": self.requests_arn,
            }
        )
