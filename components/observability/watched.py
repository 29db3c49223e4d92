"""What is watched, and the series of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import pulumi

from components.observability.metrics import Series

Text = pulumi.Input[str]

TableName = Literal["connections", "requests"]

TABLE_OPERATIONS: Mapping[TableName, tuple[str, ...]] = {
    "connections": ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
    "requests": ("GetItem", "PutItem", "UpdateItem", "Query"),
}
"""The DynamoDB calls of the services (components/permissions.py): SystemErrors is published per call only."""


class WatchedFunction(TypedDict):
    """One Lambda function."""

    function_name: Text
    log_group_name: Text


@dataclass(frozen=True, slots=True)
class Watched:
    """The names under which AWS publishes the metrics of one environment."""

    namespace: str
    """Of our own metrics."""
    region: str
    api_id: Text
    stage_name: str
    ws_manager: Text
    """Function name."""
    authorizer: Text
    mcp_proxy: Text
    agent_runtime_arn: Text
    agent_name: Text
    """`{runtime}::{endpoint}`."""
    gateway_arn: Text
    tables: Mapping[TableName, Text]
    model_id: str
    cache_name: Text | None

    def own(self, name: str, stat: str = "Sum", label: str = "") -> Series:
        """One of ours without dimensions."""
        return Series(self.namespace, name, {}, stat, label)

    def function(self, function_name: Text, name: str, stat: str = "Sum", label: str = "") -> Series:
        """Of a Lambda function, over all its versions."""
        return Series("AWS/Lambda", name, {"FunctionName": function_name}, stat, label)

    def api(self, name: str, stat: str = "Sum", label: str = "") -> Series:
        """Of the WebSocket stage."""
        return Series("AWS/ApiGateway", name, {"ApiId": self.api_id, "Stage": self.stage_name}, stat, label)

    def runtime(self, name: str, stat: str = "Sum", label: str = "") -> Series:
        """Of the agent runtime, through the endpoint that ws-manager calls."""
        dimensions = {"Resource": self.agent_runtime_arn, "Operation": "InvokeAgentRuntime", "Name": self.agent_name}
        return Series("AWS/Bedrock-AgentCore", name, dimensions, stat, label)

    def gateway(self, name: str, stat: str = "Sum", label: str = "") -> Series:
        """Of the tool gateway."""
        dimensions = {"Resource": self.gateway_arn, "Operation": "InvokeGateway", "Protocol": "MCP"}
        return Series("AWS/Bedrock-AgentCore", name, dimensions, stat, label)

    def table(self, table: TableName, name: str, stat: str = "Sum", operation: str = "", label: str = "") -> Series:
        """Of a table, or of one kind of call to it."""
        dimensions = {"TableName": self.tables[table], **({"Operation": operation} if operation else {})}
        return Series("AWS/DynamoDB", name, dimensions, stat, label)

    def model(self, name: str, stat: str = "Sum", label: str = "") -> Series:
        """Of the inference profile, by everybody who uses it in this account and Region."""
        return Series("AWS/Bedrock", name, {"ModelId": self.model_id}, stat, label)
