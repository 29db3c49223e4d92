"""The three patterns and streaming, through the whole system."""

from __future__ import annotations

import time

import pytest

from local.client.mac import Manner, SimulatedMac
from services.contract.messages import Activity, Answer, AnswerDelta, ChatAccepted
from tests.e2e.conftest import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_fire_and_forget_changes_the_mac_and_does_not_wait(stack: Stack) -> None:
    since = time.time()
    mac = SimulatedMac(transition_seconds=0.1)
    async with stack.person("anna", "pattern-1", mac) as (connection, _):
        answer = await connection.ask_text("Help me connect to my VPN")
    assert await mac.vpn.settled() == "connected"
    assert "sent" in answer
    finished = stack.events("execution_finished", since)
    assert [line["invocations"] for line in finished] == [1], "no callback, so no second invocation"
    assert not stack.events("execution_suspended", since)


async def test_status_is_the_macs_own_and_the_function_sleeps_meanwhile(stack: Stack) -> None:
    since = time.time()
    mac = SimulatedMac(vpn_connected=True, delays={"get_vpn_status": 1.0})
    async with stack.person("bert", "pattern-2", mac) as (connection, _):
        answer = await connection.ask_text("What's my VPN status?")
        await stack.until(lambda: stack.events("execution_finished", since))
    assert "connected" in answer
    (line,) = stack.events("execution_finished", since)
    assert line["status"] == "SUCCEEDED"
    assert line["invocations"] == 2
    assert line["waited_ms"] > 800, "the Mac took a second, and the function was not running"
    assert line["billed_ms"] < 800
    assert len(stack.events("pushed", since, action="get_vpn_status")) == 1, "nothing is pushed twice on replay"


async def test_logs_are_analysed_and_the_fault_is_named(stack: Stack) -> None:
    mac = SimulatedMac(vpn_connected=True, delays={"request_logs": 0.3})
    async with stack.person("carl", "pattern-3", mac) as (connection, _):
        answer = await connection.ask_text("Analyze my VPN logs")
    assert mac.fault_line
    assert mac.fault_line in answer


async def test_the_answer_is_streamed_in_order_without_gaps(stack: Stack) -> None:
    async with stack.person("dora", "stream-1") as (connection, _):
        events = [event async for event in connection.ask("[[say 120]]")]
    places = [event.data.seq for event in events]
    assert places == list(range(len(events)))
    assert isinstance(events[0], ChatAccepted)
    assert events[0].data.status == "accepted"
    deltas = [event.data.text for event in events if isinstance(event, AnswerDelta)]
    assert len(deltas) > 2
    assert isinstance(events[-1], Answer)
    assert "".join(deltas) == events[-1].data.text


async def test_the_person_sees_what_the_agent_does(stack: Stack) -> None:
    async with stack.person("emil", "activity-1") as (connection, _):
        events = [event async for event in connection.ask("What's my VPN status?")]
    doing = [event.data for event in events if isinstance(event, Activity)]
    assert [(step.tool, step.status, step.outcome) for step in doing] == [
        ("get_vpn_status", "started", None),
        ("get_vpn_status", "finished", "disconnected"),
    ]


async def test_the_conversation_is_remembered_and_goes_on(stack: Stack) -> None:
    async with stack.person("fred", "memory-1") as (connection, _):
        for _ in range(3):
            assert "disconnected" in await connection.ask_text("What's my VPN status?")
        await connection.ask_text("Analyze my VPN logs")
        assert "disconnected" in await connection.ask_text("What's my VPN status?")


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (Manner.DECLINE, "declined"),
        (Manner.NOT_INSTALLED, "failed"),
        (Manner.FAIL, "failed"),
        (Manner.HUGE, "failed"),
        (Manner.NEVER, "timed_out"),
    ],
)
async def test_every_way_a_mac_can_fail_is_a_typed_result(stack: Stack, manner: Manner, outcome: str) -> None:
    mac = SimulatedMac()
    mac.behave("request_logs", manner)
    async with stack.person("gina", f"refusal-{manner.value}", mac) as (connection, _):
        events = [event async for event in connection.ask("Analyze my VPN logs")]
        assert isinstance(events[-1], Answer)
        finished = [event.data.outcome for event in events if isinstance(event, Activity) and event.data.outcome]
        assert finished == [outcome]
        assert "disconnected" in await connection.ask_text("What's my VPN status?"), "the conversation goes on"


async def test_ids_are_the_same_on_every_hop(stack: Stack) -> None:
    since = time.time()
    async with stack.person("hugo", "ids-1") as (connection, _):
        events = [event async for event in connection.ask("What's my VPN status?", request_id="trace-me")]
    call = next(event.data.tool_call_id for event in events if isinstance(event, Activity))
    await stack.until(lambda: stack.events("turn_finished", since, request_id="trace-me"))
    services = {line["service"] for line in stack.lines if line.get("request_id") == "trace-me"}
    assert {"websocket", "ws-manager", "agent", "gateway", "functions", "mcp-proxy"} <= services
    called = {line["service"] for line in stack.lines if line.get("tool_call_id") == call}
    assert {"agent", "gateway", "mcp-proxy", "ws-manager"} <= called
    sessions = {
        line["session_id"] for line in stack.lines if line.get("request_id") == "trace-me" and "session_id" in line
    }
    assert len(sessions) == 1
