"""docs/cost.md: up to date, counted from the stacks, and honest about its prices."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.network import PRIVATE_SERVICES, REQUIRED_SERVICES
from components.settings import NAMESPACE, AgentNetwork, NatGateways, SessionMemoryKind, Settings
from deployment.cost.bill import HOURS, Line, idle, used
from deployment.cost.conversation import Conversation
from deployment.cost.document import DOCUMENT, STACKS, blocks, current, render
from deployment.cost.prices import PRICES, Price
from deployment.cost.stack import Stack
from deployment.cost.waiting import break_even, wait
from services.contract.tools import TOOLS, Pattern
from validation.graph import Graph
from validation.recording import record_stack, stack_config


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    return {stack: record_stack(stack) for stack in STACKS}


@pytest.fixture(scope="module")
def stacks(graphs: dict[str, Graph]) -> dict[str, Stack]:
    return {name: Stack.of(graph) for name, graph in graphs.items()}


def settings(stack: str) -> Settings:
    config = stack_config(stack)[0]
    own = {key.removeprefix(f"{NAMESPACE}:"): value for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}
    return Settings.parse(own, config["aws:region"])


def test_the_document_is_up_to_date(graphs: dict[str, Graph]) -> None:
    stale = "run python -m deployment.cost --write"
    assert current(graphs.__getitem__) == DOCUMENT.read_text(encoding="utf-8"), stale


@pytest.mark.parametrize("name", STACKS)
def test_quantities_agree_with_the_settings(name: str, stacks: dict[str, Stack]) -> None:
    stack, given = stacks[name], settings(name)
    in_vpc = given.agent_network is AgentNetwork.VPC
    zones = len(given.zones) if in_vpc else 0
    services = (*REQUIRED_SERVICES, *(PRIVATE_SERVICES if given.private_endpoints else ()))
    assert stack.zones == zones
    assert stack.nat_gateways == (zones if given.nat_gateways is NatGateways.ONE_PER_ZONE else min(zones, 1))
    assert stack.interface_endpoints == (len(services) if in_vpc else 0)
    assert stack.caches == (given.session_memory is SessionMemoryKind.VALKEY)
    assert bool(stack.alarms) == bool(stack.alarm_metrics) == given.alarms
    assert stack.alarm_metrics >= stack.alarms
    assert stack.function_gb == given.function_memory_mb / 1024
    assert stack.idle_minutes == given.agent_idle_minutes
    assert stack.region == given.region
    assert stack.machine_clients == stack.secrets == stack.dashboards == stack.images == 1


def test_what_is_billed_by_the_hour_is_in_the_idle_bill(graphs: dict[str, Graph], stacks: dict[str, Stack]) -> None:
    """A type that is new in the graph and has a standing price must get a line."""
    standing = {
        "awsx:ec2:Vpc": "NAT gateways",
        "aws:ec2/vpcEndpoint:VpcEndpoint": "Interface endpoints",
        "aws:elasticache/serverlessCache:ServerlessCache": "ElastiCache Serverless for Valkey, at its minimum",
        "aws:cloudwatch/dashboard:Dashboard": "Dashboard",
        "aws:kms/key:Key": "KMS key of the alarm topic",
        "aws:secretsmanager/secret:Secret": "Secret of the agent's client",
        "aws:ecr/repository:Repository": "Agent image in ECR",
    }
    unknown = re.compile(r"aws:(ec2/(instance|natGateway|eip)|rds/|elasticache/(cluster|replicationGroup)|ecs/|lb/)")
    for name, graph in graphs.items():
        whats = {line.what for line in idle(stacks[name])}
        types = {resource.type for resource in graph}
        assert {standing[type] for type in types & standing.keys()} <= whats
        assert not [type for type in types if unknown.match(type)]
        assert not [f for f in graph.of_type("aws:lambda/function:Function") if f.inputs.get("provisionedConcurrency")]
        tables = graph.of_type("aws:dynamodb/table:Table")
        assert {table.inputs["billingMode"] for table in tables} == {"PAY_PER_REQUEST"}


def test_the_arithmetic_of_a_line() -> None:
    assert Line("", "", 3 * HOURS, "NAT gateway").dollars == pytest.approx(98.55)
    assert Line("", "", 1000, "Cognito machine token").dollars == pytest.approx(2.25)
    assert Line("", "", 9, "Durable operation").dollars == pytest.approx(0.000072)


def test_the_recording_is_one_conversation_with_each_pattern() -> None:
    talk = Conversation.recorded()
    waiting = {tool.name for tool in TOOLS if tool.pattern is Pattern.CALLBACK}
    assert {call.tool for call in talk.calls} == {tool.name for tool in TOOLS}
    assert {call.tool for call in talk.calls if call.waiting} == waiting
    assert all(call.waited_ms > 500 for call in talk.calls if call.waiting)
    assert talk.model_calls == 2 * talk.prompts
    assert talk.tokens == talk.gateway_sessions == 1
    assert talk.billed_ms > sum(call.billed_ms for call in talk.calls)


def test_counting_what_a_recording_says() -> None:
    def event(at: float, service: str, name: str, **fields: Any) -> dict[str, Any]:
        return {"at_ms": at, "service": service, "event": name, "fields": fields}

    events = [
        event(0, "websocket", "message_received"),
        event(1, "agent", "turn_started"),
        event(2, "aws", "aws_call", action="dynamodb:GetItem"),
        event(3, "aws", "aws_call", action="dynamodb:PutItem"),
        event(4, "functions", "invocation_finished", status="suspended", billed_ms=10),
        event(4, "functions", "execution_suspended"),
        event(9, "functions", "invocation_finished", status="ok", billed_ms=5),
        event(9, "functions", "execution_finished", billed_ms=15, waited_ms=5),
        event(10, "agent", "turn_finished"),
    ]
    talk = Conversation.of([{"name": "get_vpn_status", "prompt": "?", "events": events}])
    assert (talk.messages, talk.reads, talk.writes, talk.invocations, talk.billed_ms) == (1, 1, 1, 2, 15)
    assert (talk.turn_ms, talk.waited_ms, talk.log_lines) == (9, 5, 2)


def test_suspending_pays_from_the_break_even_on(stacks: dict[str, Stack]) -> None:
    call = next(call for call in Conversation.recorded().calls if call.waiting)
    for stack in stacks.values():
        even = wait(stack, call, break_even(stack))
        assert even.durable == pytest.approx(even.sleeping)
        assert wait(stack, call, 600).durable == even.durable
        assert wait(stack, call, 600).sleeping > even.sleeping


@pytest.mark.parametrize("factor", [0.8, 1.3])
def test_another_recording_leaves_the_summary_as_it_is(factor: float, stacks: dict[str, Stack]) -> None:
    """The README quotes it, and times of a development machine are never twice the same."""
    talk = Conversation.recorded()
    calls = tuple(replace(call, billed_ms=call.billed_ms * factor) for call in talk.calls)
    other = replace(
        talk,
        calls=calls,
        billed_ms=talk.billed_ms * factor,
        turn_ms=talk.turn_ms * factor,
        messages=round(talk.messages * factor),
        log_lines=round(talk.log_lines * factor),
    )
    assert blocks(list(stacks.values()), other)["summary"] == blocks(list(stacks.values()), talk)["summary"]
    assert blocks(list(stacks.values()), other)["use-dev"] != blocks(list(stacks.values()), talk)["use-dev"]


def test_a_longer_idle_time_costs_memory(stacks: dict[str, Stack]) -> None:
    talk, dev = Conversation.recorded(), stacks["dev"]
    costs = [sum(line.dollars for line in used(replace(dev, idle_minutes=minutes), talk)) for minutes in (5.0, 15.0)]
    assert costs[0] < costs[1]


def test_each_price_is_used_and_has_a_source(stacks: dict[str, Stack]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, price in PRICES.items():
        assert price.source
        assert f"| {name} | {price.text} |" in text
        if not price.confirmed:
            assert f"| {name} | {price.text} | **not confirmed**" in text
    talk = Conversation.recorded()
    needed = {line.price for stack in stacks.values() for line in (*idle(stack), *used(stack, talk))}
    assert needed | {"Step Functions transition", "Custom metric", "Log storage"} == PRICES.keys()


def test_prices_are_written_without_rounding() -> None:
    assert Price(0.0000133334, "GB-second", "x").text == "$0.0000133334 per GB-second"
    assert Price(0.4, "month", "x").text == "$0.40 per month"
    assert Price(6, "month", "x").text == "$6 per month"


def test_a_document_without_a_part_is_refused(stacks: dict[str, Stack], tmp_path: Path) -> None:
    made = blocks(list(stacks.values()), Conversation.recorded())
    with pytest.raises(ValueError, match="<!-- summary -->"):
        render("# Cost", made)
