"""AWS's service models: enums, patterns and limits that no schema has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.validation.test_cloudformation import FUNCTION, RUNTIME, TABLE
from validation.graph import Graph, Resource
from validation.service_models import OPERATIONS, SHAPES_OF_THEIR_OWN, check

GATEWAY: dict[str, Any] = {
    "name": "desk-tools",
    "authorizerType": "CUSTOM_JWT",
    "protocolType": "MCP",
    "roleArn": "arn:aws:iam::123456789012:role/tools",
    "authorizerConfiguration": {
        "customJwtAuthorizer": {"discoveryUrl": "https://a/.well-known/openid-configuration", "allowedClients": ["c"]}
    },
}
TARGET: dict[str, Any] = {
    "name": "mac",
    "gatewayIdentifier": "desk-tools-abcdefghij",
    "credentialProviderConfiguration": {"gatewayIamRole": {}},
    "targetConfiguration": {
        "mcp": {
            "lambda": {
                "lambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:tools:live",
                "toolSchema": {
                    "inlinePayloads": [
                        {
                            "name": "disk",
                            "description": "Disks",
                            "inputSchema": {
                                "type": "object",
                                "properties": [{"name": "Path", "type": "string", "required": True}],
                            },
                        }
                    ]
                },
            }
        }
    },
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "function": ("aws:lambda/function:Function", FUNCTION),
    "table": ("aws:dynamodb/table:Table", {**TABLE, "name": "table"}),
    "runtime": ("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", RUNTIME),
    "endpoint": (
        "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint",
        {"agentRuntimeId": "agent_dev-abcdefghij", "name": "live"},
    ),
    "gateway": ("aws:bedrock/agentcoreGateway:AgentcoreGateway", GATEWAY),
    "target": ("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", TARGET),
    "api": ("aws:apigatewayv2/api:Api", {"name": "api", "protocolType": "WEBSOCKET"}),
    "integration": ("aws:apigatewayv2/integration:Integration", {"apiId": "a", "integrationType": "AWS_PROXY"}),
    "route": ("aws:apigatewayv2/route:Route", {"apiId": "a", "routeKey": "$connect", "authorizationType": "CUSTOM"}),
    "cache": ("aws:elasticache/serverlessCache:ServerlessCache", {"name": "cache", "engine": "valkey"}),
    "client": ("aws:cognito/userPoolClient:UserPoolClient", {"name": "client", "userPoolId": "us-east-1_aB3"}),
}


def findings(kind: str, **changed: Any) -> list[str]:
    token, inputs = KINDS[kind]
    graph = Graph("desk", "test", (Resource("urn", token, kind, {**inputs, **changed}),))
    return [f"{finding.rule} {finding.message}" for finding in check(graph)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_request_has_no_findings(kind: str):
    assert findings(kind) == []


@pytest.mark.parametrize(
    ("kind", "changed", "finding"),
    [
        ("runtime", {"agentRuntimeName": "agent-dev"}, "pattern CreateAgentRuntime: agentRuntimeName: 'agent-dev'"),
        ("runtime", {"lifecycleConfigurations": [{"idleRuntimeSessionTimeout": 5}]}, "min "),
        (
            "runtime",
            {"agentRuntimeArtifact": {"containerConfiguration": {"containerUri": "docker.io/agent"}}},
            "pattern ",
        ),
        ("endpoint", {"name": "live-1a2b3c4"}, "pattern CreateAgentRuntimeEndpoint: name"),
        ("gateway", {"name": "desk_tools!"}, "pattern CreateGateway: name"),
        ("gateway", {"authorizerType": "CUSTOM_JWTT"}, "enum CreateGateway: authorizerType"),
        ("gateway", {"name": "a" * 120}, "pattern "),
        ("target", {"name": "under_score"}, "pattern CreateGatewayTarget: name"),
        ("api", {"protocolType": "WS"}, "enum CreateApi: ProtocolType: 'WS'"),
        ("integration", {"integrationType": "LAMBDA_PROXY"}, "enum CreateIntegration: IntegrationType"),
        ("integration", {"timeoutMilliseconds": 30_001}, "max "),
        ("route", {"authorizationType": "LAMBDA"}, "enum CreateRoute: AuthorizationType"),
        ("function", {"tracingConfig": {"mode": "Activ"}}, "enum CreateFunction: TracingConfig.Mode"),
        ("function", {"durableConfig": {"executionTimeout": 0}}, "min "),
        ("cache", {"cacheUsageLimits": {"dataStorage": {"unit": "GiB"}}}, "enum CreateServerlessCache: "),
        ("client", {"userPoolId": "pool"}, "pattern CreateUserPoolClient: UserPoolId"),
        ("table", {"billingMode": "PAY"}, "enum CreateTable: BillingMode"),
        ("table", {"hashKeys": "x"}, "unknown CreateTable: HashKeys"),
    ],
)
def test_each_mistake_is_found(kind: str, changed: dict[str, Any], finding: str):
    found = findings(kind, **changed)
    assert any(text.startswith(finding) for text in found), found


def test_a_missing_member_is_found():
    token, inputs = KINDS["gateway"]
    rest = {key: value for key, value in inputs.items() if key != "roleArn"}
    [finding] = check(Graph("desk", "test", (Resource("urn", token, "gateway", rest),)))
    assert str(finding).endswith("CreateGateway: request: roleArn is missing")


def test_a_schema_type_that_does_not_exist_is_found():
    tool = {"name": "disk", "description": "Disks", "inputSchema": {"type": "objekt"}}
    target = {"mcp": {"lambda": {"lambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:f:live"}}}
    target["mcp"]["lambda"]["toolSchema"] = {"inlinePayloads": [tool]}  # pyright: ignore[reportArgumentType]
    assert any("objekt" in text for text in findings("target", targetConfiguration=target))


def test_no_type_is_listed_both_ways():
    assert not set(OPERATIONS) & set(SHAPES_OF_THEIR_OWN)
