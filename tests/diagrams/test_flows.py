"""The flow pictures show what was recorded."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from diagrams import trace
from diagrams.__main__ import RECORDING
from diagrams.flows import LANES, ROW, TOP, arrows, flow
from diagrams.trace import Recording

RECORDINGS = {recording.name: recording for recording in trace.read(RECORDING)}
SVG_RECT = "{http://www.w3.org/2000/svg}rect"
WAITING = ("get_vpn_status", "analyze_logs")


def _path(recording: Recording) -> list[tuple[str, str]]:
    return [(arrow.tail, arrow.head) for _, arrow in arrows(recording.events)]


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_a_prompt_reaches_the_mac_and_its_answer_the_person(recording: Recording) -> None:
    path = _path(recording)
    assert path[:3] == [("mac", "websocket"), ("websocket", "ws-manager"), ("ws-manager", "agent")]
    for hop in (("agent", "gateway"), ("gateway", "mcp-proxy"), ("mcp-proxy", "mac"), ("gateway", "agent")):
        assert path.count(hop) == 1
    assert path[-1] == ("agent", "mac"), "the last thing is the answer"


@pytest.mark.parametrize("name", WAITING)
def test_a_question_is_answered_through_ws_manager_while_the_function_sleeps(name: str) -> None:
    path = _path(RECORDINGS[name])
    assert path.index(("mcp-proxy", "mac")) < path.index(("ws-manager", "mcp-proxy")) < path.index(("gateway", "agent"))
    assert "nothing is billed" in flow(RECORDINGS[name])


@pytest.mark.parametrize("name", WAITING)
def test_the_function_sleeps_until_it_is_called_back(name: str) -> None:
    """The bar of the wait reaches the arrow that ends it, and not the next one."""
    rows = arrows(RECORDINGS[name].events)
    called = [event.event for event, _ in rows].index("callback_completed")
    (bar,) = (
        part for part in ElementTree.fromstring(flow(RECORDINGS[name])).iter(SVG_RECT) if part.get("width") == "18"
    )
    bottom = float(bar.get("y", 0)) + float(bar.get("height", 0))
    arrow = TOP + ROW * called + 18
    assert arrow <= bottom < arrow + ROW


def test_a_command_waits_for_nothing() -> None:
    assert ("ws-manager", "mcp-proxy") not in _path(RECORDINGS["run_client_command"])
    assert "nothing is billed" not in flow(RECORDINGS["run_client_command"])


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_the_picture_is_whole(recording: Recording) -> None:
    root = ElementTree.fromstring(flow(recording))
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any(recording.prompt in text for text in texts)
    assert all(any(heading.partition("|")[0] in text for text in texts) for _, heading, _ in LANES)
    assert sum(text.endswith(" ms") and text[0].isdigit() for text in texts) == len(_path(recording))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(element.get("x", -1)) <= width
        assert 0 <= float(element.get("y", -1)) <= height
