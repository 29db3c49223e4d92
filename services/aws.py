"""boto3 clients, each built once per process with the timeouts its use needs.

Local and cloud differ only by the standard AWS endpoint variables; the one endpoint that is
not a Region's, the WebSocket management API, is a setting.
"""

# boto3.client is overloaded for every service; stubs are installed for ours alone.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from types_boto3_bedrock_agentcore import BedrockAgentCoreClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient

QUICK = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
"""For idempotent calls that answer in milliseconds."""

ONCE = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1})
"""For calls that must not be repeated behind our back."""


@cache
def dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb", config=QUICK)


@cache
def lambda_() -> LambdaClient:
    # A callback that was taken but whose response was lost must not be sent again behind our back:
    # the second attempt would be told that the first one's answer came too late.
    return boto3.client("lambda", config=ONCE)


@cache
def secrets() -> SecretsManagerClient:
    return boto3.client("secretsmanager", config=QUICK)


@cache
def management(url: str) -> ApiGatewayManagementApiClient:
    """The `@connections` API of one stage."""
    # A push that timed out may have arrived: repeating it is for the caller to decide.
    return boto3.client("apigatewaymanagementapi", endpoint_url=url, config=ONCE)


@cache
def agent_runtime(read_seconds: float) -> BedrockAgentCoreClient:
    """AgentCore's data plane. botocore's own retries would run a turn twice."""
    config = Config(connect_timeout=2, read_timeout=read_seconds, retries={"total_max_attempts": 1})
    return boto3.client("bedrock-agentcore", config=config)
