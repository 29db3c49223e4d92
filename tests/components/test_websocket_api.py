"""The WebSocket API's addresses."""

from __future__ import annotations

import pulumi

from components.websocket_api import WebSocketApi
from validation.graph import Graph
from validation.recording import record


def _graph() -> Graph:
    def program() -> None:
        api = WebSocketApi("deskside-test-socket", {"stage_name": "live"})
        pulumi.export("url", api.url)
        pulumi.export("management_url", api.management_url)
        pulumi.export("post", api.connections_arn("POST"))
        pulumi.export("close", api.connections_arn("DELETE"))

    return record(program)


def test_messages_are_routed_by_their_action() -> None:
    inputs = _graph().named("deskside-test-socket", "aws:apigatewayv2/api:Api").inputs

    assert inputs["protocolType"] == "WEBSOCKET"
    assert inputs["routeSelectionExpression"] == "$request.body.action"


def test_clients_and_services_reach_the_same_stage() -> None:
    exports = _graph().exports

    assert exports["url"].startswith("wss://")
    assert exports["url"].endswith(".execute-api.us-east-1.amazonaws.com/live")
    assert exports["management_url"] == exports["url"].replace("wss://", "https://")


def test_connections_are_those_of_the_one_stage_and_verb() -> None:
    graph = _graph()
    arn = graph.named("deskside-test-socket", "aws:apigatewayv2/api:Api").outputs["executionArn"]

    assert graph.exports["post"] == f"{arn}/live/POST/@connections/*"
    assert graph.exports["close"] == f"{arn}/live/DELETE/@connections/*"
