"""Routes, authorizer, deployment and stage of the WebSocket API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components import websocket_routes
from components.websocket_routes import WebSocketRoutes, WebSocketRoutesArgs
from services.contract.limits import TIMEOUTS
from services.contract.messages import CLIENT_MESSAGES, Pong, encode
from validation import faithful
from validation.graph import Graph, Resource
from validation.recording import record

NAME = "deskside-test-routes"
API = "arn:aws:execute-api:us-east-1:123456789012:abcdefghij"


def _function(name: str) -> websocket_routes.InvokedFunctionArgs:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}:live"
    return {
        "name": name,
        "alias": "live",
        "invoke_arn": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    }


def _args() -> WebSocketRoutesArgs:
    return {
        "api_id": "abcdefghij",
        "execution_arn": API,
        "stage_name": "live",
        "function": _function("ws-manager"),
        "authorizer": _function("authorizer"),
        "message_rate": 50,
        "message_burst": 100,
        "log_retention_days": 14,
    }


def _graph(change: Callable[[WebSocketRoutesArgs], object] = lambda _: None) -> Graph:
    args = _args()
    change(args)
    return record(lambda: WebSocketRoutes(NAME, args))


def _of(graph: Graph, kind: str) -> list[Resource]:
    return graph.of_type(f"aws:apigatewayv2/{kind[0].lower()}{kind[1:]}:{kind}")


def _only(graph: Graph, kind: str) -> Resource:
    (resource,) = _of(graph, kind)
    return resource


def _id(resource: Resource) -> str:
    return faithful.outputs(resource.type, resource.name, resource.inputs, "us-east-1")[0]


def _routes(graph: Graph) -> dict[str, Resource]:
    return {route.inputs["routeKey"]: route for route in _of(graph, "Route")}


def _integration(graph: Graph, route_key: str) -> Resource:
    target = _routes(graph)[route_key].inputs["target"].removeprefix("integrations/")
    (found,) = (one for one in _of(graph, "Integration") if _id(one) == target)
    return found


def _trigger(graph: Graph) -> str:
    return _only(graph, "Deployment").inputs["triggers"]["sha256"]


def test_every_client_message_has_a_route() -> None:
    assert set(_routes(_graph())) == {"$connect", "$disconnect", "$default", *CLIENT_MESSAGES}


def test_a_new_client_message_gets_a_route_and_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _trigger(_graph())
    monkeypatch.setitem(CLIENT_MESSAGES, "goodbye", CLIENT_MESSAGES["chat"])
    graph = _graph()

    assert _integration(graph, "goodbye").inputs["integrationType"] == "AWS_PROXY"
    assert _trigger(graph) != before


def test_all_but_ping_go_to_the_function_within_the_limit() -> None:
    graph = _graph()
    for route_key in {*_routes(graph)} - {"ping"}:
        inputs = _integration(graph, route_key).inputs
        assert inputs["integrationType"] == "AWS_PROXY"
        assert inputs["integrationUri"] == _args()["function"]["invoke_arn"]
        assert inputs["integrationMethod"] == "POST"
        assert inputs["timeoutMilliseconds"] == TIMEOUTS.integration * 1000


def test_only_connect_is_authorized_and_by_the_header() -> None:
    graph = _graph()
    authorizer = _only(graph, "Authorizer")
    routes = _routes(graph)

    assert routes["$connect"].inputs["authorizationType"] == "CUSTOM"
    assert routes["$connect"].inputs["authorizerId"] == _id(authorizer)
    assert {route.inputs["authorizationType"] for key, route in routes.items() if key != "$connect"} == {"NONE"}
    assert authorizer.inputs["identitySources"] == ["route.request.header.Authorization"]
    assert authorizer.inputs["authorizerUri"] == _args()["authorizer"]["invoke_arn"]


def test_ping_is_answered_without_a_function() -> None:
    graph = _graph()
    integration = _integration(graph, "ping")
    response = _only(graph, "IntegrationResponse").inputs
    route_response = _only(graph, "RouteResponse").inputs

    assert integration.inputs["integrationType"] == "MOCK"
    assert "integrationUri" not in integration.inputs
    # The backslash is part of the value: without it AWS looks for a variable named `default`.
    assert integration.inputs["templateSelectionExpression"] == r"\$default"
    assert json.loads(integration.inputs["requestTemplates"]["$default"]) == {"statusCode": 200}
    assert response["integrationId"] == _id(integration)
    assert integration.urn in _only(graph, "IntegrationResponse").dependencies
    assert _routes(graph)["ping"].urn in _only(graph, "RouteResponse").dependencies
    assert response["integrationResponseKey"] == "$default"
    assert response["templateSelectionExpression"] == "${integration.response.statuscode}"
    assert response["responseTemplates"] == {"200": encode(Pong()).decode()}
    assert _routes(graph)["ping"].inputs["routeResponseSelectionExpression"] == "$default"
    assert route_response["routeId"] == _id(_routes(graph)["ping"])
    assert route_response["routeResponseKey"] == "$default"


@pytest.mark.parametrize("answer", websocket_routes.FIXED_ANSWERS.values())
def test_a_fixed_answer_has_nothing_that_the_template_language_would_replace(answer: Any) -> None:
    assert not {"$", "#"} & {*encode(answer).decode()}


def test_api_gateway_may_call_the_aliases_for_this_api_only() -> None:
    graph = _graph()
    permissions = {one.inputs["function"]: one.inputs for one in graph.of_type("aws:lambda/permission:Permission")}
    authorizer = _id(_only(graph, "Authorizer"))

    assert permissions.keys() == {"ws-manager", "authorizer"}
    assert permissions["ws-manager"]["sourceArn"] == f"{API}/live/*"
    assert permissions["authorizer"]["sourceArn"] == f"{API}/authorizers/{authorizer}"
    for inputs in permissions.values():
        assert inputs["qualifier"] == "live"
        # The ARN names the account; whether API Gateway tells it besides is documented nowhere.
        assert "sourceAccount" not in inputs
        assert inputs["principal"] == "apigateway.amazonaws.com"


def _other_function(args: WebSocketRoutesArgs) -> None:
    args["function"] = _function("ws-manager-2")


def _other_authorizer(args: WebSocketRoutesArgs) -> None:
    args["authorizer"] = _function("authorizer-2")


@pytest.mark.parametrize("change", [_other_function, _other_authorizer])
def test_what_is_deployed_makes_a_new_deployment_when_it_changes(
    change: Callable[[WebSocketRoutesArgs], object],
) -> None:
    assert _trigger(_graph(change)) != _trigger(_graph())


def test_another_answer_makes_a_new_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _trigger(_graph())
    monkeypatch.setattr(websocket_routes, "encode", lambda _: b'{"event":"pong"}')

    assert _trigger(_graph()) != before


def test_another_authorization_makes_a_new_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _trigger(_graph())
    real = websocket_routes.aws.apigatewayv2.RouteArgs

    def changed(**inputs: Any) -> object:
        return real(**{**inputs, "authorization_type": "AWS_IAM"})

    monkeypatch.setattr(websocket_routes.aws.apigatewayv2, "RouteArgs", changed)

    assert _trigger(_graph()) != before


def test_settings_of_the_stage_make_no_deployment() -> None:
    assert _trigger(_graph(lambda args: args.update({"message_rate": 1, "log_retention_days": 30}))) == _trigger(
        _graph()
    )


def test_the_deployment_waits_for_all_that_it_holds() -> None:
    graph = _graph()
    deployment = _only(graph, "Deployment")
    kinds = ("Route", "Integration", "IntegrationResponse", "RouteResponse", "Authorizer")

    assert deployment.dependencies >= {part.urn for kind in kinds for part in _of(graph, kind)}
    # AWS refuses to delete a deployment that the stage points to.
    assert not deployment.delete_before_replace


def test_the_stage_serves_the_deployment_within_the_rate() -> None:
    graph = _graph()
    inputs = _only(graph, "Stage").inputs

    assert inputs["name"] == "live"
    assert inputs["deploymentId"] == _id(_only(graph, "Deployment"))
    assert "autoDeploy" not in inputs
    assert inputs["defaultRouteSettings"] == {
        "throttlingRateLimit": 50,
        "throttlingBurstLimit": 100,
        "detailedMetricsEnabled": True,
        "loggingLevel": "ERROR",
        "dataTraceEnabled": False,
    }


def test_access_is_logged_as_json_without_token_message_or_address() -> None:
    graph = _graph()
    settings = _only(graph, "Stage").inputs["accessLogSettings"]
    fields = json.loads(settings["format"])

    assert settings["destinationArn"] == graph.named(f"{NAME}-access").outputs["arn"]
    assert "\n" not in settings["format"]
    assert {"requestId", "extendedRequestId", "routeKey", "connectionId", "status", "error"} <= fields.keys()
    assert {"integrationLatency", "integrationError", "authorizerError"} <= fields.keys()
    assert all(value.startswith("$context.") for value in fields.values())
    forbidden = ("identity", "principalId", "authorizer.owner", "request.", "body", "token")
    assert not [value for value in fields.values() if any(word in value for word in forbidden)]


def test_both_logs_expire_and_exist_before_api_gateway_writes() -> None:
    graph = _graph()
    logs = graph.of_type("aws:cloudwatch/logGroup:LogGroup")
    execution = graph.named(f"{NAME}-execution")

    assert [log.inputs["retentionInDays"] for log in logs] == [14, 14]
    assert execution.inputs["name"] == "/aws/apigateway/abcdefghij/live"
    assert {log.urn for log in logs} <= _only(graph, "Stage").dependencies


def test_the_stage_opens_when_the_functions_may_be_called() -> None:
    graph = _graph()
    permissions = graph.of_type("aws:lambda/permission:Permission")

    assert {one.urn for one in permissions} <= _only(graph, "Stage").dependencies


def test_everything_belongs_to_the_component() -> None:
    graph = _graph()
    component = graph.of_type("deskside:index:WebSocketRoutes")[0]

    assert {one.parent for one in graph if one.custom and not one.type.startswith("pulumi:")} == {component.urn}
