"""The timeline shows hops in order and names the one that failed."""

from __future__ import annotations

import pytest

from local.timeline import HOPS, PATH, Hop, Timeline
from services.contract.tools import REGISTRY, Pattern


def _timeline() -> tuple[Timeline, list[tuple[float, Hop]]]:
    shown: list[tuple[float, Hop]] = []
    timeline = Timeline(show=lambda at, hop: shown.append((round(at), hop)))
    timeline.begin(100.0)
    return timeline, shown


def _line(service: str, event: str, at: float, **fields: object) -> dict[str, object]:
    return {"service": service, "event": event, "timestamp": at, **fields}


def test_hops_are_shown_in_the_order_they_happened() -> None:
    timeline, shown = _timeline()
    timeline.add(_line("mac", "chat_sent", 100.0, request_id="r"))
    timeline.add(_line("agent", "turn_started", 100.3, request_id="r"))
    timeline.add(_line("websocket", "message_received", 100.1, request_id="r", route="chat"))
    timeline.flush(before=100.2)
    assert [hop.service for _, hop in shown] == ["mac", "websocket"]
    timeline.flush()
    assert [(at, hop.service) for at, hop in shown] == [(0, "mac"), (100, "websocket"), (300, "agent")]
    assert shown[1][1].text == "route chat → ws-manager"


def test_other_prompts_and_earlier_lines_are_not_shown() -> None:
    timeline, shown = _timeline()
    timeline.add(_line("agent", "turn_finished", 99.0, request_id="earlier"))
    timeline.add(_line("mac", "chat_sent", 100.0, request_id="r"))
    timeline.add(_line("agent", "turn_started", 100.1, request_id="another"))
    timeline.flush()
    assert [hop.service for _, hop in shown] == ["mac"]


def test_deltas_are_not_hops() -> None:
    timeline, shown = _timeline()
    timeline.add(_line("websocket", "message_pushed", 100.1, event_name="answer_delta"))
    timeline.add(_line("websocket", "message_pushed", 100.2, event_name="request_logs", bytes=1_234))
    timeline.flush()
    assert [hop.text for _, hop in shown] == ["→ Mac: request_logs (1,234 B)"]


def test_the_bill_adds_up_executions_and_ws_manager() -> None:
    timeline, _ = _timeline()
    timeline.add(_line("functions", "execution_suspended", 100.5))
    timeline.add(_line("functions", "execution_finished", 101, billed_ms=30, waited_ms=900.5, status="SUCCEEDED"))
    timeline.add(_line("functions", "invocation_finished", 101, function="ws-manager", billed_ms=12))
    timeline.add(_line("functions", "invocation_finished", 101, function="mcp-proxy", billed_ms=30))
    assert (timeline.bill.billed, timeline.bill.waited, timeline.bill.other) == (30, 900.5, 12)


def _call(timeline: Timeline, tool: str) -> None:
    timeline.add(_line("agent", "tool_call_started", 100.0, tool=tool))


@pytest.mark.parametrize("tool", [tool.name for tool in REGISTRY.tools])
def test_the_first_step_that_was_not_taken_is_named(tool: str) -> None:
    pattern = REGISTRY.by_name[tool].pattern
    taken = [step for step in PATH if step.only_for in (None, pattern)]
    assert (len(taken) == len(PATH)) == (pattern is Pattern.CALLBACK)
    for missing in taken:
        timeline, _ = _timeline()
        _call(timeline, tool)
        for step in taken:
            if step is not missing and step.event != "tool_call_started":
                timeline.add(_line(step.service, step.event, 100.1, tool=tool, status="SUCCEEDED"))
        assert timeline.failed_hop() == (None if missing.event == "tool_call_started" else missing.otherwise)


def test_a_prompt_without_a_tool_call_says_so() -> None:
    timeline, _ = _timeline()
    for step in PATH[:4]:
        timeline.add(_line(step.service, step.event, 100.1))
    assert timeline.failed_hop() == "the model called no tool"


def test_a_function_that_failed_is_named_and_not_what_it_left_undone() -> None:
    timeline, _ = _timeline()
    _call(timeline, "get_vpn_status")
    for step in PATH[:7]:
        timeline.add(_line(step.service, step.event, 100.1, tool="get_vpn_status"))
    timeline.add(_line("functions", "execution_finished", 100.2, status="FAILED"))
    assert timeline.failed_hop() == "the durable function ended with FAILED"


def test_a_later_prompt_does_not_need_a_new_gateway_session() -> None:
    timeline, _ = _timeline()
    timeline.add(_line("agent", "gateway_session_opened", 100.1, tools=[]))
    timeline.begin(200.0)
    for step in PATH:
        if not step.once:
            timeline.add(_line(step.service, step.event, 200.1, status="SUCCEEDED", tool="get_vpn_status"))
    assert timeline.failed_hop() is None


def test_lines_that_are_not_ours_are_passed_over() -> None:
    timeline, shown = _timeline()
    timeline.add({"level": "ERROR", "timestamp": "2026-11-23T12:00:00Z", "message": "from Lambda's own runtime"})
    timeline.flush()
    assert shown == []


def test_nothing_is_said_to_have_waited_that_was_not_suspended() -> None:
    timeline, _ = _timeline()
    timeline.add(_line("functions", "execution_finished", 101, billed_ms=30, waited_ms=4.2, status="SUCCEEDED"))
    assert timeline.bill.waited == 0


def test_every_hop_can_be_described_from_a_bare_line() -> None:
    for service, event in HOPS:
        timeline, shown = _timeline()
        timeline.add(_line(service, event, 100.1))
        timeline.flush()
        assert len(shown) == 1
