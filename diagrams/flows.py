"""The path of one prompt, hop by hop, drawn from a recorded demo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from diagrams.drawing import INK, MUTED, Svg
from diagrams.trace import Event, Recording

LANES: tuple[tuple[str, str, str], ...] = (
    ("mac", "Mac|the person's own", "#dbeafe"),
    ("websocket", "API Gateway|WebSocket", "#e0e7ff"),
    ("ws-manager", "ws-manager|Lambda", "#fef3c7"),
    ("agent", "Agent|AgentCore Runtime", "#dcfce7"),
    ("model", "Model|Bedrock", "#f3e8ff"),
    ("gateway", "Tools|AgentCore Gateway", "#fce7f3"),
    ("mcp-proxy", "mcp-proxy|durable Lambda", "#fef3c7"),
)
"""Name, heading and colour of each participant, from the left."""

LANE_WIDTH, ROW, TOP, LEFT = 190.0, 38.0, 118.0, 90.0
WAITING = "#0e7490"


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message from one participant to another."""

    tail: str
    head: str
    label: str
    returns: bool = False
    through: str | None = None


Draw = Callable[[Event], Arrow | None]


def _pushed(event: Event) -> Arrow | None:
    # The agent pushes by itself; what mcp-proxy pushes has an event of its own.
    name = event.fields.get("event_name")
    return Arrow("agent", "mac", str(name), through="websocket") if name in ("chat_accepted", "answer") else None


def _model(event: Event) -> Arrow:
    tool = event.fields.get("tool")
    # Logged when the stream has ended.
    return Arrow("model", "agent", f"asks for {tool}" if tool else "the answer, whole", returns=True)


ARROWS: dict[tuple[str, str], Arrow | Draw] = {
    ("mac", "chat_sent"): Arrow("mac", "websocket", "chat"),
    ("websocket", "message_received"): lambda event: Arrow("websocket", "ws-manager", str(event.fields.get("route"))),
    ("agent", "turn_started"): Arrow("ws-manager", "agent", "InvokeAgentRuntime"),
    ("ws-manager", "turn_delivered"): Arrow("agent", "ws-manager", "accepted; returns", returns=True),
    ("websocket", "message_pushed"): _pushed,
    ("model", "model_called"): _model,
    ("agent", "tool_call_started"): Arrow("agent", "gateway", "MCP tools/call"),
    ("functions", "execution_started"): Arrow("gateway", "mcp-proxy", "Invoke alias"),
    ("mac", "push_received"): lambda event: Arrow(
        "mcp-proxy", "mac", str(event.fields.get("action")), through="websocket"
    ),
    ("mac", "callback_sent"): Arrow("mac", "websocket", "async_callback"),
    ("ws-manager", "callback_completed"): Arrow("ws-manager", "mcp-proxy", "SendDurableExecutionCallback"),
    ("gateway", "tool_returned"): Arrow("mcp-proxy", "gateway", "result", returns=True),
    ("agent", "tool_call_returned"): lambda event: Arrow(
        "gateway", "agent", str(event.fields.get("outcome")), returns=True
    ),
    ("mac", "delta_received"): Arrow("agent", "mac", "answer_delta, streamed", through="websocket"),
}
"""What each log event shows. What is not here is not drawn."""


def arrows(events: Iterable[Event]) -> list[tuple[Event, Arrow]]:
    """The messages of a recording, in order."""
    drawn: list[tuple[Event, Arrow]] = []
    for event in events:
        found = ARROWS.get((event.service, event.event))
        arrow = found(event) if callable(found) else found
        if arrow is not None:
            drawn.append((event, arrow))
    return drawn


def flow(recording: Recording) -> str:
    """The SVG of one recording."""
    rows = arrows(recording.events)
    suspended = _moment(recording, "execution_suspended")
    resumed = _moment(recording, "execution_resumed")
    height = TOP + ROW * len(rows) + 70
    svg = Svg(LEFT + LANE_WIDTH * len(LANES), height)
    centres = {name: LEFT + LANE_WIDTH * (place + 0.5) for place, (name, _, _) in enumerate(LANES)}
    svg.text(24, 34, f"{recording.name}: “{recording.prompt}”", size=18, anchor="start", bold=True)
    for name, heading, colour in LANES:
        first, _, second = heading.partition("|")
        x = centres[name]
        svg.rectangle(x - 80, 54, 160, 44, colour)
        svg.text(x, 73, first, bold=True)
        svg.text(x, 90, second, size=11, fill=MUTED)
        svg.line((x, 98), (x, height - 40), "#cbd2d9", width=1)
    positions = [TOP + ROW * place + 18 for place in range(len(rows))]
    if suspended is not None and resumed is not None:
        # ws-manager logs the callback when AWS has answered: by then the function runs again, because of it.
        inside = [
            y
            for y, (event, _) in zip(positions, rows, strict=True)
            if suspended <= event.at_ms <= resumed or event.event == "callback_completed"
        ]
        _asleep(svg, centres["mcp-proxy"], inside, resumed - suspended)
    for y, (event, arrow) in zip(positions, rows, strict=True):
        _draw(svg, y, event, arrow, centres)
    svg.text(24, height - 14, _bill(recording), size=12, fill=MUTED, anchor="start")
    return svg.render()


def _draw(svg: Svg, y: float, event: Event, arrow: Arrow, centres: dict[str, float]) -> None:
    start, end = centres[arrow.tail], centres[arrow.head]
    svg.text(76, y + 4, f"{event.at_ms:,.0f} ms", size=11, fill=MUTED, anchor="end")
    svg.line((start, y), (end, y), MUTED if arrow.returns else INK, dashed=arrow.returns, arrow=True)
    if arrow.through:
        svg.dot(centres[arrow.through], y, INK)
    # Beside its tail, on the side that it leaves to: long arrows cross other lanes.
    step = LANE_WIDTH / 2 if end > start else -LANE_WIDTH / 2
    middle = (start + end) / 2 if abs(end - start) <= LANE_WIDTH else start + step
    width = 6.6 * len(arrow.label)
    svg.rectangle(middle - width / 2, y - 17, width, 14, "white", radius=2)
    svg.text(middle, y - 6, arrow.label, size=11.5)


def _asleep(svg: Svg, x: float, rows: list[float], milliseconds: float) -> None:
    if not rows:
        return
    top, bottom = min(rows) - 14, max(rows) + 10
    svg.rectangle(x - 9, top, 18, bottom - top, "#cffafe", stroke=WAITING, radius=3)
    middle = (top + bottom) / 2
    svg.rectangle(x - 118, middle - 16, 104, 32, "white", radius=2)
    svg.text(x - 16, middle - 3, f"suspended {milliseconds:,.0f} ms", size=11, fill=WAITING, anchor="end", bold=True)
    svg.text(x - 16, middle + 11, "nothing is billed", size=11, fill=WAITING, anchor="end")


def _moment(recording: Recording, name: str) -> float | None:
    return next((event.at_ms for event in recording.events if event.event == name), None)


def _bill(recording: Recording) -> str:
    finished = next((event for event in recording.events if event.event == "execution_finished"), None)
    fields = finished.fields if finished else {}
    billed, waited = float(fields.get("billed_ms", 0)), float(fields.get("waited_ms", 0))
    slept = _moment(recording, "execution_suspended") is not None
    waiting = f"; waited {waited:,.0f} ms without being billed" if slept else ""
    return f"Recorded on one machine with the local stack. mcp-proxy billed {billed:,.0f} ms{waiting}."
