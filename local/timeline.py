"""A conversation as a timeline: every hop with its time, where the function slept, what is billed.

It is drawn from what the services and the local parts log anyway; nothing in them knows of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.supervisor import LogLine
from services.contract.tools import REGISTRY, Pattern

Describe = Callable[[dict[str, Any]], str | None]


class _Blanks(dict[str, Any]):
    """A log line in a template: what is not there is a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def _bytes(line: dict[str, Any]) -> str:
    return f"{line.get('bytes', 0):,} B"


def _pushed(line: dict[str, Any]) -> str | None:
    """Pushes to the Mac, but not each delta: those are shown as the answer itself."""
    name = line.get("event_name")
    if name in ("answer_delta", "activity", "pong", "ready", "error"):
        return None
    if name in ("chat_accepted", "answer"):
        return f"→ Mac: {name}"
    return f"→ Mac: {name} ({_bytes(line)})"


HOPS: dict[tuple[str, str], str | Describe] = {
    ("mac", "chat_sent"): "prompt sent",
    ("mac", "push_received"): "asked to {action}",
    ("mac", "callback_sent"): "answered the request",
    ("mac", "delta_received"): "first words of the answer",
    ("mac", "answer_received"): "whole answer received",
    ("websocket", "message_received"): "route {route} → ws-manager",
    ("websocket", "message_pushed"): _pushed,
    ("ws-manager", "turn_delivered"): "agent says {status}; returns",
    ("ws-manager", "callback_completed"): "completed the durable callback",
    ("ws-manager", "callback_refused"): "refused the answer: {code}",
    ("agent", "turn_started"): "turn began",
    ("agent", "machine_token_fetched"): "fetched a client_credentials token",
    ("agent", "gateway_session_opened"): lambda line: f"MCP session opened, {len(line.get('tools', []))} tools",
    ("agent", "tool_call_started"): "calls {tool}",
    ("agent", "tool_call_returned"): "{tool} returned {outcome}",
    ("model", "model_called"): lambda line: f"asks for {line['tool']}" if line.get("tool") else "wrote the answer",
    ("gateway", "tool_called"): "token verified → durable alias",
    ("gateway", "tool_returned"): "tool call returned: {status}",
    ("functions", "execution_started"): "durable execution started",
    ("functions", "execution_suspended"): "SUSPENDED: nothing runs, nothing is billed",
    ("functions", "execution_resumed"): "resumed by the callback",
    ("functions", "execution_finished"): "execution {status} after {invocations} invocation(s)",
    ("mcp-proxy", "pushed"): lambda line: "request recorded, pushed" if line.get("callback_id") else "command pushed",
    ("mcp-proxy", "push_offline"): "the Mac is not connected",
    ("mcp-proxy", "tool_call_finished"): "result: {outcome}",
}
"""What is shown, by service and event. What is not here is not a hop."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the path of a prompt, and what is wrong when it was not taken."""

    service: str
    event: str
    otherwise: str
    only_for: Pattern | None = None
    """Tools of this pattern take it; None: all do."""
    once: bool = False
    """Taken by the first prompt for all that follow."""


PATH: tuple[Step, ...] = (
    Step("mac", "chat_sent", "the client could not send the prompt"),
    Step("websocket", "message_received", "the WebSocket API did not route the prompt"),
    Step("agent", "turn_started", "the prompt did not reach the agent (ws-manager → runtime → agent)"),
    Step("agent", "gateway_session_opened", "the agent could not open its session with the gateway", once=True),
    Step("agent", "tool_call_started", "the model called no tool"),
    Step("gateway", "tool_called", "the tool call did not reach the gateway"),
    Step("functions", "execution_started", "the gateway did not start the durable function"),
    Step("mac", "push_received", "the push did not reach the Mac (mcp-proxy → @connections → Mac)"),
    Step("mac", "callback_sent", "the Mac did not answer the request", Pattern.CALLBACK),
    Step(
        "ws-manager",
        "callback_completed",
        "ws-manager did not complete the durable callback with the Mac's answer",
        Pattern.CALLBACK,
    ),
    Step("functions", "execution_finished", "the durable function did not finish"),
    Step("agent", "tool_call_returned", "the tool's result did not come back to the agent"),
    Step("mac", "answer_received", "the answer did not reach the Mac"),
)
"""The path of one prompt that uses a tool; the first step that was not taken names the hop that failed."""


@dataclass(slots=True)
class Bill:
    """What one prompt cost in Lambda time, in milliseconds."""

    billed: float = 0.0
    """Of the waiting function: the sum of its invocations."""
    waited: float = 0.0
    """Of the waiting function: suspended, unbilled. 0 when it never was."""
    other: float = 0.0
    """Of ws-manager."""


@dataclass(slots=True)
class Hop:
    at: float
    """Seconds since the epoch."""
    service: str
    text: str


@dataclass(slots=True)
class Timeline:
    """Collects the hops of the prompt that is being asked.

    Args:
        show: called with each hop as it happens, and the milliseconds since the prompt was sent.
    """

    show: Callable[[float, Hop], None]
    hops: list[Hop] = field(default_factory=list[Hop])
    lines: list[LogLine] = field(default_factory=list[LogLine])
    """The log lines of the prompt, as they came."""
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    ever: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    faults: list[LogLine] = field(default_factory=list[LogLine])
    bill: Bill = field(default_factory=Bill)
    patterns: set[Pattern | None] = field(default_factory=set[Pattern | None])
    """Of the tools that were called."""
    broken: str | None = None
    began: float = 0.0
    request_id: str | None = None
    _unsorted: list[Hop] = field(default_factory=list[Hop])

    def begin(self, now: float) -> None:
        """A new prompt."""
        self.flush()
        self.hops, self.lines, self.seen, self.faults, self.bill = [], [], set(), [], Bill()
        self.patterns, self.broken = set(), None
        self.began, self.request_id = now, None

    def add(self, line: LogLine) -> None:
        """One log line of a service or part, or one hop of the client in the same form."""
        service, event = str(line.get("service")), str(line.get("event"))
        stamp = line.get("timestamp")
        if not isinstance(stamp, int | float):
            return  # not one of ours: Lambda's own lines, for one, have another format
        at = float(stamp)
        if not self.began or at < self.began - 0.005:
            return
        if (service, event) == ("mac", "chat_sent"):
            self.request_id = line.get("request_id")
        elif line.get("request_id") not in (None, self.request_id):
            return
        self.lines.append(line)
        self.seen.add((service, event))
        self.ever.add((service, event))
        if line.get("level") in ("error", "critical"):
            self.faults.append(line)
        if (service, event) == ("functions", "execution_finished"):
            self.bill.billed += float(line.get("billed_ms", 0))
            if ("functions", "execution_suspended") in self.seen:
                self.bill.waited += float(line.get("waited_ms", 0))
            if line.get("status") != "SUCCEEDED":
                self.broken = f"the durable function ended with {line.get('status')}"
        if (service, event) == ("agent", "tool_call_started"):
            tool = REGISTRY.by_name.get(str(line.get("tool")))
            self.patterns.add(tool.pattern if tool else None)
        if (service, event) == ("functions", "invocation_finished") and line.get("function") == "ws-manager":
            self.bill.other += float(line.get("billed_ms", 0))
        describe = HOPS.get((service, event))
        text = describe.format_map(_Blanks(line)) if isinstance(describe, str) else describe and describe(line)
        if text:
            self._unsorted.append(Hop(at, service, text))

    def flush(self, before: float = math.inf) -> None:
        """Show what happened before that time, in order: log lines of several processes arrive
        a few milliseconds out of it."""
        ready = sorted((hop for hop in self._unsorted if hop.at < before), key=lambda hop: hop.at)
        self._unsorted = [hop for hop in self._unsorted if hop.at >= before]
        for hop in ready:
            self.hops.append(hop)
            self.show((hop.at - self.began) * 1000, hop)

    def failed_hop(self) -> str | None:
        """The first step of the path that this prompt did not take, in words."""
        for step in PATH:
            if step.only_for is not None and step.only_for not in self.patterns:
                continue
            if step.event == "execution_finished" and self.broken:
                return self.broken
            if (step.service, step.event) not in (self.ever if step.once else self.seen):
                return self.broken if self.broken and step.event == "push_received" else step.otherwise
        return None

    def reasons(self) -> list[str]:
        """What the services logged as errors meanwhile, for the person who has to find out."""
        return [
            f"{line.get('service')}: {line.get('event')} {line.get('reason') or ''}".strip() for line in self.faults
        ]
