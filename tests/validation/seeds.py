"""Faults of the kind that pass a review and fail in AWS, each put into the real program's graph or source.

The graph is prod's: it has everything that dev has, and the VPC and the cache besides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.validation.mutations import REMOVED, find, set_input
from tests.validation.rule_cases import alter, drop, grant, put, without_dependency
from validation.faithful import physical
from validation.graph import Graph

ACCOUNT = "123456789012"
REGION = "us-west-2"


@dataclass(frozen=True, slots=True)
class Seed:
    """One fault in the recorded graph."""

    fault: str
    """What somebody did."""
    change: Callable[[Graph], Graph]


@dataclass(frozen=True, slots=True)
class SourceSeed:
    """One fault in the source, found when the program runs."""

    fault: str
    module: str
    old: str
    """Occurs once in the module."""
    new: str
    caught: str
    """In the message that stops the run, or in what the recording complains about."""


@dataclass(frozen=True, slots=True)
class TypeSeed:
    """One line of a program that pyright must object to."""

    fault: str
    line: str
    rule: str
    """Of pyright."""


def _grow(name: str, type: str, path: str, item: Any) -> Callable[[Graph], Graph]:
    return put(name, path, lambda items: [*items, item], type)


def _unqualified(name: str, type: str, path: str) -> Callable[[Graph], Graph]:
    """`live` taken out of an ARN or a URI."""
    return put(name, path, lambda arn: arn.replace(":live", ""), type)


def _on_the_durable_function(path: str) -> Callable[[Graph], Graph]:
    """The WebSocket integration calls mcp-proxy, without its alias."""

    def change(graph: Graph) -> Graph:
        function = find(graph, "-mcp-proxy", "Function")
        return set_input(graph, find(graph, "-routes-function", "Integration"), path, function.outputs["invokeArn"])

    return change


def _secret_in_agent(graph: Graph) -> Graph:
    secret = find(graph, "-identity-machine", "UserPoolClient").outputs["clientSecret"]
    return put("-agent-runtime", "environmentVariables.MACHINE_CLIENT_SECRET_ID", secret)(graph)


def _secret_export(graph: Graph) -> Graph:
    secret = find(graph, "-identity-machine", "UserPoolClient").outputs["clientSecret"]
    return replace(graph, exports={**graph.exports, "machineClientSecret": secret})


FUNCTION = "-ws-manager"
CACHE = "-memory"
MCP_PROXY = physical("aws:lambda/function:Function", "deskside-prod-mcp-proxy")
CONNECTIONS = physical("aws:dynamodb/table:Table", "deskside-prod-tables-connections")
SEEDS: tuple[Seed, ...] = (
    # Durable functions
    Seed("WebSocket integration calls the durable function unqualified", _on_the_durable_function("integrationUri")),
    Seed(
        "Gateway target calls the durable function unqualified",
        _unqualified("-tools-mac", "AgentcoreGatewayTarget", "targetConfiguration.mcp.lambda.lambdaArn"),
    ),
    Seed(
        "Gateway may invoke the durable function only unqualified",
        _unqualified("-tools-role-policy", "RolePolicy", "policy.Statement.0.Resource.0"),
    ),
    Seed("Durable build invoked without a qualifier", put("-image-build", "qualifier", REMOVED)),
    Seed("Durable function does not publish versions", put("-mcp-proxy", "publish", False, "Function")),
    Seed("Durable function has no alias", drop("-mcp-proxy-live", "Alias")),
    Seed("Alias points to $LATEST", put("-mcp-proxy-live", "functionVersion", "$LATEST", "Alias")),
    Seed("Durable execution may run a day", put("-mcp-proxy", "durableConfig.executionTimeout", 86400, "Function")),
    Seed(
        "Durable execution outlives the tool call", put("-mcp-proxy", "durableConfig.executionTimeout", 600, "Function")
    ),
    Seed("Durable retention of 400 days", put("-mcp-proxy", "durableConfig.retentionPeriod", 400, "Function")),
    Seed(
        "executionTimeouts instead of executionTimeout",
        put("-mcp-proxy", "durableConfig", {"executionTimeouts": 180}, "Function"),
    ),
    Seed(
        "Durable role may not checkpoint",
        put(
            "-mcp-proxy-role-policy",
            "policy.Statement",
            lambda all: [s for s in all if "lambda:CheckpointDurableExecution" not in s["Action"]],
        ),
    ),
    Seed(
        "Callbacks granted on the alias",
        grant(
            "-ws-manager-role-policy",
            "lambda:SendDurableExecutionCallbackSuccess",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{MCP_PROXY}:live",
        ),
    ),
    # Functions
    Seed("Runtime python3.99", put(FUNCTION, "runtime", "python3.99", "Function")),
    Seed("Architecture aarch64", put(FUNCTION, "architectures", ["aarch64"], "Function")),
    Seed("Function timeout of 1000 s", put(FUNCTION, "timeout", 1000, "Function")),
    Seed("Function behind API Gateway may run a minute", put(FUNCTION, "timeout", 60, "Function")),
    Seed("Memory of 20000 MB", put(FUNCTION, "memorySize", 20000, "Function")),
    Seed("Reserved variable AWS_REGION", put(FUNCTION, "environment.variables.AWS_REGION", REGION, "Function")),
    Seed("Tracing mode Activ", put(FUNCTION, "tracingConfig.mode", "Activ", "Function")),
    Seed("Empty environment", put(FUNCTION, "environment", {"variables": {}}, "Function")),
    Seed(
        "Handler's log group is not in the stack",
        put(FUNCTION, "loggingConfig.logGroup", "/aws/lambda/ws-manager", "Function"),
    ),
    Seed("Token in a plain variable", put(FUNCTION, "environment.variables.API_TOKEN", "12345678", "Function")),
    # WebSocket API
    Seed("Protocol WS", put("-socket", "protocolType", "WS", "Api")),
    Seed("No route selection expression", put("-socket", "routeSelectionExpression", REMOVED, "Api")),
    Seed("Integration type LAMBDA_PROXY", put("-routes-function", "integrationType", "LAMBDA_PROXY", "Integration")),
    Seed("Integration timeout of 60 s", put("-routes-function", "timeoutMilliseconds", 60000, "Integration")),
    Seed(
        "Route target without integrations/",
        put("-routes-action-chat", "target", lambda target: target.removeprefix("integrations/")),
    ),
    Seed("Route to an integration that is not there", put("-routes-action-chat", "target", "integrations/gone")),
    Seed("A route of the protocol forgotten", drop("-routes-action-async_callback", "Route")),
    Seed("$connect without authorizer", put("-routes-connect", "authorizationType", "NONE")),
    Seed("No permission for API Gateway", drop("-routes-function", "Permission")),
    Seed("No permission for the authorizer", drop("-routes-authorizer", "Permission")),
    Seed("Permission without the alias", put("-routes-function", "qualifier", REMOVED, "Permission")),
    Seed("Permission for any API", put("-routes-function", "sourceArn", REMOVED, "Permission")),
    Seed("ping answered, but no answer sent", drop("-routes-action-ping", "RouteResponse")),
    Seed("Deployment does not wait for a route", without_dependency("-routes-deployment", "-routes-action-chat")),
    Seed("Deployment that never follows changes", put("-routes-deployment", "triggers", REMOVED)),
    Seed("Stage without deployment", put("-routes", "deploymentId", REMOVED, "Stage")),
    # IAM
    Seed(
        "IAM action misspelt",
        grant(
            "-ws-manager-role-policy",
            "dynamodb:PutItems",
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{CONNECTIONS}",
        ),
    ),
    Seed("Action *", grant("-ws-manager-role-policy", "*", "*")),
    Seed("All of DynamoDB", grant("-ws-manager-role-policy", "dynamodb:PutItem", "*")),
    Seed(
        "Resource of another service", grant("-ws-manager-role-policy", "dynamodb:GetItem", f"arn:aws:s3:::{ACCOUNT}/x")
    ),
    Seed(
        "Trust principal lamdba.amazonaws.com",
        put("-ws-manager-role", "assumeRolePolicy.Statement.0.Principal.Service", "lamdba.amazonaws.com"),
    ),
    Seed(
        "Trust without source account",
        put("-tools-role", "assumeRolePolicy.Statement.0.Condition.StringEquals", REMOVED),
    ),
    Seed("Trust without source ARN", put("-tools-role", "assumeRolePolicy.Statement.0.Condition.ArnLike", REMOVED)),
    Seed("Effect Alow", grant("-ws-manager-role-policy", "dynamodb:GetItem", "*", Effect="Alow")),
    Seed(
        "Query on the table instead of its index",
        put(
            "-mcp-proxy-role-policy",
            "policy.Statement",
            lambda all: [
                {**s, "Resource": [arn.removesuffix("/index/session_id") for arn in s["Resource"]]} for s in all
            ],
        ),
    ),
    Seed(
        "ManageConnections on every API",
        grant(
            "-ws-manager-role-policy", "execute-api:ManageConnections", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/*"
        ),
    ),
    Seed(
        "Role may be passed to anything",
        grant("-ws-manager-role-policy", "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/*"),
    ),
    Seed(
        "Policy names a table of another stack",
        grant(
            "-ws-manager-role-policy",
            "dynamodb:GetItem",
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/deskside-dev-tables-connections-1a2b3c4",
        ),
    ),
    # AgentCore
    Seed("Runtime name with a hyphen", put("-agent-runtime", "agentRuntimeName", "deskside-prod")),
    Seed("Endpoint named by Pulumi", put("-agent-endpoint", "name", REMOVED)),
    Seed("Endpoint without a version", put("-agent-endpoint", "agentRuntimeVersion", REMOVED)),
    Seed(
        "Image from Docker Hub",
        put("-agent-runtime", "agentRuntimeArtifact.containerConfiguration.containerUri", "docker.io/deskside:1"),
    ),
    Seed(
        "Image tag latest",
        put(
            "-agent-runtime",
            "agentRuntimeArtifact.containerConfiguration.containerUri",
            lambda uri: uri.rpartition(":")[0] + ":latest",
        ),
    ),
    Seed("Network mode PRIVATE", put("-agent-runtime", "networkConfiguration.networkMode", "PRIVATE")),
    Seed(
        "Idle timeout beyond the lifetime",
        put("-agent-runtime", "lifecycleConfigurations.0.idleRuntimeSessionTimeout", 40000),
    ),
    Seed("No endpoint for ECR in the VPC", drop("-network-ecr-dkr")),
    Seed("Client secret in the agent's environment", _secret_in_agent),
    Seed("Gateway name of 60 characters", put("-tools", "name", "g" * 60, "AgentcoreGateway")),
    Seed("Gateway name with underscores", put("-tools", "name", "deskside_tools!", "AgentcoreGateway")),
    Seed("Authorizer CUSTOM_JWTT", put("-tools", "authorizerType", "CUSTOM_JWTT", "AgentcoreGateway")),
    Seed("CUSTOM_JWT without configuration", put("-tools", "authorizerConfiguration", REMOVED, "AgentcoreGateway")),
    Seed(
        "Discovery URL without well-known path",
        put(
            "-tools",
            "authorizerConfiguration.customJwtAuthorizer.discoveryUrl",
            "https://cognito-idp.example/pool",
            "AgentcoreGateway",
        ),
    ),
    Seed(
        "Tokens of every client accepted",
        put("-tools", "authorizerConfiguration.customJwtAuthorizer.allowedClients", REMOVED, "AgentcoreGateway"),
    ),
    Seed("Target without credentials", put("-tools-mac", "credentialProviderConfiguration", REMOVED)),
    Seed(
        "Tool schema type objekt",
        put("-tools-mac", "targetConfiguration.mcp.lambda.toolSchema.inlinePayloads.0.inputSchema.type", "objekt"),
    ),
    Seed("Gateway created before its role's policy", alter("-tools", "AgentcoreGateway", dependencies=frozenset())),
    # Data
    Seed(
        "Index on an undeclared attribute",
        put("-tables-connections", "globalSecondaryIndexes.0.keySchemas.0.attributeName", "sessionid"),
    ),
    Seed(
        "Projection type EVERYTHING",
        put("-tables-connections", "globalSecondaryIndexes.0.projectionType", "EVERYTHING"),
    ),
    Seed("Rows never expire", put("-tables-requests", "ttl", REMOVED)),
    Seed("No point-in-time recovery in prod", put("-tables-requests", "pointInTimeRecovery.enabled", False)),
    Seed("Table can be destroyed in prod", alter("-tables-connections", protect=False)),
    Seed("Deletion protection off in prod", put("-tables-connections", "deletionProtectionEnabled", False)),
    Seed("Cache engine valky", put(CACHE, "engine", "valky", "ServerlessCache")),
    Seed(
        "Cache storage in GiB",
        put(CACHE, "cacheUsageLimits", {"dataStorage": {"unit": "GiB", "maximum": 1}}, "ServerlessCache"),
    ),
    Seed("Cache open to the internet", put("-memory-from-agent", "cidrIpv4", "0.0.0.0/0")),
    Seed("Bucket may become public", put("-image-sources-private", "blockPublicPolicy", False)),
    Seed("Bucket without the TLS rule", drop("-image-sources-policy")),
    Seed("Image tags can be moved", put("-image-images", "imageTagMutability", "MUTABLE")),
    Seed("Images are not scanned", put("-image-images", "imageScanningConfiguration.scanOnPush", False)),
    # Identity and secrets
    Seed("Machine client with two flows", _grow("-identity-machine", "UserPoolClient", "allowedOauthFlows", "code")),
    Seed("Machine client without secret", put("-identity-machine", "generateSecret", False, "UserPoolClient")),
    Seed(
        "Flow client_credential", put("-identity-machine", "allowedOauthFlows", ["client_credential"], "UserPoolClient")
    ),
    Seed("App client with a secret", put("-identity-app", "generateSecret", True)),
    Seed("Callback over plain HTTP", put("-identity-app", "callbackUrls", ["http://deskside.example/"])),
    Seed("No sign-in domain", drop("-identity-domain")),
    Seed("Machine secret in plain in the state", alter("-identity-machine-value", secrets=frozenset())),
    Seed("Machine secret exported", _secret_export),
    # Observability
    Seed("Log group kept for ever", put("-mcp-proxy-logs", "retentionInDays", REMOVED)),
    Seed("Retention of 42 days", put("-mcp-proxy-logs", "retentionInDays", 42)),
    Seed("Alarm period of 45 s", put("-executions-failed", "period", 45)),
    Seed("Alarm on a metric that does not exist", put("-executions-failed", "metricName", "DurableExecutionsFailed")),
    Seed("Alarm on a function that does not exist", put("-executions-failed", "dimensions.FunctionName", "mcp-proxy")),
    Seed("Alarm that tells nobody", put("-executions-failed", "alarmActions", REMOVED)),
    Seed("Dashboard is not JSON", put("-watch", "dashboardBody", "{'widgets': []}", "Dashboard")),
    Seed("Log filter of a metric removed, its alarm kept", drop("-watch-authorizer-ConnectionsRefused")),
    Seed(
        "Topic does not admit EventBridge",
        put(
            "-watch-topic-policy",
            "policy.Statement",
            lambda all: [s for s in all if "events" not in str(s["Principal"])],
        ),
    ),
    # Structure and names
    Seed("Resource through a default provider", alter("-tables-connections", provider=None)),
    Seed("Resource outside any component", alter("-tables-connections", parent=None)),
    Seed(
        "No environment tag",
        lambda graph: set_input(
            graph, graph.of_type("pulumi:providers:aws")[0], "defaultTags.tags.Environment", REMOVED
        ),
    ),
    Seed("Fixed name without delete-before-replace", alter("-agent-runtime", delete_before_replace=False)),
    Seed("X-Ray group name of 40 characters", put("-watch-traces", "groupName", "t" * 40)),
)

SOURCE_SEEDS: tuple[SourceSeed, ...] = (
    SourceSeed(
        "Misspelt keyword argument",
        "components.tables",
        'range_key="callback_id",',
        'rangekey="callback_id",',
        "rangekey",
    ),
    SourceSeed(
        "Two resources of one name",
        "components.tables",
        'f"{name}-requests",\n            billing_mode',
        'f"{name}-connections",\n            billing_mode',
        "duplicate resource URN",
    ),
    SourceSeed(
        "Output put into an f-string",
        "components.tables",
        'pulumi.Output.concat(connections.arn, f"/index/{SESSION_INDEX}")',
        'pulumi.Output.from_input(f"{connections.arn}/index/{SESSION_INDEX}")',
        "Output put into text",
    ),
    SourceSeed(
        "Required argument forgotten",
        "components.websocket_api",
        'protocol_type="WEBSOCKET",',
        "",
        "protocol_type",
    ),
    SourceSeed(
        "Setting left empty that the service needs",
        "components.tables",
        "self.requests_name = requests.name",
        'self.requests_name = pulumi.Output.from_input("")',
        "requests_table",
    ),
)

TYPE_SEEDS: tuple[TypeSeed, ...] = (
    TypeSeed("Argument misspelt", 'aws.sns.Topic("t", displayname="x")', "reportCallIssue"),
    TypeSeed(
        "Key misspelt in a nested dict",
        'aws.lambda_.Function("f", role="r", tracing_config={"moode": "Active"})',
        "reportArgumentType",
    ),
    TypeSeed(
        "Number given as a mapping", 'aws.lambda_.Function("f", role="r", timeout={"s": 3})', "reportArgumentType"
    ),
    TypeSeed("Resource given for its name", 'aws.iam.RolePolicy("p", role="r", policy=topic)', "reportArgumentType"),
    TypeSeed("Output that does not exist", "print(topic.topic_arn)", "reportAttributeAccessIssue"),
    TypeSeed(
        "Service setting misspelt",
        'McpProxySettings(connection_table="c", requests_table="r", websocket_management_url="https://x/live")',
        "reportCallIssue",
    ),
    TypeSeed("Component argument forgotten", 'Tables("t", {})', "reportArgumentType"),
)
