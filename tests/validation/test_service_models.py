"""AWS's service models: enums, patterns and limits that no schema has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from tests.validation.test_cloudformation import FUNCTION, RUNTIME, TABLE
from validation.graph import Graph, Resource
from validation.service_models import DIRECT, OPERATIONS, SHAPES_OF_THEIR_OWN, check, matches

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


@pytest.mark.parametrize(
    ("token", "inputs", "finding"),
    [
        ("aws:xray/traceSegmentDestination:TraceSegmentDestination", {"destination": "CloudWatch"}, "enum "),
        ("aws:lambda/invocation:Invocation", {"functionName": "a b", "input": "{}"}, "pattern Invoke: FunctionName"),
        ("aws:lambda/invocation:Invocation", {"functionName": "f", "qualifier": "a:b"}, "pattern Invoke: Qualifier"),
        ("aws:lambda/invocation:Invocation", {"input": "{}"}, "required Invoke: request: FunctionName"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "key": ""}, "min PutObject: Key"),
        ("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": "", "secretString": "x"}, "min PutSecretValue"),
    ],
)
def test_calls_without_a_resource_in_cloudformation_are_held_against_their_models(
    token: str, inputs: dict[str, Any], finding: str
):
    found = check(Graph("desk", "test", (Resource("urn", token, "one", inputs),)))
    assert [f"{one.rule} {one.message}"[: len(finding)] for one in found] == [finding]


def test_right_calls_have_no_findings():
    calls = {
        "aws:xray/traceSegmentDestination:TraceSegmentDestination": {"destination": "CloudWatchLogs"},
        "aws:lambda/invocation:Invocation": {"functionName": "f", "qualifier": "live", "input": "{}", "triggers": {}},
        "aws:s3/bucketObjectv2:BucketObjectv2": {"bucket": "b", "key": "k", "source": {"asset": "a.zip"}},
        "aws:secretsmanager/secretVersion:SecretVersion": {"secretId": "s", "secretString": "x", "region": "r"},
    }
    assert set(calls) == set(DIRECT)
    graph = Graph("desk", "test", tuple(Resource(f"urn::{t}", t, "n", given) for t, given in calls.items()))
    assert check(graph) == []


def test_a_permission_names_function_and_qualifier_apart():
    token = "aws:lambda/permission:Permission"
    given = {"action": "lambda:InvokeFunction", "function": "f", "principal": "p", "qualifier": "li:ve"}
    [finding] = check(Graph("desk", "test", (Resource("urn", token, "p", given, {"statementId": "s"}),)))
    assert (finding.rule, finding.message[:24]) == ("pattern", "AddPermission: Qualifier")


def test_exactly_one_of_a_union_is_allowed():
    lambda_target = TARGET["targetConfiguration"]["mcp"]["lambda"]
    server = {"endpoint": "https://a.example"}
    found = findings("target", targetConfiguration={"mcp": {"lambda": lambda_target, "mcpServer": server}})
    assert any(text.startswith("union CreateGatewayTarget: targetConfiguration.mcp") for text in found), found
    assert any(text.startswith("union ") for text in findings("target", targetConfiguration={"mcp": {}}))


def test_lists_maps_and_what_is_in_them_are_checked():
    many = {f"V{n}": "x" for n in range(51)}
    assert any(
        "max CreateAgentRuntime: environmentVariables" in t for t in findings("runtime", environmentVariables=many)
    )
    long = {"V": "x" * 5001}
    assert any(
        "max CreateAgentRuntime: environmentVariables.V: 5001" in t
        for t in findings("runtime", environmentVariables=long)
    )
    key = {"k" * 101: "x"}
    assert any("(key): 101 characters" in t for t in findings("runtime", environmentVariables=key))
    assert any("should be a mapping" in t for t in findings("runtime", environmentVariables=["x"]))
    network = {"networkMode": "VPC", "networkModeConfig": {"securityGroups": [], "subnets": ["subnet-1"]}}
    found = findings("runtime", networkConfiguration=network)
    assert any(
        "min CreateAgentRuntime: networkConfiguration.networkModeConfig.securityGroups: 0 items" in t for t in found
    )
    assert any("subnets[0]: 'subnet-1' does not match" in t for t in found)
    assert any("should be a list" in t for t in findings("client", callbackUrls="x"))
    assert any("should be an object" in t for t in findings("runtime", networkConfiguration="PUBLIC"))


def test_scalars_are_of_their_kind():
    assert any(
        t.startswith("type CreateIntegration: TimeoutInMillis")
        for t in findings("integration", timeoutMilliseconds=True)
    )
    assert any(
        t.startswith("type CreateIntegration: TimeoutInMillis")
        for t in findings("integration", timeoutMilliseconds="9")
    )
    assert any(
        t.startswith("type CreateUserPoolClient: GenerateSecret") for t in findings("client", generateSecret="yes")
    )


def test_least_and_most_are_allowed():
    for milliseconds in (50, 30_000):
        assert findings("integration", timeoutMilliseconds=milliseconds) == []
    for milliseconds in (49, 30_001):
        assert findings("integration", timeoutMilliseconds=milliseconds) != []


def test_every_pattern_of_the_operations_can_be_matched():
    session = botocore.session.get_session()
    patterns = {
        shape.metadata["pattern"]
        for operation in (*OPERATIONS.values(), *DIRECT.values())
        for model in [session.get_service_model(operation.service)]
        for shape in shapes(model.operation_model(operation.name).input_shape, set())
        if "pattern" in shape.metadata
    }
    assert len(patterns) > 100
    for pattern in patterns:
        matches(pattern, "x")
    assert matches(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+", "deskside://sign-in?a=1")
    assert not matches(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+", "two words")
    assert matches(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "two words 1")
    assert not matches(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a#")


def shapes(shape: Any, seen: set[str]) -> Iterator[Any]:
    """A shape and all shapes in it."""
    if shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    match shape.type_name:
        case "structure":
            inside = list(shape.members.values())
        case "list":
            inside = [shape.member]
        case "map":
            inside = [shape.key, shape.value]
        case _:
            inside = []
    for one in inside:
        yield from shapes(one, seen)


def test_a_type_that_is_listed_neither_way_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(OPERATIONS, "AWS::Lambda::Function")  # pyright: ignore[reportArgumentType]
    with pytest.raises(LookupError, match="AWS::Lambda::Function: see OPERATIONS"):
        findings("function")


def test_no_type_is_listed_both_ways():
    assert not set(OPERATIONS) & set(SHAPES_OF_THEIR_OWN)
