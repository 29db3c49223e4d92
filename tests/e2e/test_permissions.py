"""Each service's role allows what the service does in a day's work, and nothing it never does.

The local stack logs every call to AWS by the service that signed it; the roles are those of the
recorded dev stack.
"""

from __future__ import annotations

import asyncio
import json
import time

import boto3
import pytest

from local.client.mac import Manner, SimulatedMac
from local.config import ALIAS, CONNECTIONS_TABLE, MCP_PROXY, REGION, REQUESTS_TABLE, STAGE
from services.contract.tools import TRUSTED_ARGUMENTS
from services.stores.connections import Connection, Connections
from tests.e2e.conftest import Stack
from validation.graph import Graph
from validation.recording import record_stack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

Call = tuple[str, str | None]
"""IAM action and, where several are possible, what it is done to."""

INFRASTRUCTURE = ("logs:", "xray:", "cloudwatch:", "ecr:", "s3:", "elasticache:", "bedrock-agentcore:GetWorkload")
"""What roles have beside the calls of our code: telemetry, the image, and the session memory,
which is not AWS's in the local stack (tests/components/test_session_memory.py)."""

UNSEEN = {
    # The SDK asks for it only when an execution's history does not fit its invocation.
    "mcp-proxy": {("lambda:GetDurableExecutionState", None)},
    # Strands streams; a model option can turn that off.
    "agent": {("bedrock:InvokeModel", None)},
}
"""Allowed and not done here, each with its reason."""


async def _a_days_work(stack: Stack) -> None:
    """All three patterns; declined and unanswered requests; sockets that are gone or forgotten."""
    mac = SimulatedMac(transition_seconds=0.1)
    async with stack.person("perm", "work", mac) as (connection, _):
        await connection.ask_text("Help me connect to my VPN")
        await connection.ask_text("What's my VPN status?")
        mac.behave("request_logs", Manner.DECLINE)
        await connection.ask_text("Analyze my VPN logs")
        mac.behave("request_logs", Manner.NEVER)
        await connection.ask_text("Analyze my VPN logs")
        _leave_a_dead_row(stack)
        await connection.ask_text("[[say 2]]")  # the agent meets it, and forgets it
        _leave_a_dead_row(stack)
        await asyncio.to_thread(_call_tool, stack)  # and so does mcp-proxy
    async with stack.socket("perm", hello="forgotten") as raw:
        (opened,) = stack.events("connected", service="ws-manager")[-1:]
        _connections(stack).remove(str(opened["connection_id"]))
        await raw.chat("hello?", "forgotten")
        await asyncio.wait_for(raw.closed, 5)


def _connections(stack: Stack) -> Connections:
    session = boto3.Session("test", "test", region_name=REGION)
    return Connections(session.client("dynamodb", endpoint_url=stack.config.url("aws")), CONNECTIONS_TABLE)


def _leave_a_dead_row(stack: Stack) -> None:
    """What stays when `$disconnect` never came: a newer connection that does not exist any more."""
    (finished,) = stack.events("tool_call_finished", service="mcp-proxy")[-1:]
    connections = _connections(stack)
    connections.open(Connection("dead", "perm", int(time.time()) + 3600))
    assert connections.bind("dead", session_id=str(finished["session_id"]), session_name="work")


def _call_tool(stack: Stack) -> None:
    """What the Gateway does, without the agent, which would have met the dead connection first."""
    (finished,) = stack.events("tool_call_finished", service="mcp-proxy")[-1:]
    trusted = {name: str(finished[name]) for name in TRUSTED_ARGUMENTS}
    session = boto3.Session("test", "test", region_name=REGION)
    answer = session.client("lambda", endpoint_url=stack.config.url("functions")).invoke(
        FunctionName=MCP_PROXY, Qualifier=ALIAS, Payload=json.dumps({"command": "connect_vpn", **trusted})
    )
    assert b"sent_to_client" in answer["Payload"].read()


def _resource(graph: Graph, action: str, arn: str) -> str | None:
    """What the local stack calls the resource of a statement."""
    if action == "execute-api:ManageConnections":
        verb = arn.split("/")[-3]
        return f"{STAGE}/{verb}/@connections"
    if not action.startswith("dynamodb:"):
        return None
    for table in graph.of_type("aws:dynamodb/table:Table"):
        local = CONNECTIONS_TABLE if "connections" in table.name else REQUESTS_TABLE
        if arn.startswith(table.outputs["arn"]):
            return local + arn.removeprefix(table.outputs["arn"])
    raise AssertionError(f"{arn} is no table of the stack")


def allowed(graph: Graph, service: str) -> set[Call]:
    """What the service's role lets it do, in the local stack's names."""
    role = f"deskside-dev-{service}-role"
    policies = [policy for policy in graph.of_type("aws:iam/rolePolicy:RolePolicy") if policy.name.startswith(role)]
    assert policies, f"{role} has no policy"
    return {
        (action, _resource(graph, action, arn))
        for policy in policies
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for action in statement["Action"]
        if not action.startswith(INFRASTRUCTURE)
        for arn in statement["Resource"]
    }


async def test_roles_allow_exactly_what_is_done(stack: Stack) -> None:
    await _a_days_work(stack)
    graph = record_stack("dev")
    done = {(line["caller"], line["action"], line["resource"]) for line in stack.events("aws_call")}
    for service in ("ws-manager", "mcp-proxy", "agent"):
        calls = {(action, resource) for caller, action, resource in done if caller == service}
        granted = allowed(graph, service)
        assert calls - granted == set(), f"{service} may not do this in AWS"
        assert granted - calls - UNSEEN.get(service, set()) == set(), f"{service} never does this"


async def test_an_authorizer_calls_nothing_in_aws(stack: Stack) -> None:
    async with stack.socket("perm", hello="authorized"):
        assert not stack.events("aws_call", caller="ws-authorizer")
    assert allowed(record_stack("dev"), "authorizer") == set()
