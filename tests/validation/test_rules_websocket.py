from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.validation.mutations import REMOVED, find, set_input, swap
from tests.validation.rule_cases import Case, drop, fired, grant, more, put, without_dependency, written_down
from validation.graph import Graph


def _open(graph: Graph) -> Graph:
    return set_input(graph, find(graph, "-connect-route"), "authorizationType", "NONE")


def _renamed(graph: Graph) -> Graph:
    """The alias and its permission are called otherwise, the integration still calls the old one."""
    alias = find(graph, "d-ws-live")
    arn = alias.outputs["arn"].replace(":live", ":new")
    changed = replace(
        alias, inputs={**alias.inputs, "name": "new"}, outputs={**alias.outputs, "name": "new", "arn": arn}
    )
    return swap(graph, alias, changed)


def _second_permission(graph: Graph) -> Graph:
    permission = find(graph, "d-socket-permission")
    inputs = {key: value for key, value in permission.inputs.items() if key != "sourceArn"}
    return more(graph, replace(permission, urn=f"{permission.urn}-2", name=f"{permission.name}-2", inputs=inputs))


def _bare(uri: str) -> str:
    """The function's ARN instead of the path by which API Gateway invokes it."""
    return uri.split("/functions/")[1].removesuffix("/invocations")


CASES: list[Case] = [
    ("route-selection", put("d-socket", "routeSelectionExpression", REMOVED, "Api")),
    ("protocol-routes", drop("chat-route")),
    ("protocol-routes", put("chat-route", "routeKey", "prompt")),
    ("route-target", put("chat-route", "target", lambda target: target.removeprefix("integrations/"))),
    ("route-target", put("chat-route", "target", "integrations/elsewhere")),
    ("connect-unauthorized", _open),
    ("call-without-permission", drop("d-socket-permission")),
    ("call-without-permission", put("d-socket-permission", "qualifier", REMOVED)),
    ("call-without-permission", put("d-socket-permission", "principal", "events.amazonaws.com")),
    ("called-alias", _renamed),
    ("permission-source", _second_permission),
    ("integration-time-limit", put("d-socket-manager", "timeoutMilliseconds", 30000)),
    ("mock-without-response", drop("d-socket-pong")),
    ("mock-without-response", drop("d-socket-mocked")),
    ("mock-without-response", put("ping-route", "routeResponseSelectionExpression", REMOVED)),
    ("deployment-before-routes", without_dependency("d-socket-deployment", "chat-route")),
    ("stage-without-deployment", put("d-socket-stage", "deploymentId", REMOVED)),
    ("stage-unobserved", put("d-socket-stage", "accessLogSettings.destinationArn", "arn:aws:logs:x")),
    ("stage-unobserved & stage-logs-messages", put("d-socket-stage", "defaultRouteSettings", {})),
    ("stage-before-account", without_dependency("d-socket-stage", "d-account")),
    (
        "manage-connections & wide-resource",
        grant("d-ws-role-policy", "execute-api:ManageConnections", "arn:aws:execute-api:us-west-2:123456789012:*/*"),
    ),
    ("call-without-permission", put("d-socket-permission", "sourceArn", lambda arn: arn.replace("/*", "/live/*"))),
    ("call-without-permission", put("d-socket-permission", "sourceArn", lambda arn: arn.replace("/*", "/prod/*"))),
    ("connect-unauthorized", put("chat-route", "authorizationType", "CUSTOM")),
    ("connect-unauthorized", put("-connect-route", "apiKeyRequired", True)),
    ("authorizer-shape", put("d-socket-authorizer", "identitySources", ["route.request.querystring.token"])),
    ("authorizer-shape", put("d-socket-authorizer", "identitySources", REMOVED)),
    ("authorizer-shape", put("d-socket-authorizer", "authorizerResultTtlInSeconds", 300)),
    ("integration-shape", put("d-socket-manager", "integrationMethod", REMOVED)),
    ("integration-shape", put("d-socket-manager", "integrationUri", _bare)),
    ("mock-without-response", put("d-socket-ping", "requestTemplates", REMOVED)),
    ("mock-without-response", put("d-socket-ping", "requestTemplates", {"application/json": '{"statusCode": 200}'})),
    ("deployment-before-routes", written_down("d-socket-deployment", "triggers")),
    ("stage-without-deployment", put("d-socket-stage", "autoDeploy", True)),
    ("stage-unobserved", put("d-socket-stage", "defaultRouteSettings.throttlingBurstLimit", 0)),
    ("stage-logs-messages", put("d-socket-stage", "defaultRouteSettings.dataTraceEnabled", True)),
    ("stage-logs-messages", put("d-socket-stage", "accessLogSettings.format", "$context.requestId")),
    (
        "stage-logs-messages",
        put("d-socket-stage", "accessLogSettings.format", '{"t": "$context.authorizer.principalId"}'),
    ),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
