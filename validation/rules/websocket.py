"""The WebSocket API: routes reach integrations, integrations may call their functions, and it is deployed."""

from __future__ import annotations

import re
from typing import Any

from services.contract.limits import API_GATEWAY_INTEGRATION_TIMEOUT
from services.contract.messages import CLIENT_MESSAGES
from validation.graph import Graph, Resource
from validation.rules.reading import (
    ALIAS,
    API,
    AUTHORIZER,
    DEPLOYMENT,
    INTEGRATION,
    LOG_GROUP,
    PERMISSION,
    ROUTE,
    STAGE,
    all_dependencies,
    at,
    covers,
    decoded,
    found,
    function_of,
    identifier,
    identity_statements,
    listed,
    mapping,
    qualifier_of,
    sources,
    told,
)
from validation.rules.rule import Problems

ROUTE_RESPONSE = "aws:apigatewayv2/routeResponse:RouteResponse"
INTEGRATION_RESPONSE = "aws:apigatewayv2/integrationResponse:IntegrationResponse"
API_GATEWAY = "apigateway.amazonaws.com"


def _websockets(graph: Graph) -> list[Resource]:
    return [api for api in graph.of_type(API) if api.inputs.get("protocolType") == "WEBSOCKET"]


def _of_api(graph: Graph, api: Resource, *types: str) -> list[Resource]:
    return _of_api_id(graph, identifier(api), *types)


def _of_api_id(graph: Graph, api_id: Any, *types: str) -> list[Resource]:
    return [r for r in graph.of_type(*types) if r.inputs.get("apiId") == api_id]


def route_selection(graph: Graph) -> Problems:
    """A WebSocket API chooses the route by the message's `action`."""
    for api in _websockets(graph):
        if api.inputs.get("routeSelectionExpression") != "$request.body.action":
            yield api, f"selects routes by {api.inputs.get('routeSelectionExpression')}, not $request.body.action"


def protocol_routes(graph: Graph) -> Problems:
    """Every action of the protocol has its route, besides $connect, $disconnect and $default."""
    for api in _websockets(graph):
        keys = {route.inputs.get("routeKey") for route in _of_api(graph, api, ROUTE)}
        for missing in sorted({*CLIENT_MESSAGES, "$connect", "$disconnect", "$default"} - keys):
            yield api, f"has no route {missing}"
        for unknown in sorted(map(str, keys - {*CLIENT_MESSAGES, "$connect", "$disconnect", "$default"})):
            yield api, f"has a route {unknown} that no message of the protocol uses"


def route_target(graph: Graph) -> Problems:
    """A route's target is `integrations/` and the id of an integration of the same API."""
    for route in graph.of_type(ROUTE):
        target = str(route.inputs.get("target"))
        integration = found(graph, INTEGRATION, "id", target.removeprefix("integrations/"))
        if not target.startswith("integrations/"):
            yield route, f"has the target {target}, which is not integrations/…"
        elif integration is None or integration.inputs.get("apiId") != route.inputs.get("apiId"):
            yield route, f"has the target {target}, an integration that its API does not have"


def connect_unauthorized(graph: Graph) -> Problems:
    """`$connect` asks a Lambda authorizer of the same API."""
    for route in graph.of_type(ROUTE):
        if route.inputs.get("apiKeyRequired") is True:
            yield route, "asks for an API key, which no client has"
        if route.inputs.get("routeKey") != "$connect":
            if route.inputs.get("authorizationType", "NONE") != "NONE":
                yield route, "is authorized; API Gateway does that for $connect only"
            continue
        authorizer = found(graph, AUTHORIZER, "id", route.inputs.get("authorizerId"))
        if route.inputs.get("authorizationType") != "CUSTOM" or authorizer is None:
            yield route, "lets anybody connect"
        elif authorizer.inputs.get("authorizerType") != "REQUEST":
            yield authorizer, "is not a REQUEST authorizer, the only type of a WebSocket API"


def authorizer_shape(graph: Graph) -> Problems:
    """The authorizer looks at a header, where tokens are not logged, and has nothing that is for HTTP APIs."""
    for authorizer in graph.of_type(AUTHORIZER):
        given = listed(authorizer.inputs.get("identitySources"))
        if not given or not all(str(one).startswith("route.request.header.") for one in given):
            yield authorizer, f"takes the token from {given or 'nowhere'}, not from a header"
        for key in ("authorizerResultTtlInSeconds", "authorizerPayloadFormatVersion", "enableSimpleResponses"):
            if authorizer.inputs.get(key) is not None:
                yield authorizer, f"has {key}, which is for HTTP APIs"


def _callers(graph: Graph) -> list[tuple[Resource, str]]:
    """What API Gateway calls: the resource, and the function's ARN within its URI."""
    return [
        (resource, uri)
        for type, key in ((INTEGRATION, "integrationUri"), (AUTHORIZER, "authorizerUri"))
        for resource in graph.of_type(type)
        if ":lambda:" in (uri := str(resource.inputs.get(key)))
    ]


def call_without_permission(graph: Graph) -> Problems:
    """For each function that API Gateway calls there is a permission, for that alias and that API."""
    for resource, uri in _callers(graph):
        function, alias = function_of(graph, uri), qualifier_of(uri)
        api = found(graph, API, "id", resource.inputs.get("apiId"))
        if function is None or api is None:
            yield resource, "calls a function, or belongs to an API, that is not there"
            continue
        permissions = [p for p in graph.of_type(PERMISSION) if _permits(graph, p, function, alias)]
        paths = _called_for(graph, resource)
        if not all(
            any(covers(str(p.inputs.get("sourceArn")), f"{told(api, 'executionArn')}/{path}") for p in permissions)
            for path in paths
        ):
            called = f"{function.name}:{alias}" if alias else function.name
            yield resource, f"calls {called} without a permission for that alias and API"


def _called_for(graph: Graph, resource: Resource) -> list[str]:
    """What comes after the API's ARN in the source ARN when API Gateway calls for that authorizer or integration."""
    if resource.type == AUTHORIZER:
        return [f"authorizers/{identifier(resource)}"]
    keys = [r.inputs.get("routeKey") for r in graph.of_type(ROUTE) if _leads(r, resource)]
    stages = [s for s in graph.of_type(STAGE) if s.inputs.get("apiId") == resource.inputs.get("apiId")]
    return [f"{stage.inputs.get('name')}/{key}" for stage in stages for key in keys]


def _leads(route: Resource, integration: Resource) -> bool:
    return route.inputs.get("target") == f"integrations/{identifier(integration)}"


def _permits(graph: Graph, permission: Resource, function: Resource, alias: str | None) -> bool:
    """Whether a permission lets API Gateway call that alias, for whatever it calls it."""
    return (
        function_of(graph, permission.inputs.get("function")) is function
        and permission.inputs.get("action") == "lambda:InvokeFunction"
        and permission.inputs.get("principal") == API_GATEWAY
        and permission.inputs.get("qualifier") == alias
        and isinstance(permission.inputs.get("sourceArn"), str)
    )


def called_alias(graph: Graph) -> Problems:
    """API Gateway calls an alias that exists, so that a deployment switches code in one step."""
    for resource, uri in _callers(graph):
        function, alias = function_of(graph, uri), qualifier_of(uri)
        names = {
            a.inputs.get("name")
            for a in graph.of_type(ALIAS)
            if function and function_of(graph, a.inputs.get("functionName")) is function
        }
        if function is not None and alias is not None and alias not in names:
            yield resource, f"calls {function.name}:{alias}, an alias it does not have"
        elif function is not None and alias is None and not function.inputs.get("durableConfig"):
            yield resource, f"calls {function.name} without an alias"


def permission_source(graph: Graph) -> Problems:
    """A permission for a service names the resource it may call for."""
    for permission in graph.of_type(PERMISSION):
        source = permission.inputs.get("sourceArn")
        if not isinstance(source, str) or source.strip("*") == "":
            yield permission, "lets the service call for any customer's resource: no sourceArn"


def integration_time_limit(graph: Graph) -> Problems:
    """An integration's timeout is within API Gateway's 29 s."""
    for integration in graph.of_type(INTEGRATION):
        milliseconds = integration.inputs.get("timeoutMilliseconds", 29_000)
        if not 50 <= milliseconds <= API_GATEWAY_INTEGRATION_TIMEOUT * 1000:
            yield integration, f"has a timeout of {milliseconds} ms; API Gateway allows 50 to 29000"


def integration_shape(graph: Graph) -> Problems:
    """A Lambda integration is a POST to the function's invocation path."""
    for resource, uri in _callers(graph):
        if not re.fullmatch(r"arn:[^:]+:apigateway:[^:]+:lambda:path/.+/functions/.+/invocations", uri):
            yield resource, f"calls {uri}, which is not an invocation path of Lambda"
        if resource.type == INTEGRATION and resource.inputs.get("integrationMethod") != "POST":
            yield resource, f"calls Lambda with {resource.inputs.get('integrationMethod')}; it takes POST only"


def mock_without_response(graph: Graph) -> Problems:
    """A route answered by a MOCK integration has what it takes to send the answer."""
    for integration in graph.of_type(INTEGRATION):
        if integration.inputs.get("integrationType") != "MOCK":
            continue
        own = identifier(integration)
        template = mapping(integration.inputs.get("requestTemplates")).get("$default")
        if "statusCode" not in mapping(decoded(template)):
            yield integration, "is a MOCK whose template for every message gives no status code"
        if not mentioned(graph, INTEGRATION_RESPONSE, "integrationId", own):
            yield integration, "is a MOCK without an integration response"
        for route in graph.of_type(ROUTE):
            if route.inputs.get("target") != f"integrations/{own}":
                continue
            if route.inputs.get("routeResponseSelectionExpression") != "$default":
                yield route, "is answered by a MOCK but sends no answer: no route response selection"
            if not mentioned(graph, ROUTE_RESPONSE, "routeId", identifier(route)):
                yield route, "is answered by a MOCK but has no route response"


def mentioned(graph: Graph, type: str, key: str, value: Any) -> bool:
    """Whether a resource of the type has the value as that input."""
    return any(r.inputs.get(key) == value for r in graph.of_type(type))


def deployment_before_routes(graph: Graph) -> Problems:
    """A deployment waits for all that it freezes, and is made anew when any of it changes."""
    for deployment in graph.of_type(DEPLOYMENT):
        before = all_dependencies(graph, deployment)
        for part in graph.of_type(ROUTE, INTEGRATION, AUTHORIZER, ROUTE_RESPONSE, INTEGRATION_RESPONSE):
            if part.inputs.get("apiId") == deployment.inputs.get("apiId") and part.urn not in before:
                yield deployment, f"does not wait for {part.name}"
        made_from = sources(graph, deployment, "triggers")
        if not deployment.inputs.get("triggers") or not all(
            i.urn in made_from for i in _of_api_id(graph, deployment.inputs.get("apiId"), INTEGRATION)
        ):
            yield deployment, "has no triggers made from its integrations: changed routes would never be deployed"
        if deployment.delete_before_replace:
            yield deployment, "is deleted before it is replaced, which its stage forbids"


def stage_without_deployment(graph: Graph) -> Problems:
    """Every WebSocket API has a stage, and the stage a deployment of the API."""
    for api in _websockets(graph):
        if not _of_api(graph, api, STAGE):
            yield api, "has no stage"
    for stage in graph.of_type(STAGE):
        deployment = found(graph, DEPLOYMENT, "id", stage.inputs.get("deploymentId"))
        if stage.inputs.get("autoDeploy") is True:
            if stage.inputs.get("deploymentId") is not None:
                yield stage, "deploys by itself and is given a deployment, which API Gateway refuses"
            continue
        if deployment is None or deployment.inputs.get("apiId") != stage.inputs.get("apiId"):
            yield stage, "has no deployment: every connection would be answered with 403"


def stage_unobserved(graph: Graph) -> Problems:
    """A stage limits the rate and writes its access log to one of our log groups."""
    for stage in graph.of_type(STAGE):
        for limit in ("throttlingRateLimit", "throttlingBurstLimit"):
            if not at(stage, f"defaultRouteSettings.{limit}"):
                yield stage, f"does not limit the rate, or lets nobody in: {limit}"
        destination = str(at(stage, "accessLogSettings.destinationArn")).removesuffix(":*")
        if found(graph, LOG_GROUP, "arn", destination) is None:
            yield stage, "writes its access log to no log group of ours"


def stage_logs_messages(graph: Graph) -> Problems:
    """Logs hold no messages and no tokens; each line of the access log is one JSON object."""
    for stage in graph.of_type(STAGE):
        if at(stage, "defaultRouteSettings.dataTraceEnabled") is not False:
            yield stage, "may log whole messages: people's prompts and their Macs' logs"
        format = str(at(stage, "accessLogSettings.format"))
        if not mapping(decoded(format)):
            yield stage, "has an access log that is not JSON"
        if re.search(r"request\.(header|querystring|body)|authorizer\.(token|principalId)", format):
            yield stage, "writes tokens, messages or people's names into its access log"


def stage_before_account(graph: Graph) -> Problems:
    """Where the stack sets API Gateway's logging role, the stage waits for it."""
    accounts = graph.of_type("aws:apigateway/account:Account")
    for stage in graph.of_type(STAGE):
        before = all_dependencies(graph, stage)
        for account in accounts:
            if stage.inputs.get("accessLogSettings") and account.urn not in before:
                yield stage, f"can log only after {account.name}, but does not wait for it"


def manage_connections(graph: Graph) -> Problems:
    """Connections are managed on the one stage of the API, by verb."""
    stages = [
        f"{told(api, 'executionArn')}/{stage.inputs.get('name')}"
        for stage in graph.of_type(STAGE)
        if (api := found(graph, API, "id", stage.inputs.get("apiId")))
    ]
    for statement in identity_statements(graph):
        if not any(action.startswith("execute-api:") for action in statement.actions):
            continue
        for resource in statement.resources:
            if not any(
                re.fullmatch(re.escape(stage) + r"/(GET|POST|DELETE)/@connections/\*", resource) for stage in stages
            ):
                yield statement.owner, f"may manage connections of {resource}, not of the one stage by verb"


RULES = (
    route_selection,
    protocol_routes,
    route_target,
    connect_unauthorized,
    authorizer_shape,
    call_without_permission,
    called_alias,
    permission_source,
    integration_time_limit,
    integration_shape,
    mock_without_response,
    deployment_before_routes,
    stage_without_deployment,
    stage_unobserved,
    stage_logs_messages,
    stage_before_account,
    manage_connections,
)
