from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED, find
from tests.validation.rule_cases import Case, alter, fired, put, without_dependency
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


CASES: list[Case] = [
    ("runtime-name", put("d-agent", "agentRuntimeName", "d-agent", "AgentcoreAgentRuntime")),
    ("runtime-name", put("d-agent-endpoint", "name", REMOVED)),
    ("endpoint-unpinned", put("d-agent-endpoint", "agentRuntimeVersion", REMOVED)),
    ("gateway-name", alter("d-tools-mac", name="d_tools-mac")),
    ("gateway-open", put("d-tools", "authorizerType", "NONE", "AgentcoreGateway")),
    ("gateway-open", put("d-tools", "authorizerConfiguration", REMOVED, "AgentcoreGateway")),
    (
        "gateway-open",
        put("d-tools", "authorizerConfiguration.customJwtAuthorizer.allowedClients", [], "AgentcoreGateway"),
    ),
    (
        "target-gateway",
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
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {rule}
