from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.validation.mutations import REMOVED, find, swap
from tests.validation.rule_cases import Case, alter, drop, fired, put, without_dependency, written_down
from validation.graph import Graph


def _other_alias(graph: Graph) -> Graph:
    """Target and permission agree on an alias that is not there."""
    arn = find(graph, "d-mcp-live").outputs["arn"].replace(":live", ":old")
    changed = put("d-tools-role-policy", "policy.Statement.0.Resource", arn)(graph)
    return put("d-tools-mac", "targetConfiguration.mcp.lambda.lambdaArn", arn)(changed)


def _latest(graph: Graph) -> Graph:
    """Built and run under a tag that moves."""
    uri = "agentRuntimeArtifact.containerConfiguration.containerUri"
    changed = put("d-built", "input.tag", "latest")(graph)
    return put("d-agent", uri, lambda uri: uri.replace("0123456789abcdef", "latest"), "AgentcoreAgentRuntime")(changed)


JWT = "authorizerConfiguration.customJwtAuthorizer"
WELL_KNOWN = "/.well-known/openid-configuration"
TOOLS = "targetConfiguration.mcp.lambda.toolSchema.inlinePayloads"
RUNTIME = "AgentcoreAgentRuntime"


def _checked_by_nothing(graph: Graph) -> Graph:
    endpoint, runtime = find(graph, "d-agent-endpoint"), find(graph, "d-agent", RUNTIME)
    made = {**endpoint.property_dependencies, "agentRuntimeVersion": frozenset({runtime.urn})}
    return swap(graph, endpoint, replace(endpoint, property_dependencies=made))


CASES: list[Case] = [
    ("runtime-name", put("d-agent", "agentRuntimeName", "d-agent", "AgentcoreAgentRuntime")),
    ("runtime-name & function-log-group", put("d-agent-endpoint", "name", REMOVED)),
    ("endpoint-unpinned", put("d-agent-endpoint", "agentRuntimeVersion", REMOVED)),
    ("gateway-name", alter("d-tools-mac", name="d_tools-mac")),
    ("gateway-open", put("d-tools", "authorizerType", "NONE", "AgentcoreGateway")),
    ("gateway-open & gateway-tokens", put("d-tools", "authorizerConfiguration", REMOVED, "AgentcoreGateway")),
    (
        "gateway-open",
        put("d-tools", "authorizerConfiguration.customJwtAuthorizer.allowedClients", [], "AgentcoreGateway"),
    ),
    (
        "target-gateway & nothing-served",
        put("d-tools-mac", "gatewayIdentifier", "arn:aws:bedrock-agentcore:us-west-2:123456789012:gateway/x"),
    ),
    ("target-function", _other_alias),
    (
        "target-without-permission",
        put("d-tools-role-policy", "policy.Statement.0.Resource", lambda arn: arn.replace(":live", ":old")),
    ),
    ("target-credentials", put("d-tools-mac", "credentialProviderConfiguration", REMOVED)),
    ("mutable-image", _latest),
    (
        "mutable-image",
        put(
            "d-agent",
            "agentRuntimeArtifact.containerConfiguration.containerUri",
            "public.ecr.aws/x:0123456789abcdef",
            "AgentcoreAgentRuntime",
        ),
    ),
    ("runtime-before-image", without_dependency("d-agent", "d-built")),
    ("session-lifetime", put("d-agent", "lifecycleConfigurations.0.maxLifetime", 600, "AgentcoreAgentRuntime")),
    ("invoke-one-arn", put("d-ws-role-policy", "policy.Statement.3.Resource", lambda both: both[:1])),
    ("endpoint-unpinned & runtime-unchecked", written_down("d-agent-endpoint", "agentRuntimeVersion")),
    ("gateway-tokens", put("d-tools", f"{JWT}.discoveryUrl", f"https://x/y{WELL_KNOWN}", "AgentcoreGateway")),
    ("gateway-tokens", put("d-tools", f"{JWT}.allowedClients", ["somebody"], "AgentcoreGateway")),
    ("gateway-tokens", put("d-tools", f"{JWT}.allowedScopes", ["tools/listen"], "AgentcoreGateway")),
    ("gateway-talkative", put("d-tools", "exceptionLevel", "DEBUG", "AgentcoreGateway")),
    ("nothing-served", drop("d-tools-mac")),
    ("nothing-served", drop("d-agent-endpoint")),
    ("target-tools", put("d-tools-mac", TOOLS, lambda tools: tools[:-1])),
    ("target-tools", put("d-tools-mac", f"{TOOLS}.0.name", "run")),
    ("runtime-unchecked", _checked_by_nothing),
    ("runtime-protocol", put("d-agent", "protocolConfiguration", {"serverProtocol": "MCP"}, RUNTIME)),
    ("runtime-protocol", put("d-agent", "authorizerConfiguration", {"customJwtAuthorizer": {}}, RUNTIME)),
    (
        "runtime-protocol",
        put("d-agent", "networkConfiguration.networkModeConfig.requireServiceS3Endpoint", True, RUNTIME),
    ),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
