from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.validation.rule_cases import Case, fired, in_program, put
from validation.graph import Graph
from validation.rules.reading import listed


def _told(function: str, name: str, value: Any) -> Callable[[Graph], Graph]:
    return in_program(put(function, f"environment.variables.{name}", value, "Function"))


def _agent(name: str, value: Any) -> Callable[[Graph], Graph]:
    return in_program(put("-agent-runtime", f"environmentVariables.{name}", value))


def _may_not(role: str, *actions: str) -> Callable[[Graph], Graph]:
    def change(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left = [{**s, "Action": [a for a in listed(s["Action"]) if a not in actions]} for s in statements]
        return [statement for statement in left if statement["Action"]]

    return in_program(put(f"{role}-role-policy", "policy.Statement", change))


def _one_region(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**s, "Resource": s["Resource"][:1]} if "foundation-model" in str(s) else s for s in statements]


CASES: list[Case] = [
    ("environment-dangling", _told("-ws-manager", "AGENT_RUNTIME_QUALIFIER", "DEFAULT")),
    ("environment-dangling", _told("-ws-manager", "CONNECTIONS_TABLE", "deskside-dev-connections")),
    ("environment-dangling", _told("-ws-manager", "WEBSOCKET_MANAGEMENT_URL", lambda url: url.rpartition("/")[0])),
    ("environment-dangling", _told("-authorizer", "USER_POOL_CLIENT_IDS", "somebody")),
    ("environment-dangling", _told("-authorizer", "USER_POOL_ISSUER", "https://example.com/pool")),
    ("environment-dangling", _agent("GATEWAY_URL", "https://example.com/mcp")),
    ("environment-dangling", _agent("TOKEN_URL", lambda url: url.replace("prod", "dev"))),
    ("environment-dangling", _agent("SESSION_STORE", "valkeys://example.com:6379?cluster=true")),
    ("environment-forbidden", _may_not("-ws-manager", "bedrock-agentcore:InvokeAgentRuntime")),
    ("environment-forbidden", _may_not("-ws-manager", "execute-api:ManageConnections")),
    ("environment-forbidden", _may_not("-agent", "secretsmanager:GetSecretValue")),
    ("environment-forbidden", _may_not("-agent", "elasticache:Connect")),
    ("environment-forbidden", _may_not("-mcp-proxy", "dynamodb:PutItem", "dynamodb:UpdateItem")),
    ("environment-forbidden", _may_not("-image-builder", "codebuild:StartBuild")),
    ("model-forbidden", _agent("MODEL_ID", "us.anthropic.claude-other")),
    ("model-forbidden", _may_not("-agent", "bedrock:InvokeModelWithResponseStream")),
    ("model-forbidden", in_program(put("-agent-role-policy", "policy.Statement", _one_region))),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
