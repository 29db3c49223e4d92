"""Faults in what joins the resources, each plausible by itself; found by attacking the rules, not with them in view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.validation.mutations import REMOVED, find
from tests.validation.rule_cases import alter, drop, grant, put, without_dependency, written_down
from tests.validation.seeds import ACCOUNT, CONNECTIONS, FUNCTION, REGION, Seed
from validation.graph import Graph
from validation.rules.reading import listed

TRUST = "assumeRolePolicy.Statement.0"
JWT = "authorizerConfiguration.customJwtAuthorizer"
TOOLS = "targetConfiguration.mcp.lambda.toolSchema.inlinePayloads"
VPC_MODE = "networkConfiguration.networkModeConfig"
STATEMENTS = "policy.Statement"


def _may_not(policy: str, *actions: str) -> Callable[[Graph], Graph]:
    """Actions taken out of a role's policy."""

    def change(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left = [{**s, "Action": [a for a in listed(s["Action"]) if a not in actions]} for s in statements]
        return [statement for statement in left if statement["Action"]]

    return put(f"{policy}-role-policy", STATEMENTS, change)


def _told(function: str, name: str, value: Any) -> Callable[[Graph], Graph]:
    return put(function, f"environment.variables.{name}", value, "Function")


def _agent(name: str, value: Any) -> Callable[[Graph], Graph]:
    return put("-agent-runtime", f"environmentVariables.{name}", value)


def _lacking(name: str, word: str) -> Callable[[Graph], Graph]:
    """A policy without the statements for somebody."""
    return put(name, STATEMENTS, lambda statements: [s for s in statements if word not in str(s["Principal"])])


def _permission_of_routes(graph: Graph) -> Graph:
    source = find(graph, "-routes-function", "Permission").inputs["sourceArn"]
    return put("-routes-authorizer", "sourceArn", source, "Permission")(graph)


def _role_of_authorizer(graph: Graph) -> Graph:
    return put(FUNCTION, "role", find(graph, "-authorizer-role", "Role").outputs["arn"], "Function")(graph)


def _app_client(graph: Graph) -> Graph:
    app = find(graph, "-identity-app").outputs["id"]
    return put("-tools", f"{JWT}.allowedClients", [app], "AgentcoreGateway")(graph)


def _machine_for_people(graph: Graph) -> Graph:
    machine = find(graph, "-identity-machine", "UserPoolClient").outputs["id"]
    return _told("-authorizer", "USER_POOL_CLIENT_IDS", machine)(graph)


BETWEEN: tuple[Seed, ...] = (
    # Versions and deployments that do not follow
    Seed("Endpoint's version written down", written_down("-agent-endpoint", "agentRuntimeVersion")),
    Seed("Alias's version written down", written_down("-mcp-proxy-live", "functionVersion", "Alias")),
    Seed("Deployment's trigger written down", written_down("-routes-deployment", "triggers")),
    Seed("ws-manager publishes no versions", put(FUNCTION, "publish", False, "Function")),
    Seed("Changes of a function's code ignored", alter(FUNCTION, "Function", ignore_changes=("code",))),
    Seed("Table left behind on destroy", alter("-tables-connections", retain_on_delete=True)),
    Seed("Table deleted before it is replaced", alter("-tables-connections", delete_before_replace=True)),
    Seed("No endpoint", drop("-agent-endpoint")),
    Seed("No target", drop("-tools-mac")),
    # WebSocket API
    Seed("Authorizer's permission is for routes", _permission_of_routes),
    Seed(
        "Permission for another stage",
        put("-routes-function", "sourceArn", lambda arn: arn.replace("/live/", "/prod/"), "Permission"),
    ),
    Seed(
        "Token from the query string",
        put("-routes-authorizer", "identitySources", ["route.request.querystring.token"], "Authorizer"),
    ),
    Seed("Authorizer caches for 300 s", put("-routes-authorizer", "authorizerResultTtlInSeconds", 300, "Authorizer")),
    Seed("Authorizer on chat", put("-routes-action-chat", "authorizationType", "CUSTOM")),
    Seed("API key on $connect", put("-routes-connect", "apiKeyRequired", True)),
    Seed("Integration without a method", put("-routes-function", "integrationMethod", REMOVED, "Integration")),
    Seed(
        "Integration with the function's ARN",
        put(
            "-routes-function",
            "integrationUri",
            lambda uri: uri.split("/functions/")[1].removesuffix("/invocations"),
            "Integration",
        ),
    ),
    Seed("MOCK without a template", put("-routes-action-ping", "requestTemplates", REMOVED, "Integration")),
    Seed("Whole messages logged", put("-routes", "defaultRouteSettings.dataTraceEnabled", True, "Stage")),
    Seed("Access log in plain text", put("-routes", "accessLogSettings.format", "$context.requestId", "Stage")),
    Seed("Burst of 0", put("-routes", "defaultRouteSettings.throttlingBurstLimit", 0, "Stage")),
    Seed("Stage deploys by itself besides", put("-routes", "autoDeploy", True, "Stage")),
    Seed("No log group for execution logs", drop("-routes-execution")),
    # Functions
    Seed("Handler misspelt", put(FUNCTION, "handler", "services.ws_manager.handlr.handler", "Function")),
    Seed("Another service's zip", put(FUNCTION, "code", {"archive": "mcp-proxy.zip"}, "Function")),
    Seed("Python other than the packages'", put(FUNCTION, "runtime", "python3.12", "Function")),
    Seed("Logs at FATAL", put(FUNCTION, "loggingConfig.applicationLogLevel", "FATAL", "Function")),
    Seed(
        "Logs into another function's group",
        put(FUNCTION, "loggingConfig.logGroup", "/deskside/deskside-prod-mcp-proxy", "Function"),
    ),
    # Roles
    Seed("May not log", _may_not(FUNCTION, "logs:PutLogEvents")),
    Seed("May not trace", _may_not(FUNCTION, "xray:PutTraceSegments")),
    Seed("Runs as another function's role", _role_of_authorizer),
    Seed(
        "Trust for CodeBuild on a function",
        put(f"{FUNCTION}-role", f"{TRUST}.Principal.Service", "codebuild.amazonaws.com"),
    ),
    Seed(
        "Trust for another function's ARN",
        put(f"{FUNCTION}-role", f"{TRUST}.Condition.ArnLike", {"aws:SourceArn": "arn:aws:lambda:*:*:function:other-*"}),
    ),
    Seed(
        "Trust for another account",
        put(f"{FUNCTION}-role", f"{TRUST}.Condition.StringEquals", {"aws:SourceAccount": "999999999999"}),
    ),
    Seed(
        "Trust with the condition turned round",
        put(f"{FUNCTION}-role", f"{TRUST}.Condition", lambda all: {"StringNotEquals": all["StringEquals"]}),
    ),
    Seed(
        "Administrator by managed policy",
        put(f"{FUNCTION}-role", "managedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
    Seed(
        "Every table",
        grant(f"{FUNCTION}-role-policy", "dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/*"),
    ),
    Seed("Every bucket's objects", grant(f"{FUNCTION}-role-policy", "s3:GetObject", "arn:aws:s3:::*")),
    Seed(
        "Every secret",
        grant(
            "-agent-role-policy", "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:*"
        ),
    ),
    Seed("NotResource", put(f"{FUNCTION}-role-policy", "policy.Statement.0.NotResource", "arn:aws:s3:::x")),
    Seed("Function open to everybody", put("-routes-function", "principal", "*", "Permission")),
    Seed(
        "Bucket open to everybody",
        put(
            "-image-sources-policy",
            STATEMENTS,
            lambda all: [*all, {**all[0], "Effect": "Allow", "Action": "s3:GetObject"}],
        ),
    ),
    Seed("Logging role set before it may write", alter("-account-api-gateway", dependencies=frozenset())),
    Seed("Nobody may answer callbacks", _may_not(FUNCTION, "lambda:SendDurableExecutionCallbackSuccess")),
    Seed("ws-manager may not invoke the agent", _may_not(FUNCTION, "bedrock-agentcore:InvokeAgentRuntime")),
    Seed("Agent may not read its secret", _may_not("-agent", "secretsmanager:GetSecretValue")),
    Seed("Agent may not pull its image", _may_not("-agent", "ecr:BatchGetImage")),
    Seed("Agent may not connect to the cache", _may_not("-agent", "elasticache:Connect")),
    Seed("Model not granted", _agent("MODEL_ID", "us.anthropic.claude-sonnet-5")),
    Seed("Build may not push", _may_not("-image-build", "ecr:PutImage")),
    Seed("Build may not read the sources", _may_not("-image-build", "s3:GetObject")),
    # What services are told
    Seed("Table of another stack", _told(FUNCTION, "CONNECTIONS_TABLE", CONNECTIONS.replace("prod", "dev"))),
    Seed(
        "Management URL without the stage",
        _told(FUNCTION, "WEBSOCKET_MANAGEMENT_URL", lambda url: url.rpartition("/")[0]),
    ),
    Seed("Endpoint DEFAULT", _told(FUNCTION, "AGENT_RUNTIME_QUALIFIER", "DEFAULT")),
    Seed("Machine client let in as a person", _machine_for_people),
    Seed("Token URL of another stack", _agent("TOKEN_URL", lambda url: url.replace("prod", "dev"))),
    Seed("Gateway of somebody else", _agent("GATEWAY_URL", "https://example.com/mcp")),
    # AgentCore
    Seed(
        "Tokens of another user pool",
        put("-tools", f"{JWT}.discoveryUrl", "https://x/y/.well-known/openid-configuration", "AgentcoreGateway"),
    ),
    Seed("Tokens of the Mac app", _app_client),
    Seed("Scope that nobody has", put("-tools", f"{JWT}.allowedScopes", ["deskside-tools/call"], "AgentcoreGateway")),
    Seed("Exception level DEBUG", put("-tools", "exceptionLevel", "DEBUG", "AgentcoreGateway")),
    Seed("A tool forgotten", put("-tools-mac", TOOLS, lambda tools: tools[:-1])),
    Seed("Runtime speaks MCP", put("-agent-runtime", "protocolConfiguration", {"serverProtocol": "MCP"})),
    Seed("Runtime in public subnets", put("-agent-runtime", f"{VPC_MODE}.subnets", ["subnet-0aaaaaaaaaaaaaaaa"])),
    Seed("VPC mode without a VPC", put("-agent-runtime", VPC_MODE, REMOVED)),
    # Network
    Seed("Cache lets nobody in", drop("-memory-from-agent")),
    Seed("Cache opens only one of its ports", put("-memory-from-agent", "toPort", 6379)),
    Seed("Agent may not call out", drop("-network-agent-https")),
    Seed("Endpoints let nobody in", drop("-network-endpoints-https")),
    Seed("Endpoint without private DNS", put("-network-ecr-dkr", "privateDnsEnabled", False)),
    Seed("Endpoint takes over execute-api", put("-network-xray", "serviceName", f"com.amazonaws.{REGION}.execute-api")),
    Seed("VPC without DNS names", put("-network", "enableDnsHostnames", False, "Vpc")),
    Seed("VPC without NAT", put("-network", "natGateways", {"strategy": "None"}, "Vpc")),
    # Data
    Seed("Keys other than the store's", put("-tables-requests", "hashKey", "callback_id")),
    Seed("Expiry by another attribute", put("-tables-requests", "ttl.attributeName", "ttl")),
    Seed("Index with keys only", put("-tables-connections", "globalSecondaryIndexes.0.projectionType", "KEYS_ONLY")),
    Seed("Cache user with every command", put("-memory-user", "accessString", "on ~* +@all")),
    Seed("IAM user of another name", put("-memory-user", "userName", "somebody")),
    Seed("User group of the default user", put("-memory-users", "userIds", ["default"])),
    Seed(
        "Bucket's objects without the TLS rule",
        put("-image-sources-policy", "policy.Statement.0.Resource", lambda all: all[:1]),
    ),
    Seed("Key does not admit CloudWatch", _lacking("-watch-key", "cloudwatch")),
    Seed("Key locks the account out", _lacking("-watch-key", ":root")),
    Seed("One image kept", put("-images-lifecycle", "policy.rules.1.selection.countNumber", 1)),
    Seed("Image built for x86", put("-image-project", "environment.type", "LINUX_CONTAINER")),
    Seed("Build without Docker", put("-image-project", "environment.privilegedMode", False)),
    Seed("Build of an hour", put("-image-project", "buildTimeout", 60)),
    # Identity
    Seed("Password sent to the client", put("-identity-app", "explicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH"])),
    Seed("Tokens of 60 hours", put("-identity-app", "tokenValidityUnits", REMOVED)),
    Seed("Tokens that cannot be revoked", put("-identity-app", "enableTokenRevocation", False)),
    Seed("Sign-in page without a style", drop("-identity-style")),
    Seed("Secret without a value", drop("-identity-machine-value")),
    # Observability
    Seed("No alarm on executions that time out", drop("-executions-timed-out")),
    Seed("No dashboard", drop("-watch", "Dashboard")),
    Seed("Alarm switched off", put("-executions-failed", "actionsEnabled", False)),
    Seed("Five datapoints of one", put("-executions-failed", "datapointsToAlarm", 5)),
    Seed(
        "Expression over a metric that is not there",
        put("-websocket-errors", "metricQueries.0.expression", "SUM([m0, m9])"),
    ),
    Seed("Filter pattern left open", put("-watch-agent-TurnsFailed", "pattern", '{ ($.event = "turn_failed" ')),
    Seed("Filter with default and dimensions", put("-watch-agent-ToolCalls", "metricTransformation.defaultValue", "0")),
    Seed("Event source misspelt", put("-watch-executions", "eventPattern.source", ["aws.lamda"], "EventRule")),
    Seed("Status TIMEDOUT", put("-watch-executions", "eventPattern.detail.status", ["TIMEDOUT"], "EventRule")),
    Seed("Query command misspelt", put("-latest-errors", "queryString", "fieldz @timestamp")),
    Seed("Traces delivered nowhere", drop("-tools-traces", "LogDelivery")),
    Seed("Spans switched over before X-Ray may write", without_dependency("-account-destination", "-account-spans")),
    Seed("Access key in a description", put(FUNCTION, "description", "AKIAIOSFODNN7EXAMPLE", "Function")),
)
