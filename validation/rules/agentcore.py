"""Agent runtime, its endpoint and image, and the tool gateway."""

from __future__ import annotations

import re

from services.contract.tools import TOOLS
from validation.graph import Graph, Resource
from validation.rules.identity import CLIENT, POOL
from validation.rules.reading import (
    ALIAS,
    ENDPOINT,
    GATEWAY,
    INVOCATION,
    PERMISSION,
    REPOSITORY,
    RUNTIME,
    TARGET,
    all_dependencies,
    allows,
    at,
    found,
    function_of,
    identity_statements,
    listed,
    mapping,
    role_statements,
    sources,
    told,
)
from validation.rules.rule import Problems

RUNTIME_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}")
"""Runtimes and endpoints (service model); Pulumi's own names, with a hyphen, do not fit."""

GATEWAY_NAME = re.compile(r"([0-9a-zA-Z][-]?){1,48}")
TARGET_NAME = re.compile(r"([0-9a-zA-Z][-]?){1,100}")
AUTO_NAMED = 8
"""Characters that Pulumi appends to a logical name."""

TOOL_SCHEMA = "targetConfiguration.mcp.lambda.toolSchema"

LONGEST_SESSION = 8 * 60 * 60
"""Seconds a session's microVM may live (AgentCore quotas)."""


def runtime_name(graph: Graph) -> Problems:
    """Runtimes and endpoints are named in full: AgentCore forbids the hyphen of Pulumi's own names."""
    for type, key in ((RUNTIME, "agentRuntimeName"), (ENDPOINT, "name")):
        for resource in graph.of_type(type):
            name = resource.inputs.get(key)
            if not isinstance(name, str) or not RUNTIME_NAME.fullmatch(name):
                yield resource, f"is named {name}; allowed are a letter and up to 47 letters, digits and underscores"


def endpoint_unpinned(graph: Graph) -> Problems:
    """An endpoint serves the version that the update makes."""
    for endpoint in graph.of_type(ENDPOINT):
        runtime = found(graph, RUNTIME, "agentRuntimeId", endpoint.inputs.get("agentRuntimeId"))
        version = endpoint.inputs.get("agentRuntimeVersion")
        if runtime is None:
            yield endpoint, "is for a runtime that is not there"
        elif version is None or runtime.urn not in sources(graph, endpoint, "agentRuntimeVersion"):
            yield endpoint, f"serves version {version}, not the one that the update makes"


def gateway_name(graph: Graph) -> Problems:
    """Gateways and targets have names that AgentCore takes; 48 and 100 characters, no underscore."""
    for type, pattern in ((GATEWAY, GATEWAY_NAME), (TARGET, TARGET_NAME)):
        for resource in graph.of_type(type):
            name = str(resource.inputs.get("name") or resource.name + "-" + "x" * (AUTO_NAMED - 1))
            if not pattern.fullmatch(name):
                yield resource, f"is named {name} ({len(name)} characters), which AgentCore refuses"


def gateway_open(graph: Graph) -> Problems:
    """A gateway asks for tokens of one client with one scope, from an issuer that can be discovered."""
    for gateway in graph.of_type(GATEWAY):
        if gateway.inputs.get("authorizerType") != "CUSTOM_JWT":
            yield gateway, f"has the authorizer {gateway.inputs.get('authorizerType')}"
            continue
        jwt = mapping(at(gateway, "authorizerConfiguration.customJwtAuthorizer"))
        if not jwt:
            yield gateway, "is CUSTOM_JWT without a configuration"
            continue
        if not str(jwt.get("discoveryUrl")).endswith("/.well-known/openid-configuration"):
            yield gateway, f"has the discovery URL {jwt.get('discoveryUrl')}"
        if not jwt.get("allowedClients") or not jwt.get("allowedScopes"):
            yield gateway, "takes tokens of any client or scope of the user pool"
        if jwt.get("allowedAudiences"):
            yield gateway, "asks for an audience, which Cognito's access tokens do not have"


def _lambda_arn(target: Resource) -> str | None:
    arn = at(target, "targetConfiguration.mcp.lambda.lambdaArn")
    return arn if isinstance(arn, str) else None


def gateway_tokens(graph: Graph) -> Problems:
    """The tokens that a gateway asks for are those that a machine client of its issuer gets."""
    for gateway in graph.of_type(GATEWAY):
        jwt = mapping(at(gateway, "authorizerConfiguration.customJwtAuthorizer"))
        issuer = str(jwt.get("discoveryUrl")).removesuffix("/.well-known/openid-configuration").rpartition("/")[2]
        pool = found(graph, POOL, "id", issuer)
        if pool is None:
            yield gateway, f"takes tokens of {issuer}, which is no user pool of the stack"
        for allowed in listed(jwt.get("allowedClients")):
            client = found(graph, CLIENT, "id", allowed)
            if client is None or "client_credentials" not in listed(client.inputs.get("allowedOauthFlows")):
                yield gateway, f"takes tokens of {allowed}, which is no machine client of the stack"
            elif not set(listed(jwt.get("allowedScopes"))) <= set(listed(client.inputs.get("allowedOauthScopes"))):
                yield gateway, f"asks for {jwt.get('allowedScopes')}, which its client never gets"


def gateway_talkative(graph: Graph) -> Problems:
    """A gateway does not show the model how its tools failed inside."""
    for gateway in graph.of_type(GATEWAY):
        if gateway.inputs.get("exceptionLevel") is not None:
            yield gateway, f"has the exception level {gateway.inputs['exceptionLevel']}"


def nothing_served(graph: Graph) -> Problems:
    """A runtime has an endpoint, a gateway a target."""
    served = {endpoint.inputs.get("agentRuntimeId") for endpoint in graph.of_type(ENDPOINT)}
    for runtime in graph.of_type(RUNTIME):
        if told(runtime, "agentRuntimeId") not in served:
            yield runtime, "has no endpoint"
    served = {target.inputs.get("gatewayIdentifier") for target in graph.of_type(TARGET)}
    for gateway in graph.of_type(GATEWAY):
        if told(gateway, "gatewayId") not in served:
            yield gateway, "has no target"


def target_tools(graph: Graph) -> Problems:
    """A target offers the tools of the one declaration, all of them and no others."""
    for target in graph.of_type(TARGET):
        offered = [mapping(t).get("name") for t in listed(at(target, f"{TOOL_SCHEMA}.inlinePayloads"))]
        if sorted(map(str, offered)) != sorted(tool.name for tool in TOOLS):
            yield target, f"offers {', '.join(map(str, offered)) or 'nothing'}, not the tools that are declared"


def target_gateway(graph: Graph) -> Problems:
    """A target names its gateway by id: an ARN ends in a misleading AccessDenied."""
    for target in graph.of_type(TARGET):
        if found(graph, GATEWAY, "gatewayId", target.inputs.get("gatewayIdentifier")) is None:
            yield target, f"is for {target.inputs.get('gatewayIdentifier')}, which is no gateway's id"


def target_function(graph: Graph) -> Problems:
    """A target calls an alias that exists."""
    for target in graph.of_type(TARGET):
        if found(graph, ALIAS, "arn", _lambda_arn(target)) is None:
            yield target, f"calls {_lambda_arn(target)}, which is no alias of ours"


def target_without_permission(graph: Graph) -> Problems:
    """The gateway's role may call what the gateway's targets name, by the very ARN."""
    for target in graph.of_type(TARGET):
        gateway = found(graph, GATEWAY, "gatewayId", target.inputs.get("gatewayIdentifier"))
        arn = _lambda_arn(target)
        if gateway is None or arn is None:
            continue
        by_role = allows(role_statements(graph, gateway.inputs.get("roleArn")), "lambda:InvokeFunction", arn)
        by_function = any(
            p.inputs.get("principal") == "bedrock-agentcore.amazonaws.com"
            and function_of(graph, p.inputs.get("function")) is function_of(graph, arn)
            and p.inputs.get("qualifier") == arn.rsplit(":", 1)[-1]
            for p in graph.of_type(PERMISSION)
        )
        if not by_role and not by_function:
            yield target, f"calls {arn}, for which the gateway has no permission"


def target_credentials(graph: Graph) -> Problems:
    """A Lambda target is called with the gateway's own role."""
    for target in graph.of_type(TARGET):
        if _lambda_arn(target) and at(target, "credentialProviderConfiguration.gatewayIamRole") is None:
            yield target, "does not say that it is called with the gateway's role"


def _image(runtime: Resource) -> str:
    return str(at(runtime, "agentRuntimeArtifact.containerConfiguration.containerUri"))


def mutable_image(graph: Graph) -> Problems:
    """A runtime's image is in our repository, under a tag that is its content."""
    for runtime in graph.of_type(RUNTIME):
        uri, _, tag = _image(runtime).rpartition(":")
        repository = found(graph, REPOSITORY, "repositoryUrl", uri)
        if repository is None:
            yield runtime, f"runs {_image(runtime)}, which is not in a repository of ours"
        elif not re.search(r"[0-9a-f]{12}", tag):
            yield runtime, f"runs an image with the tag {tag}, which can come to mean another image"


def runtime_before_image(graph: Graph) -> Problems:
    """A runtime is created after the invocation that builds its image."""
    for runtime in graph.of_type(RUNTIME):
        tag = _image(runtime).rpartition(":")[2]
        builds = [i for i in graph.of_type(INVOCATION) if tag in str(i.inputs.get("input"))]
        if not builds:
            yield runtime, "runs an image that nothing builds"
        elif not {build.urn for build in builds} & all_dependencies(graph, runtime):
            yield runtime, "may be created before its image is built"


def runtime_unchecked(graph: Graph) -> Problems:
    """An endpoint serves a version that the deployment has checked: only those that require MMDSv2 can be invoked."""
    checks = {invocation.urn for invocation in graph.of_type(INVOCATION)}
    for endpoint in graph.of_type(ENDPOINT):
        if not endpoint.property_dependencies.get("agentRuntimeVersion", frozenset[str]()) & checks:
            yield endpoint, "serves a version that nothing checked"


def runtime_protocol(graph: Graph) -> Problems:
    """A runtime answers ws-manager: HTTP, signed with SigV4, in a shape that CreateAgentRuntime takes."""
    for runtime in graph.of_type(RUNTIME):
        protocol = at(runtime, "protocolConfiguration.serverProtocol")
        if protocol not in (None, "HTTP"):
            yield runtime, f"speaks {protocol}, ws-manager HTTP"
        if runtime.inputs.get("authorizerConfiguration"):
            yield runtime, "asks for a JWT, with which the AWS SDK cannot invoke it"
        if at(runtime, "networkConfiguration.networkModeConfig.requireServiceS3Endpoint") is not None:
            yield runtime, "has requireServiceS3Endpoint, which AgentCore refuses from those who create runtimes"


def session_lifetime(graph: Graph) -> Problems:
    """An idle session ends before the longest, and the longest within AgentCore's 8 hours."""
    for runtime in graph.of_type(RUNTIME):
        for lifecycle in listed(runtime.inputs.get("lifecycleConfigurations")):
            idle, longest = (lifecycle.get(key, 0) for key in ("idleRuntimeSessionTimeout", "maxLifetime"))
            if not 60 <= idle <= longest <= LONGEST_SESSION:
                yield runtime, f"ends idle sessions after {idle} s and all after {longest} s"


def invoke_one_arn(graph: Graph) -> Problems:
    """Who may invoke the runtime may invoke its endpoint too: AgentCore asks for both."""
    action = "bedrock-agentcore:InvokeAgentRuntime"
    for endpoint in graph.of_type(ENDPOINT):
        runtime = found(graph, RUNTIME, "agentRuntimeId", endpoint.inputs.get("agentRuntimeId"))
        if runtime is None:
            continue
        both = str(told(runtime, "agentRuntimeArn")), str(told(endpoint, "agentRuntimeEndpointArn"))
        for statement in identity_statements(graph):
            allowed = [allows([statement], action, arn) for arn in both]
            if any(allowed) and not all(allowed):
                yield statement.owner, "may invoke only one of the runtime and its endpoint; AgentCore asks for both"


RULES = (
    runtime_name,
    endpoint_unpinned,
    gateway_name,
    gateway_open,
    gateway_tokens,
    gateway_talkative,
    nothing_served,
    target_tools,
    target_gateway,
    target_function,
    target_without_permission,
    target_credentials,
    mutable_image,
    runtime_before_image,
    runtime_unchecked,
    runtime_protocol,
    session_lifetime,
    invoke_one_arn,
)
