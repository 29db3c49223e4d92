"""What the services are told: it leads to something in the stack, which their roles may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from components.model_access import PROFILE
from validation.graph import Graph, Resource
from validation.rules.identity import CLIENT, DOMAIN, POOL
from validation.rules.reading import (
    API,
    ENDPOINT,
    FUNCTION,
    GATEWAY,
    PROJECT,
    REPOSITORY,
    RUNTIME,
    SECRET,
    STAGE,
    TABLE,
    Statement,
    at,
    covers,
    found,
    identifier,
    listed,
    mapping,
    role_statements,
    told,
)
from validation.rules.rule import Problems
from validation.rules.storage import BUCKETS, CACHE

Known = Callable[[Graph], Iterable[Any]]


def _of(type: str, key: str) -> Known:
    return lambda graph: [told(resource, key) for resource in graph.of_type(type)]


def _management_urls(graph: Graph) -> Iterator[str]:
    for stage in graph.of_type(STAGE):
        if api := found(graph, API, "id", stage.inputs.get("apiId")):
            yield f"{str(told(api, 'apiEndpoint')).replace('wss://', 'https://')}/{stage.inputs.get('name')}"


def _clients(flow: str) -> Known:
    return lambda graph: [
        identifier(client) for client in graph.of_type(CLIENT) if flow in listed(client.inputs.get("allowedOauthFlows"))
    ]


def _token_urls(graph: Graph) -> Iterator[str]:
    for domain in graph.of_type(DOMAIN):
        if pool := found(graph, POOL, "id", domain.inputs.get("userPoolId")):
            region = str(identifier(pool)).split("_")[0]
            yield f"https://{domain.inputs.get('domain')}.auth.{region}.amazoncognito.com/oauth2/token"


def _scopes(graph: Graph) -> Iterator[str]:
    for client in graph.of_type(CLIENT):
        yield from listed(client.inputs.get("allowedOauthScopes"))


def _stores(graph: Graph) -> Iterator[str]:
    yield from (f"s3://{told(bucket, 'bucket')}/sessions" for bucket in graph.of_type(*BUCKETS))
    for cache in graph.of_type(CACHE):
        for end in listed(told(cache, "endpoints")):
            yield f"valkeys://{mapping(end).get('address')}:{mapping(end).get('port')}"


REFERENCES: Mapping[str, Known] = {
    "CONNECTIONS_TABLE": _of(TABLE, "name"),
    "REQUESTS_TABLE": _of(TABLE, "name"),
    "WEBSOCKET_MANAGEMENT_URL": _management_urls,
    "AGENT_RUNTIME_ARN": _of(RUNTIME, "agentRuntimeArn"),
    "AGENT_RUNTIME_QUALIFIER": _of(ENDPOINT, "name"),
    "GATEWAY_URL": _of(GATEWAY, "gatewayUrl"),
    "TOKEN_URL": _token_urls,
    "MACHINE_CLIENT_ID": _clients("client_credentials"),
    "MACHINE_CLIENT_SECRET_ID": _of(SECRET, "arn"),
    "MACHINE_SCOPE": _scopes,
    "USER_POOL_ISSUER": lambda graph: [f"https://{told(pool, 'endpoint')}" for pool in graph.of_type(POOL)],
    "USER_POOL_CLIENT_IDS": _clients("code"),
    "SESSION_STORE": _stores,
    "CODEBUILD_PROJECT": _of(PROJECT, "name"),
    "ECR_REPOSITORY": _of(REPOSITORY, "name"),
}
"""By variable of a service's settings: what it may say."""


def _environments(graph: Graph) -> Iterator[tuple[Resource, Mapping[str, str], Any]]:
    """What holds variables, the variables, and its role."""
    for function in graph.of_type(FUNCTION):
        yield function, mapping(at(function, "environment.variables")), function.inputs.get("role")
    for runtime in graph.of_type(RUNTIME):
        yield runtime, mapping(runtime.inputs.get("environmentVariables")), runtime.inputs.get("roleArn")


def environment_dangling(graph: Graph) -> Problems:
    """What a variable names is in the stack, and of the right kind."""
    for resource, variables, _ in _environments(graph):
        for name in REFERENCES.keys() & variables.keys():
            known = {str(value) for value in REFERENCES[name](graph)}
            for value in variables[name].split(",") if name.endswith("_IDS") else [variables[name]]:
                if value.partition("?")[0] not in known:
                    yield resource, f"has the variable {name} = {value}, which is not in the stack"


def _store_needs(graph: Graph, value: str) -> Iterator[tuple[str, str]]:
    for bucket in graph.of_type(*BUCKETS):
        if value.startswith(f"s3://{told(bucket, 'bucket')}/"):
            inside = f"{told(bucket, 'arn')}/sessions/any"
            yield from ((f"s3:{verb}Object", inside) for verb in ("Get", "Put"))
            yield "s3:ListBucket", str(told(bucket, "arn"))
    for cache in graph.of_type(CACHE):
        if "user=" in value:
            yield "elasticache:Connect", str(told(cache, "arn"))


def _needs(graph: Graph, name: str, value: str) -> Iterator[tuple[str, str]]:
    """Actions, as patterns, and ARNs that a service with this variable cannot do without."""
    if name.endswith("_TABLE") and (table := found(graph, TABLE, "name", value)):
        yield "dynamodb:*", str(told(table, "arn"))
    elif name == "WEBSOCKET_MANAGEMENT_URL":
        for stage in graph.of_type(STAGE):
            if api := found(graph, API, "id", stage.inputs.get("apiId")):
                stage_arn = f"{told(api, 'executionArn')}/{stage.inputs.get('name')}"
                yield "execute-api:ManageConnections", f"{stage_arn}/POST/@connections/any"
    elif name == "AGENT_RUNTIME_ARN":
        yield "bedrock-agentcore:InvokeAgentRuntime", value
    elif name == "MACHINE_CLIENT_SECRET_ID":
        yield "secretsmanager:GetSecretValue", value
    elif name == "SESSION_STORE":
        yield from _store_needs(graph, value)
    elif name == "CODEBUILD_PROJECT" and (project := found(graph, PROJECT, "name", value)):
        yield "codebuild:StartBuild", str(told(project, "arn"))
    elif name == "ECR_REPOSITORY" and (repository := found(graph, REPOSITORY, "name", value)):
        yield "ecr:DescribeImages", str(told(repository, "arn"))


def _reaches(statement: Statement, action: str, arn: str) -> bool:
    """Whether a statement allows such an action on the resource, or on an index of it."""
    acts = any(covers(action, one) for one in statement.actions)
    return acts and any(covers(one, arn) or one.startswith(f"{arn}/index/") for one in statement.resources)


def environment_forbidden(graph: Graph) -> Problems:
    """What a variable names, the service's role may use."""
    for resource, variables, role in _environments(graph):
        statements = [s for s in role_statements(graph, role) if s.effect == "Allow"]
        for name, value in variables.items():
            for action, arn in _needs(graph, name, value):
                if not any(_reaches(statement, action, arn) for statement in statements):
                    yield resource, f"is told {name}, but its role may not {action} on {arn}"


def model_forbidden(graph: Graph) -> Problems:
    """The agent may invoke its model, streaming too, and a profile's in the Regions it may choose."""
    for runtime, variables, role in _environments(graph):
        model = variables.get("MODEL_ID")
        if model is None or variables.get("MODEL_PROVIDER") != "bedrock":
            continue
        profile = PROFILE.fullmatch(model)
        for action in ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"):
            allowed = [
                resource
                for statement in role_statements(graph, role)
                if action in statement.actions
                for resource in statement.resources
            ]
            own = f":foundation-model/{profile['model'] if profile else model}"
            regions = {resource.split(":")[3] for resource in allowed if resource.endswith(own)}
            if profile and not any(resource.endswith(f":inference-profile/{model}") for resource in allowed):
                yield runtime, f"may not {action} with {model}"
            elif not regions or (profile and len(regions) < 2):
                yield runtime, f"may not {action} where {model} may run"


RULES = (environment_dangling, environment_forbidden, model_forbidden)
