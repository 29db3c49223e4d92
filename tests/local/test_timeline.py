"""The timeline shows hops in order and names the one that failed."""

from __future__ import annotations

from local.timeline import HOPS, PATH, Hop, Timeline


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
    timeline.add(_line("functions", "execution_finished", 101, billed_ms=30, waited_ms=900.5, status="SUCCEEDED"))
    timeline.add(_line("functions", "invocation_finished", 101, function="ws-manager", billed_ms=12))
    timeline.add(_line("functions", "invocation_finished", 101, function="mcp-proxy", billed_ms=30))
    assert (timeline.bill.billed, timeline.bill.waited, timeline.bill.other) == (30, 900.5, 12)


def test_the_first_step_that_was_not_taken_is_named() -> None:
    timeline, _ = _timeline()
    for number, (service, event, sentence) in enumerate(PATH):
        assert timeline.failed_hop() == sentence
        timeline.add(_line(service, event, 100.0 + number))
    assert timeline.failed_hop() is None


def test_a_later_prompt_does_not_need_a_new_gateway_session() -> None:
    timeline, _ = _timeline()
    timeline.add(_line("agent", "gateway_session_opened", 100.1, tools=[]))
    timeline.begin(200.0)
    for service, event, _sentence in PATH:
        if event != "gateway_session_opened":
            timeline.add(_line(service, event, 200.1))
    assert timeline.failed_hop() is None


def test_every_hop_can_be_described_from_a_bare_line() -> None:
    for service, event in HOPS:
        timeline, shown = _timeline()
        timeline.add(_line(service, event, 100.1))
        timeline.flush()
        assert len(shown) == 1
