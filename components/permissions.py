"""What each service may do in AWS: its calls, and no others.

`tests/e2e/test_permissions.py` holds these against the calls that the services make in a day's work.
"""

import pulumi

from components.durable_function import DurableFunction
from components.identity import Identity
from components.policies import Statement
from components.tables import Tables
from components.websocket_api import WebSocketApi

Ref = pulumi.Output[str]


def _below(arn: Ref, path: str) -> Ref:
    return pulumi.Output.concat(arn, path)


def ws_manager_statements(
    tables: Tables, socket: WebSocketApi, mcp_proxy: DurableFunction, runtime_arn: Ref, runtime_endpoint_arn: Ref
) -> list[Statement]:
    """ws-manager keeps connections, answers callbacks and hands prompts to the agent."""
    row = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    return [
        {"actions": row, "resources": [tables.connections_arn]},
        {"actions": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], "resources": [tables.requests_arn]},
        {
            "actions": ["execute-api:ManageConnections"],
            "resources": [socket.connections_arn("POST"), socket.connections_arn("DELETE")],
        },
        # The authorization names the version that the execution runs on, never the alias.
        {
            "actions": ["lambda:SendDurableExecutionCallbackSuccess", "lambda:SendDurableExecutionCallbackFailure"],
            "resources": [_below(mcp_proxy.function_arn, ":*")],
        },
        # AgentCore authorizes an invocation against both.
        {"actions": ["bedrock-agentcore:InvokeAgentRuntime"], "resources": [runtime_arn, runtime_endpoint_arn]},
    ]


def mcp_proxy_statements(tables: Tables, socket: WebSocketApi) -> list[Statement]:
    """mcp-proxy looks the session's connection up, notes the request and pushes it."""
    return [
        {"actions": ["dynamodb:Query"], "resources": [tables.session_index_arn]},
        {"actions": ["dynamodb:DeleteItem"], "resources": [tables.connections_arn]},
        {"actions": ["dynamodb:PutItem", "dynamodb:UpdateItem"], "resources": [tables.requests_arn]},
        {"actions": ["execute-api:ManageConnections"], "resources": [socket.connections_arn("POST")]},
    ]


def agent_statements(
    tables: Tables, socket: WebSocketApi, identity: Identity, model: list[Statement], memory: list[Statement]
) -> list[Statement]:
    """The agent talks to the model, remembers the conversation and pushes its own answer."""
    return [
        {"actions": ["dynamodb:Query"], "resources": [tables.session_index_arn]},
        {"actions": ["dynamodb:DeleteItem"], "resources": [tables.connections_arn]},
        {"actions": ["execute-api:ManageConnections"], "resources": [socket.connections_arn("POST")]},
        {"actions": ["secretsmanager:GetSecretValue"], "resources": [identity.machine_secret_arn]},
        *model,
        *memory,
    ]
