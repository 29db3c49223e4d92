"""What each service may do, by resource. That it is neither too little nor too much for what the services
call is shown with the running stack (`tests/e2e/test_permissions.py`)."""

from __future__ import annotations

import json

import pytest

from validation.graph import Graph
from validation.recording import record_stack

SERVICES = ("ws-manager", "mcp-proxy", "agent")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return record_stack("prod")


def _grants(graph: Graph, service: str) -> set[tuple[str, str]]:
    """Pairs of action and resource."""
    (policy,) = [
        policy
        for policy in graph.of_type("aws:iam/rolePolicy:RolePolicy")
        if policy.name == f"deskside-prod-{service}-role-policy"
    ]
    return {
        (action, resource)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def _resources(graph: Graph, service: str, prefix: str) -> set[str]:
    return {resource for action, resource in _grants(graph, service) if action.startswith(prefix)}


def _output(graph: Graph, name: str, type: str, output: str) -> str:
    return str(graph.named(f"deskside-prod-{name}", type).outputs[output])


def test_callbacks_are_answered_on_every_version_of_the_one_function(graph: Graph) -> None:
    function = _output(graph, "mcp-proxy", "aws:lambda/function:Function", "arn")
    assert _resources(graph, "ws-manager", "lambda:SendDurable") == {f"{function}:*"}
    assert not _resources(graph, "mcp-proxy", "lambda:SendDurable")
    assert not _resources(graph, "agent", "lambda:")


def test_only_ws_manager_invokes_the_agent_through_runtime_and_endpoint(graph: Graph) -> None:
    runtime = _output(
        graph, "agent-runtime", "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", "agentRuntimeArn"
    )
    assert _resources(graph, "ws-manager", "bedrock-agentcore:Invoke") == {runtime, f"{runtime}/runtime-endpoint/live"}
    for service in ("mcp-proxy", "agent"):
        assert not _resources(graph, service, "bedrock-agentcore:Invoke")


@pytest.mark.parametrize("service", SERVICES)
def test_pushes_go_to_the_one_stage(graph: Graph, service: str) -> None:
    (stage,) = graph.of_type("aws:apigatewayv2/stage:Stage")
    verbs = {"POST", "DELETE"} if service == "ws-manager" else {"POST"}
    api, name = stage.inputs["apiId"], stage.inputs["name"]
    assert _resources(graph, service, "execute-api:") == {
        f"arn:aws:execute-api:us-west-2:123456789012:{api}/{name}/{verb}/@connections/*" for verb in verbs
    }


def test_sessions_are_looked_up_through_the_index_alone(graph: Graph) -> None:
    table = next(t for t in graph.of_type("aws:dynamodb/table:Table") if "connections" in t.name).outputs["arn"]
    for service in ("mcp-proxy", "agent"):
        grants = _grants(graph, service)
        assert {resource for action, resource in grants if action == "dynamodb:Query"} == {f"{table}/index/session_id"}
        assert {action for action, resource in grants if resource == table} == {"dynamodb:DeleteItem"}


def test_only_the_agent_reads_the_machine_clients_secret(graph: Graph) -> None:
    (secret,) = graph.of_type("aws:secretsmanager/secret:Secret")
    assert _resources(graph, "agent", "secretsmanager:") == {secret.outputs["arn"]}
    for service in ("ws-manager", "mcp-proxy"):
        assert not _resources(graph, service, "secretsmanager:")
